"""The mark below which everything is confirmed."""

from gennaker.bus.event import Event
from gennaker.bus.memory import MemoryTransport
from gennaker.bus.port import RETURNED
from gennaker.core.runtime.relay import Relay

FACT = [Event(id="E:1", type="stage.started", source="gennaker", subject="E")]
WORK = [("stage.run.wait", FACT)]


class Slow(MemoryTransport):
    """Confirms when it is told to."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def publish(self, events, settled):
        self.waiting.append(settled)

    def send(self, queue, events, settled):
        self.waiting.append(settled)


def test_rule_04_the_mark_passes_only_over_what_is_confirmed_without_a_gap():
    bus = Slow()
    relay = Relay(bus, 5)
    relay.publish(6, FACT, [])
    relay.publish(7, FACT, WORK)
    relay.publish(9, [], [])
    first, work, second = bus.waiting
    second(None)
    work(None)
    assert relay.published_upto == 5
    first(None)
    assert relay.published_upto == 9
    bus.close()


def test_rule_04_what_the_bus_did_not_take_holds_the_mark():
    bus = MemoryTransport()
    bus.close()
    relay = Relay(bus, 5)
    relay.publish(6, FACT, WORK)
    assert relay.published_upto == 5
    assert relay.unroutable == frozenset()


def test_rule_09_returned_work_is_named_until_its_queue_takes_some():
    bus = Slow()
    relay = Relay(bus, 0)
    relay.publish(1, [], WORK)
    bus.waiting.pop()(RETURNED)
    assert (relay.published_upto, relay.unroutable) == (1, {"stage.run.wait"})
    relay.publish(2, [], WORK)
    bus.waiting.pop()(None)
    assert (relay.published_upto, relay.unroutable) == (2, frozenset())
    bus.close()
