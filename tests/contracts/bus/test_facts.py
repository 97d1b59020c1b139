"""What every transport does with facts."""

import time
from types import SimpleNamespace
from typing import Any


def test_each_subscriber_gets_its_copy_of_what_its_patterns_take(
    bus: Any, open_another: Any, kit: SimpleNamespace
) -> None:
    bus.declare_subscriber("mail", ["execution.*"])
    bus.declare_subscriber("audit", ["#"])
    bus.declare_subscriber("both", ["stage.*", "*.finished"])
    mail, audit, both = kit.Heard(), kit.Heard(), kit.Heard()
    other = open_another()
    other.declare_subscriber("mail", ["execution.*"])
    other.consume("mail", kit.settle(mail))
    bus.consume("audit", kit.settle(audit))
    bus.consume("both", kit.settle(both))

    assert bus.tell("execution.started", "stage.started", "stage.finished", "execution.finished") == [None]

    audit.wait(4)
    mail.wait(2)
    both.wait(3)
    assert audit.ids == ["execution.started", "stage.started", "stage.finished", "execution.finished"]
    assert mail.ids == ["execution.started", "execution.finished"]
    assert both.ids == ["stage.started", "stage.finished", "execution.finished"]
    assert mail.stays(2)
    assert both.stays(3)


def test_facts_that_nobody_wants_are_no_problem(bus: Any) -> None:
    assert bus.tell("nobody.cares") == [None]
    assert bus.tell("nobody.cares", "at.all") == [None]


def test_facts_wait_for_a_subscriber_that_is_away(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_subscriber("mail", ["stage.*"])
    for _ in range(3):
        bus.tell("stage.finished")
    heard = kit.Heard()

    bus.consume("mail", kit.settle(heard))

    heard.wait(3)


def test_facts_arrive_in_the_order_they_were_published(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_subscriber("audit", ["#"])
    heard = kit.Heard()
    bus.consume("audit", kit.settle(heard))
    for n in range(50):
        bus.publish([kit.event(f"{n}.{m}", type_=f"t{m % 3}.x") for m in range(5)], kit.Heard())

    heard.wait(250)

    assert heard.ids == [f"{n}.{m}" for n in range(50) for m in range(5)]


def test_a_listener_hears_facts_from_now_on(bus: Any, open_another: Any, kit: SimpleNamespace) -> None:
    bus.tell("stage.earlier")
    heard = kit.Heard()
    listening = open_another().listen(["stage.*"], heard)
    end = time.monotonic() + 15
    while not heard.all and time.monotonic() < end:
        bus.tell("stage.is-anyone-there")
        time.sleep(0.05)

    bus.tell("stage.started", "execution.started", "stage.finished")

    while "stage.finished" not in [fact.id for fact in heard.all] and time.monotonic() < end:
        time.sleep(0.02)
    listening.stop()
    count = len(heard.all)
    ids = [fact.id for fact in heard.all if fact.id != "stage.is-anyone-there"]
    assert ids == ["stage.started", "stage.finished"]
    bus.tell("stage.later")
    assert heard.stays(count)


def test_a_listener_that_raises_hears_on(bus: Any, kit: SimpleNamespace) -> None:
    heard = kit.Heard()

    def fragile(fact: Any) -> None:
        if fact.type == "stage.bad":
            raise ZeroDivisionError
        heard(fact)

    bus.listen(["#"], fragile)

    bus.tell("stage.bad")
    bus.tell("stage.good")

    assert heard.wait(1)[0].type == "stage.good"


def test_what_somebody_listens_to_is_wanted(bus: Any) -> None:
    bus.declare_subscriber("mail", ["stage.*"])
    listening = bus.listen(["execution.finished"], lambda _: None)
    assert bus.wants("stage.finished")
    assert bus.wants("execution.finished")
    assert bus.capabilities.shared or not bus.wants("execution.started")
    listening.stop()
    assert bus.capabilities.shared or not bus.wants("execution.finished")
