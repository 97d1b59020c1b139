"""What happens when consumers, connections and processes go away."""

from types import SimpleNamespace
from typing import Any

import pytest


def test_what_a_consumer_leaves_unsettled_comes_again_and_says_so(
    bus: Any, open_another: Any, kit: SimpleNamespace
) -> None:
    if not bus.capabilities.shared:
        pytest.skip(f"{bus.name} dies with its consumers")
    bus.declare_work("w")
    dying = open_another()
    lost = kit.Heard()
    dying.consume("w", lost)
    bus.put("w", "1", "2", "3")
    lost.wait(3)
    lost.all[0].ack()

    dying.close(0.5)

    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))
    heard.wait(2)
    assert sorted(heard.ids) == ["2", "3"]
    assert all(delivery.redelivered for delivery in heard.all)
    assert heard.stays(2)


def test_work_outlives_the_process_that_sent_it(bus: Any, open_another: Any, kit: SimpleNamespace) -> None:
    if not bus.capabilities.durable or not bus.capabilities.shared:
        pytest.skip(f"{bus.name} keeps nothing")
    sender = open_another()
    sender.declare_work("w")
    assert sender.put("w", "1") == [None]
    sender.close(1.0)
    heard = kit.Heard()
    bus.declare_work("w")

    bus.consume("w", kit.settle(heard))

    heard.wait(1)


def test_acknowledgements_given_before_the_close_count(bus: Any, open_another: Any, kit: SimpleNamespace) -> None:
    if not bus.capabilities.shared:
        pytest.skip(f"{bus.name} cannot be opened twice")
    bus.declare_work("w")
    ids = [str(n) for n in range(40)]
    bus.put("w", *ids)
    first = open_another()
    taken = kit.Heard()
    first.consume("w", taken)
    taken.wait(40)
    for delivery in taken.all:
        delivery.ack()

    first.close(2.0)

    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))
    assert heard.stays(0, 1.0)


def test_rule_12_an_envelope_that_comes_again_is_taken_apart(bus: Any, open_another: Any, kit: SimpleNamespace) -> None:
    if not bus.capabilities.shared:
        pytest.skip(f"{bus.name} dies with its consumers")
    bus.declare_work("w")
    dying = open_another()
    lost = kit.Heard()
    dying.consume("w", lost)
    bus.envelope("w", "1", "killer", "3")
    lost.wait(3)
    dying.close(0.5)
    again = open_another()
    held = kit.Heard()

    def keep_the_killer(delivery: Any) -> None:
        if delivery.event.id != "killer":
            delivery.ack()

    again.consume("w", kit.settle(held, keep_the_killer))
    held.wait(3)
    assert all(delivery.redelivered for delivery in held.all)
    again.close(1.0)

    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))
    heard.wait(1)
    assert heard.ids == ["killer"], "only the item that was not settled comes a third time"
    assert heard.stays(1)
