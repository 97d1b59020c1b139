"""A handler of facts on every transport."""

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from gennaker.bus.event import Event
from gennaker.bus.middleware.call import Rejected
from gennaker.bus.subscriber import Subscriber

Start = Callable[..., Subscriber]


@pytest.fixture
def start(bus: Any) -> Iterator[Start]:
    """Starts subscribers, and stops them."""
    running: list[Subscriber] = []

    def starter(
        handler: Any, queue: str = "mail", patterns: tuple[str, ...] = ("stage.*",), **options: Any
    ) -> Subscriber:
        running.append(Subscriber(bus.transport, queue, patterns, handler, **options))
        running[-1].start()
        return running[-1]

    yield starter
    for subscriber in running:
        subscriber.stop()


def test_rule_20_a_fact_is_acknowledged_when_what_it_led_to_is_published(
    bus: Any, start: Start, kit: SimpleNamespace
) -> None:
    heard = kit.Heard()

    def handler(event: Event) -> list[Event]:
        return [Event(id=f"{event.id}/mailed", type="mail.sent", source="mail")]

    start(handler)
    start(heard, "audit", ("mail.*",))
    bus.tell("stage.finished")

    assert heard.wait(1)[0].id == "stage.finished/mailed"
    assert kit.eventually(lambda: {queue.name: queue.messages for queue in bus.status()}["mail"] == 0)


def test_rule_11_a_poison_message_never_blocks_its_queue(bus: Any, start: Start, kit: SimpleNamespace) -> None:
    heard = kit.Heard()

    def handler(event: Event) -> None:
        if event.type == "stage.bad":
            raise Rejected("this can never work")
        if event.type == "stage.flaky" and event.type not in heard.all:
            heard(event.type)
            raise ConnectionError("try later")
        heard(event.type)

    start(handler, threads=1)
    bus.tell("stage.bad")
    bus.tell("stage.flaky")
    bus.tell("stage.good")

    assert heard.wait(3) == ["stage.flaky", "stage.good", "stage.flaky"]
    assert kit.eventually(lambda: len(bus.dead_letters()) == 1)
    (letter,) = bus.dead_letters()
    assert (letter.queue, letter.event.type, letter.reason) == ("mail", "stage.bad", "this can never work")
    assert "Rejected" in letter.traceback


def test_handlers_run_side_by_side(bus: Any, start: Start, kit: SimpleNamespace) -> None:
    together = threading.Barrier(3)
    heard = kit.Heard()

    def handler(event: Event) -> None:
        together.wait(10)
        heard(event)

    start(handler, threads=3)
    bus.tell("stage.a", "stage.b", "stage.c")

    heard.wait(3)


def test_a_stop_waits_for_what_runs(bus: Any, start: Start, kit: SimpleNamespace) -> None:
    began, heard = threading.Event(), kit.Heard()

    def handler(event: Event) -> None:
        began.set()
        threading.Event().wait(0.3)
        heard(event)

    subscriber = start(handler, threads=1)
    bus.tell("stage.a")
    assert began.wait(10)

    subscriber.stop()

    assert heard.ids == ["stage.a"]
