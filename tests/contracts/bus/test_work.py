"""What every transport does with work."""

from types import SimpleNamespace
from typing import Any

import pytest


def test_work_arrives_once_unchanged_and_in_the_order_it_was_sent(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    ids = [str(n) for n in range(200)]
    assert bus.put("w", *ids) == [None] * 200
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))

    heard.wait(200)

    assert heard.ids == ids
    first = heard.all[0]
    assert (first.event, first.redelivered, first.queue, first.deliveries) == (kit.event("0"), False, "w", 1)
    assert heard.stays(200)


def test_consumers_of_one_queue_compete(bus: Any, open_another: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    one, two = kit.Heard(), kit.Heard()
    warm: set[int] = set()

    def consumer(heard: Any) -> Any:
        def take(delivery: Any) -> None:
            if delivery.event.id == "warm-up":
                warm.add(id(heard))
                delivery.ack()
            else:
                heard(delivery)

        return take

    bus.consume("w", consumer(one), prefetch=5)
    open_another().consume("w", consumer(two), prefetch=5)
    assert kit.eventually(lambda: bus.put("w", "warm-up") and len(warm) == 2)
    bus.put("w", *[str(n) for n in range(10)])

    assert kit.eventually(lambda: len(one.all) + len(two.all) == 10)

    assert len(one.all) == len(two.all) == 5
    assert sorted(one.ids + two.ids) == [str(n) for n in range(10)]
    for delivery in (*one.all, *two.all):
        delivery.ack()


def test_no_more_than_the_prefetch_is_unsettled_at_a_time(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    bus.put("w", *[str(n) for n in range(8)])
    heard = kit.Heard()
    bus.consume("w", heard, prefetch=3)
    heard.wait(3)
    assert heard.stays(3)

    heard.all[1].ack()
    heard.wait(4)
    assert heard.stays(4)

    for delivery in list(heard.all):
        delivery.ack()
    heard.wait(7)


def test_settling_twice_does_nothing(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", heard, prefetch=1)
    bus.put("w", "1", "2", "3")
    (first,) = heard.wait(1)

    first.ack()
    first.ack()
    first.reject("no")
    first.retry(0)

    heard.wait(2)
    assert heard.stays(2)
    assert bus.dead_letters() == []
    heard.all[1].ack()


def test_rule_09_work_for_a_queue_that_does_not_exist_is_returned(bus: Any) -> None:
    if not bus.capabilities.mandatory:
        pytest.skip(f"{bus.name} cannot tell")
    bus.declare_work("w")

    assert bus.put("nobody", "1") == ["returned"]
    assert bus.put("w", "2") == [None]
    assert bus.envelope("nobody", "3", "4") == ["returned"]


def test_rule_12_the_items_of_an_envelope_are_settled_one_by_one(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    ids = [str(n) for n in range(70)]
    assert bus.envelope("w", *ids) == [None]
    heard = kit.Heard()
    bus.consume("w", heard, prefetch=100)

    deliveries = heard.wait(70)

    assert heard.ids == ids
    deliveries[3].reject("bad item")
    for delivery in reversed(deliveries):
        delivery.ack()
    assert kit.eventually(lambda: [letter.event.id for letter in bus.dead_letters()] == ["3"])
    assert heard.stays(70)


def test_the_prefetch_counts_the_items_of_envelopes(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    bus.envelope("w", *[str(n) for n in range(30)])
    heard = kit.Heard()
    bus.consume("w", heard, prefetch=4)

    heard.wait(4)

    assert heard.stays(4)


def test_a_big_body_arrives_whole(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    body = b'"' + b"x" * 3_000_000 + b'"'
    assert bus.put("w", "big", data=body) == [None]
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))

    (delivery,) = heard.wait(1)

    assert delivery.event.data == body


def test_retried_work_comes_again_after_the_delay_and_says_so(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()

    def first_time_later(delivery: Any) -> None:
        if delivery.deliveries == 1:
            delivery.retry(0.3)
        else:
            delivery.ack()

    bus.consume("w", kit.settle(heard, first_time_later), prefetch=1)
    bus.put("w", "1")
    heard.wait(1)
    assert heard.stays(1, 0.15)

    heard.wait(2)

    assert [(d.event.id, d.deliveries, d.redelivered) for d in heard.all] == [("1", 1, False), ("1", 2, True)]
    assert heard.stays(2)


def test_work_that_waits_for_its_retry_does_not_hold_up_the_rest(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()

    def poison(delivery: Any) -> None:
        if delivery.event.id == "bad":
            delivery.retry(1.5)
        else:
            delivery.ack()

    bus.consume("w", kit.settle(heard, poison), prefetch=1)
    bus.put("w", "bad", "good")

    heard.wait(3)

    assert heard.ids == ["bad", "good", "bad"]


def test_a_rejected_message_is_with_the_dead_letters_with_reason_and_traceback(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard, lambda d: d.reject("cannot be read", "Traceback: line 1")))
    bus.put("w", "1", "2", data=b'{"k":1}')
    heard.wait(2)
    assert kit.eventually(lambda: len(bus.dead_letters()) == 2)

    letters = bus.dead_letters()

    assert [letter.event.id for letter in letters] == ["1", "2"]
    assert letters[0].event.data == b'{"k":1}'
    assert (letters[0].queue, letters[0].reason, letters[0].traceback) == ("w", "cannot be read", "Traceback: line 1")
    assert letters[0].at > 1_700_000_000_000
    assert bus.dead_letters() == letters, "looking at them leaves them where they are"
    assert bus.dead_letters(limit=1) == letters[:1]


def test_a_dead_letter_can_be_dropped(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard, lambda d: d.reject("no")))
    bus.put("w", "1", "2", "3")
    heard.wait(3)
    assert kit.eventually(lambda: len(bus.dead_letters()) == 3)
    second = bus.dead_letters()[1]

    assert bus.drop_dead_letter(second.id) == second
    assert bus.drop_dead_letter(second.id) is None
    assert [letter.event.id for letter in bus.dead_letters()] == ["1", "3"]


def test_a_consumer_that_raises_leaves_a_dead_letter_and_goes_on(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()

    def fragile(delivery: Any) -> None:
        if delivery.event.id == "bad":
            raise ZeroDivisionError("oops")
        delivery.ack()

    bus.consume("w", kit.settle(heard, fragile))
    bus.put("w", "bad", "good")

    assert heard.wait(1)[0].event.id == "good"
    assert kit.eventually(lambda: len(bus.dead_letters()) == 1)
    (letter,) = bus.dead_letters()
    assert letter.reason == "ZeroDivisionError: oops"
    assert "fragile" in letter.traceback


def test_a_stopped_consumer_gets_nothing_new_and_may_settle_what_it_has(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    consumer = bus.consume("w", heard, prefetch=2)
    bus.put("w", "1", "2", "3")
    heard.wait(2)

    consumer.stop()
    for delivery in heard.all:
        delivery.ack()

    assert heard.stays(2)
    other = kit.Heard()
    bus.consume("w", kit.settle(other))
    assert [delivery.event.id for delivery in other.wait(1)] == ["3"]
    assert other.stays(1)


def test_the_status_names_the_queues_with_what_is_in_them(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    bus.put("w", "1", "2")

    def waiting() -> int | None:
        return next(queue.messages for queue in bus.status() if queue.name == "w")

    if waiting() is None:
        pytest.skip(f"{bus.name} cannot tell")
    assert kit.eventually(lambda: waiting() == 2)


def test_a_bus_that_is_closed_says_so_to_whoever_sends(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    assert kit.eventually(lambda: bus.health().up)

    bus.close(1.0)

    assert bus.put("w", "1") == ["the bus is closed"]
    assert not bus.health().up
