"""Which instances go, which get traffic, how many are missing."""

import pytest

from gennaker.core.processes.detached import Process
from gennaker.plugins.local import fleet
from gennaker.plugins.local.records import Rules, Seen, WantedBalancer, WantedGroup

RULES = Rules(drain_seconds=5)


def group(desired: int = 2, **more: object) -> WantedGroup:
    facts = {"created": 1, "key": "k", "image": "i", "image_name": "i", "folder": "/", "command": ("true",)}
    sizes = {"min": desired, "max": desired, "desired": desired}
    return WantedGroup(name="shop-v000", **{**facts, **sizes, "balancers": ("shop",), **more})  # type: ignore[arg-type]


def seen(name: str, **more: object) -> Seen:
    facts = {"port": 1, "launched": 1, "state": "Up", "process": Process(pid=1, started="x")}
    return Seen(id=name, group="shop-v000", **{**facts, **more})  # type: ignore[arg-type]


def leaving(*instances: Seen) -> list[str]:
    return [one.id for one in instances if one.leaving]


def test_what_is_too_much_goes_the_useless_first() -> None:
    instances = [seen("old", serves=True), seen("starting", state="Starting"), seen("new", serves=True, launched=2)]
    fleet.release(group(1), instances)
    assert leaving(*instances) == ["starting", "new"]


def test_the_condemned_go_and_are_missed() -> None:
    instances = [seen("a"), seen("b")]
    wanted = group(condemned=("a",))
    fleet.release(wanted, instances)
    assert leaving(*instances) == ["a"]
    assert fleet.missing(wanted, instances) == 1


@pytest.mark.parametrize("wanted", [None, group(gone=True)])
def test_a_group_that_is_not_wanted_goes_whole(wanted: WantedGroup | None) -> None:
    instances = [seen("a"), seen("b")]
    fleet.release(wanted, instances)
    fleet.direct(wanted, instances, 9)
    assert leaving(*instances) == ["a", "b"]
    assert not any(one.serves for one in instances)


@pytest.mark.parametrize(("traffic", "serving"), [(100, 3), (50, 2), (100 / 3, 1), (1, 1), (0, 0)])
def test_traffic_is_counted_in_whole_instances(traffic: float, serving: int) -> None:
    instances = [seen(name) for name in "abc"]
    fleet.direct(group(3, traffic=traffic), instances, 1)
    assert sum(one.serves for one in instances) == serving


def test_only_what_is_up_gets_traffic_and_keeps_it() -> None:
    instances = [seen("a", state="Starting"), seen("b", launched=5, serves=True), seen("c", state="Down")]
    fleet.direct(group(3), instances, 7)
    assert [one.id for one in instances if one.serves] == ["b"]
    instances[0].state = "Up"
    fleet.direct(group(3, traffic=33), instances, 8)
    assert [one.id for one in instances if one.serves] == ["b"]


def test_an_instance_ends_when_its_connections_have_or_took_too_long() -> None:
    one = seen("a", serves=True, connections=1)
    fleet.release(None, [one])
    fleet.direct(None, [one], 1000)
    assert not fleet.may_end(one, 5999, RULES)
    assert fleet.may_end(one, 6000, RULES)
    one.connections = 0
    assert not fleet.may_end(one, 1050, RULES)
    assert fleet.may_end(one, 1100, RULES)


def test_an_instance_without_traffic_that_stays_does_not_end() -> None:
    assert not fleet.may_end(seen("a", drained_from=1), 10**9, RULES)


def test_the_balancer_hears_of_all_and_of_who_accepts() -> None:
    instances = [seen("a", serves=True), seen("b"), seen("unborn", process=None)]
    [told] = fleet.frontends({"shop": WantedBalancer(name="shop", port=80)}, {"shop-v000": group()}, instances, "::1")
    assert [(server.id, server.accepts) for server in told.servers] == [("a", True), ("b", False)]
    assert (told.host, told.port) == ("::1", 80)


def test_when_all_are_down_they_are_tried_all_the_same() -> None:
    instances = [seen("a", state="Down"), seen("b", state="Down", leaving=True)]
    balancers, groups = {"shop": WantedBalancer(name="shop", port=80)}, {"shop-v000": group()}
    [told] = fleet.frontends(balancers, groups, instances, "::1")
    assert [server.id for server in told.servers if server.accepts] == ["a"]
    [told] = fleet.frontends(balancers, {"shop-v000": group(traffic=0)}, instances, "::1")
    assert not [server.id for server in told.servers if server.accepts]


def test_what_ends_at_once_is_started_ever_less_often() -> None:
    crashes = fleet.Crashes()
    pauses = []
    now = 0
    for _ in range(12):
        crashes.note(10, now)
        pause = next(ms for ms in range(0, 60_001, 100) if crashes.allows(now + ms))
        pauses.append(pause)
        now += pause
    assert pauses[:4] == [0, 500, 1000, 2000]
    assert pauses[-1] == 30_000
    crashes.note(60_000, now)
    assert crashes.allows(now)
