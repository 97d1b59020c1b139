"""What is left over when the connection is lost in the middle of an acknowledgement; a broker cannot be made to do that on demand."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from gennaker.bus.event import Event
from gennaker.bus.port import Delivery
from gennaker.bus.rabbitmq.intake import Intake
from gennaker.bus.wire import pack


class Wire:
    """A connection that runs what it is told to when the test says so, and its one channel."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.acknowledged: list[int] = []
        self.is_open = True

    def call(self, action: Callable[[], None]) -> bool:
        self.waiting.append(action)
        return True

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        self.acknowledged.append(tag)

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def taken() -> list[Delivery]:
    return []


@pytest.fixture
def intake(wire: Wire, taken: list[Delivery]) -> Intake:
    topology: Any = SimpleNamespace(full=lambda name: f"t.{name}")
    shared: Any = SimpleNamespace(connection=wire, publisher=None, topology=topology, timer=None)
    return Intake(shared, "w", taken.append, 10, ())


def deliver(intake: Intake, wire: Wire, tag: int) -> None:
    (parcel,) = pack([Event(id=str(tag), type="x", source="t", data=b"{}")])
    channel: Any = wire
    method: Any = SimpleNamespace(delivery_tag=tag, redelivered=False, exchange="")
    properties: Any = SimpleNamespace(content_type=parcel.content_type, headers=parcel.headers)
    intake._message(channel, method, properties, parcel.body)


def test_rule_09_acknowledgements_go_on_after_one_died_with_its_connection(
    intake: Intake, wire: Wire, taken: list[Delivery]
) -> None:
    channel: Any = wire
    intake._ready(channel)
    deliver(intake, wire, 1)
    taken[0].ack()
    assert len(wire.waiting) == 1
    wire.waiting.clear()  # the connection ends before it gets to this

    intake.lost()
    intake._ready(channel)
    deliver(intake, wire, 1)
    taken[1].ack()
    for action in wire.waiting:
        action()
    assert wire.acknowledged == [1]
