"""One event from a CI job."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from gennaker.bus.emit import NotTaken, emit


@pytest.fixture(params=["rabbitmq"])
def url(amqp_url: str) -> str:
    """RabbitMQ only."""
    return amqp_url


def test_an_emitted_event_reaches_its_subscribers(bus: Any, kit: SimpleNamespace, url: str, bus_prefix: str) -> None:
    bus.declare_subscriber("triggers", ["build.*"])
    heard = kit.Heard()
    bus.consume("triggers", kit.settle(heard))

    id_ = emit(
        url, "build.finished", {"ok": True}, source="ci", prefix=bus_prefix, subject="app", extensions={"run": "7"}
    )

    (delivery,) = heard.wait(1)
    fact = delivery.event
    assert (fact.id, fact.type, fact.source, fact.subject) == (id_, "build.finished", "ci", "app")
    assert (fact.data, fact.extensions) == (b'{"ok": true}', {"run": "7"})
    assert fact.time > 1_700_000_000_000


def test_an_event_that_nobody_took_is_an_error_that_names_the_place(url: str) -> None:
    with pytest.raises(NotTaken, match=r"did not take build\.finished.*no exchange"):
        emit(url, "build.finished", {}, source="ci", prefix="nobody-declared-this")
    with pytest.raises(NotTaken, match=r"127\.0\.0\.1:1 did not take build\.finished"):
        emit("amqp://127.0.0.1:1/", "build.finished", {}, source="ci")


def test_the_emitter_loads_nothing_but_pika() -> None:
    code = (
        "import sys, gennaker.bus.emit; "
        "print([m for m in ('kombu', 'msgspec', 'amqp', 'gennaker.bus.wire', 'gennaker.bus.port') if m in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
