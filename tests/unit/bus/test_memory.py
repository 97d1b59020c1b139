"""What only the transport in memory does."""

import threading

import pytest

from gennaker.bus import memory
from gennaker.bus.event import Event
from gennaker.bus.memory import MemoryTransport
from gennaker.bus.port import Delivery

WORK = Event(id="1", type="stage.run", source="tests")


def test_a_message_is_handed_over_in_the_thread_that_sends_it_after_it_was_settled() -> None:
    bus = MemoryTransport()
    bus.declare_work("w")
    seen: list[object] = []
    bus.consume("w", lambda delivery: seen.append(threading.current_thread()) or delivery.ack())

    bus.send("w", [WORK], seen.append)

    assert seen == [None, threading.main_thread()]
    bus.close()


def test_a_consumer_that_sends_to_its_own_queue_does_not_go_round_in_circles() -> None:
    bus = MemoryTransport()
    bus.declare_work("w")
    count = 0

    def take(delivery: Delivery) -> None:
        nonlocal count
        count += 1
        if count < 10_000:
            bus.send("w", [WORK], lambda _: None)
        delivery.ack()

    bus.consume("w", take)
    bus.send("w", [WORK], lambda _: None)

    assert count == 10_000
    bus.close()


def test_no_thread_runs_until_something_has_to_wait() -> None:
    bus = MemoryTransport()
    bus.declare_work("w")
    before = threading.active_count()
    taken: list[Delivery] = []
    bus.consume("w", taken.append)
    bus.send("w", [WORK], lambda _: None)
    assert threading.active_count() == before

    taken[0].retry(60)

    assert threading.active_count() == before + 1
    bus.close()
    assert threading.active_count() == before


def test_the_oldest_dead_letters_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_LETTERS", 3)
    bus = MemoryTransport()
    bus.declare_work("w")
    bus.consume("w", lambda delivery: delivery.reject("no"))
    for number in range(5):
        bus.send("w", [Event(id=str(number), type="stage.run", source="tests")], lambda _: None)

    assert [letter.event.id for letter in bus.dead_letters()] == ["2", "3", "4"]
    bus.close()
