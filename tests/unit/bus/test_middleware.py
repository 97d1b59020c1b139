"""What the middleware makes of a handler's answer or failure."""

import logging
from collections.abc import Callable

import pytest

from gennaker.bus.event import Event
from gennaker.bus.middleware import MIDDLEWARE, around
from gennaker.bus.middleware.call import Again, Buried, Call, Done, Rejected, Verdict
from gennaker.bus.middleware.metrics import messages, seconds
from gennaker.bus.middleware.retry import ATTEMPTS, backoff
from gennaker.bus.wire import instant

FACT = Event(id="1", type="stage.finished", source="tests")


def call(deliveries: int = 1, queue: str = "mail", **extensions: str) -> Call:
    event = Event(id="1", type="stage.finished", source="tests", extensions=extensions)
    return Call(event=event, queue=queue, deliveries=deliveries)


def raises(error: Exception) -> Callable[[Call], Verdict]:
    def handle(_: Call) -> Verdict:
        raise error

    return handle


def test_what_a_handler_returns_comes_out_unchanged() -> None:
    assert around(lambda _: Done((FACT,)))(call()) == Done((FACT,))


def test_the_stack_is_one_visible_tuple_with_the_outermost_first() -> None:
    assert [middleware.__name__ for middleware in MIDDLEWARE] == ["logged", "counted", "buried", "retried", "in_time"]


def test_what_fails_is_tried_again_after_a_back_off() -> None:
    verdict = around(raises(ZeroDivisionError("oops")))(call(deliveries=3))

    assert isinstance(verdict, Again)
    assert verdict.reason == "ZeroDivisionError: oops"
    assert 2.0 <= verdict.delay <= 4.0


@pytest.mark.parametrize(("deliveries", "least", "most"), [(1, 0.5, 1), (4, 4, 8), (30, 150, 300), (2000, 150, 300)])
def test_the_back_off_doubles_is_bounded_and_jitters(deliveries: int, least: float, most: float) -> None:
    waits = {backoff(deliveries) for _ in range(50)}

    assert all(least <= wait <= most for wait in waits)
    assert len(waits) > 40


def test_what_fails_too_often_goes_to_the_dead_letters_with_its_traceback() -> None:
    verdict = around(raises(ZeroDivisionError("oops")))(call(deliveries=ATTEMPTS))

    assert isinstance(verdict, Buried)
    assert verdict.reason == f"ZeroDivisionError: oops (delivery {ATTEMPTS})"
    assert "in handle" in verdict.traceback


def test_what_a_handler_rejects_is_not_tried_again() -> None:
    verdict = around(raises(Rejected("no such channel")))(call())

    assert isinstance(verdict, Buried)
    assert verdict.reason == "no such channel"


def test_what_has_expired_is_not_handled_any_more() -> None:
    handle = around(raises(ZeroDivisionError()))

    assert handle(call(expirytime="2020-01-01T00:00:00Z")) == Done()
    assert isinstance(handle(call(expirytime=instant(4_000_000_000_000))), Again)


def test_an_expiry_that_cannot_be_read_is_a_failure_that_is_told() -> None:
    verdict = around(lambda _: Done())(call(deliveries=ATTEMPTS, expirytime="soon"))

    assert isinstance(verdict, Buried)
    assert "'soon' is not RFC 3339" in verdict.reason


def test_what_becomes_of_messages_is_counted() -> None:
    around(lambda _: Done())(call(queue="counted"))
    around(raises(ZeroDivisionError()))(call(queue="counted"))
    around(raises(Rejected("no")))(call(queue="counted"))

    assert {what: messages["counted", what] for what in ("handled", "retried", "buried")} == {
        "handled": 1,
        "retried": 1,
        "buried": 1,
    }
    assert seconds["counted"] > 0


def test_a_failure_is_logged_with_queue_type_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "gennaker.bus"):
        around(lambda _: Done())(call())
        around(raises(ZeroDivisionError("oops")))(call())
        around(raises(Rejected("no")))(call())

    levels = [record.levelname for record in caplog.records]
    assert levels == ["DEBUG", "WARNING", "ERROR"]
    assert "mail: stage.finished 1 failed, delivery 1" in caplog.records[1].getMessage()
    assert "mail: stage.finished 1 is with the dead letters: no" in caplog.records[2].getMessage()
