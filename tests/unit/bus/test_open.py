"""Which URL opens what."""

import logging
from typing import Any

import pytest

from gennaker.bus.open import open_bus


def test_a_url_that_names_no_transport_is_told_with_those_that_exist() -> None:
    with pytest.raises(
        ValueError, match=r"bus\.url .carrier-pigeon. names no transport .* expected memory://, amqp://"
    ):
        open_bus("carrier-pigeon://here", "p")


def test_a_broker_that_promises_less_is_named_in_exactly_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bus = open_bus("memory+kombu://", "p")
    bus.close()

    (record,) = caplog.records
    assert record.getMessage().startswith("the bus runs on memory, which does not promise to keep messages when")
    assert not bus.capabilities.confirms


def test_a_bus_within_the_process_is_private_to_its_opener() -> None:
    one, two = open_bus("memory://", "p"), open_bus("memory://", "p")
    one.declare_work("w")
    problems: list[Any] = []

    two.send("w", [], problems.append)

    assert problems == ["returned"]
    one.close()
    two.close()
