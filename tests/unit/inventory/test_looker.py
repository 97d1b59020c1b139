"""Looking without a database: what a lone worker does."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from processes import eventually
from tiny_cloud import TinyCloud, group, machine

from gennaker.bus.event import Event
from gennaker.bus.middleware.call import Rejected
from gennaker.bus.open import open_bus
from gennaker.bus.port import Transport
from gennaker.core.cloud.model import Image, LoadBalancer
from gennaker.core.cloud.provider import CloudError
from gennaker.core.inventory import facts, items
from gennaker.core.inventory.facts import Areas, Looked, Seen, Wanted
from gennaker.core.inventory.looker import Looker

PATTERNS = (facts.SEEN, facts.LOOKED, facts.AREAS)


def now() -> int:
    return time.time_ns() // 1_000_000


class Heard:
    """The facts that were told."""

    def __init__(self, transport: Transport) -> None:
        self.facts: list[Any] = []
        transport.listen(PATTERNS, lambda event: self.facts.append(facts.read(event)))

    def of(self, type_: type) -> list[Any]:
        return [one for one in self.facts if isinstance(one, type_)]


@pytest.fixture
def transport() -> Iterator[Transport]:
    opened = open_bus("memory://", "looker")
    yield opened
    opened.close()


@pytest.fixture
def heard(transport: Transport) -> Heard:
    return Heard(transport)


@pytest.fixture
def cloud() -> TinyCloud:
    return TinyCloud()


@pytest.fixture
def looker(transport: Transport, cloud: TinyCloud) -> Iterator[Looker]:
    made = Looker(transport, {"tiny": cloud}, now)
    yield made
    made.stop(1)


def wanted(*kinds: Any, **fields: Any) -> Event:
    given = {"provider": "tiny", "account": "prod", "region": "north", **fields}
    return facts.event(Wanted(kinds=kinds or ("serverGroups",), **given), source="test", at=1)


def test_a_look_tells_every_kind_that_was_asked_for(looker: Looker, cloud: TinyCloud, heard: Heard) -> None:
    cloud.groups = [group("shop-web-v001", machine("i-1")), group("shop-web-v002", region="south")]
    cloud.balancers = [LoadBalancer(name="shop-front", provider="tiny", account="prod", region="north")]
    cloud.pictures = [Image(id="p1", name="shop", provider="tiny", region="north")]
    looker.handle(wanted("serverGroups", "loadBalancers", "securityGroups", "images"))
    told = {one.kind: [item.id for item in one.items] for one in heard.of(Seen)}
    assert told == {
        "serverGroups": ["shop-web-v001"],
        "loadBalancers": ["shop-front"],
        "securityGroups": [],
        "images": ["p1"],
    }
    (ended,) = heard.of(Looked)
    assert ended.counts == {"serverGroups": 1, "loadBalancers": 1, "securityGroups": 0, "images": 1}
    assert ended.error == ""


def test_a_long_look_is_told_in_parts(looker: Looker, cloud: TinyCloud, heard: Heard) -> None:
    cloud.groups = [group(f"shop-web{n}-v000") for n in range(450)]
    looker.handle(wanted())
    told = heard.of(Seen)
    assert [(one.part, one.parts, len(one.items)) for one in told] == [(0, 3, 200), (1, 3, 200), (2, 3, 50)]
    assert len({one.started for one in told}) == 1


def test_a_part_ends_when_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [items.item_of(group(f"a-v{n:03d}", machine("i" * 400))) for n in range(4)]
    monkeypatch.setattr(items, "_BYTES", 2 * len(made[0].body))
    assert [len(part) for part in items.in_parts(made)] == [2, 2]
    assert items.in_parts([]) == [()]


def test_what_cannot_be_read_is_told_and_the_rest_is_seen(
    looker: Looker, cloud: TinyCloud, heard: Heard, caplog: Any
) -> None:
    def throttled() -> None:
        raise CloudError("prod/north: too many requests; they are made again later", retryable=True)

    cloud.before = throttled
    looker.handle(wanted("serverGroups", "loadBalancers"))
    assert [one.kind for one in heard.of(Seen)] == ["loadBalancers"]
    (ended,) = heard.of(Looked)
    assert ended.error == "serverGroups: prod/north: too many requests; they are made again later"
    assert "Traceback" not in caplog.text
    cloud.before = lambda: 1 // 0
    looker.handle(wanted())
    assert heard.of(Looked)[-1].error == "serverGroups: ZeroDivisionError: integer division or modulo by zero"


def test_an_account_that_this_worker_lacks_is_told(looker: Looker, heard: Heard) -> None:
    looker.handle(wanted(account="other"))
    assert heard.of(Looked)[0].error.startswith("serverGroups: this worker has no account 'other'")


def test_what_cannot_be_understood_is_rejected(looker: Looker) -> None:
    with pytest.raises(Rejected, match="cannot be read"):
        looker.handle(Event(id="1", type="inventory.wanted.tiny", source="x", data=b'{"account": 1}'))
    with pytest.raises(Rejected, match="one of tiny"):
        looker.handle(wanted(provider="aws"))


def test_a_look_at_one_application_takes_only_what_is_its_own(looker: Looker, cloud: TinyCloud, heard: Heard) -> None:
    cloud.groups = [group("Shop-v000"), group("shop2-v000")]
    looker.handle(wanted("serverGroups", "loadBalancers", application="shop"))
    told = {one.kind: (one.application, [item.id for item in one.items]) for one in heard.of(Seen)}
    assert told == {"serverGroups": ("shop", ["Shop-v000"]), "loadBalancers": ("", [])}


def test_requests_that_come_while_it_looks_are_one_look_after_it(
    looker: Looker, cloud: TinyCloud, heard: Heard
) -> None:
    began, go = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        go.wait(5)

    cloud.before = hold
    thread = threading.Thread(target=looker.handle, args=(wanted(),))
    thread.start()
    assert began.wait(5)
    for _ in range(5):
        looker.handle(wanted())
    looker.handle(wanted("loadBalancers"))
    looker.handle(wanted(application="shop"))
    go.set()
    thread.join(5)
    assert cloud.reads == [("north", ""), ("north", "shop"), ("north", "")]
    assert [one.counts for one in heard.of(Looked)][-1] == {"serverGroups": 0, "loadBalancers": 0}
    looker.handle(wanted())
    assert len(cloud.reads) == 4


def test_a_worker_without_a_database_says_what_it_has_and_looks_when_asked(
    transport: Transport, looker: Looker, cloud: TinyCloud, heard: Heard
) -> None:
    cloud.groups = [group("shop-v000", machine("i-1"))]
    looker.start()
    eventually(lambda: heard.of(Areas))
    told = heard.of(Areas)[0]
    assert (told.provider, told.poll_ms, told.accounts) == ("tiny", 3_600_000, tuple(cloud.accounts()))
    transport.publish([wanted()], lambda _problem: None)
    eventually(lambda: heard.of(Looked))
    assert [item.id for one in heard.of(Seen) for item in one.items] == ["shop-v000"]


def test_a_refresh_looks_at_the_regions_that_are_named_or_at_all(
    looker: Looker, cloud: TinyCloud, heard: Heard
) -> None:
    looker.start()
    looker.refresh("tiny", "prod", ["south", "nowhere"], "Shop", ["serverGroups"])
    eventually(lambda: len(heard.of(Looked)) == 1)
    assert cloud.reads == [("south", "shop")]
    looker.refresh("tiny", "prod", [], "shop", ["serverGroups"])
    eventually(lambda: len(heard.of(Looked)) == 3)
    looker.refresh("tiny", "other", [], "shop", ["serverGroups"])
    looker.refresh("aws", "prod", [], "shop", ["serverGroups"])
    assert sorted(cloud.reads[1:]) == [("north", "shop"), ("south", "shop")]


def test_without_clouds_nothing_runs(transport: Transport) -> None:
    before = threading.active_count()
    looker = Looker(transport, {}, now)
    looker.start()
    assert threading.active_count() == before
    looker.stop()
