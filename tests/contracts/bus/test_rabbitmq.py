"""What only RabbitMQ can promise, and what is done to keep it."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest

from gennaker.bus.open import open_bus
from gennaker.bus.rabbitmq.publisher import WINDOW


@pytest.fixture(params=["rabbitmq"])
def url(amqp_url: str) -> str:
    """RabbitMQ only."""
    return amqp_url


@pytest.fixture
def raw(amqp_url: str) -> Iterator[Any]:
    """A channel that knows nothing of our bus."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    yield connection.channel()
    connection.close()


@pytest.fixture
def cut(amqp_url: str) -> Callable[[], None]:
    """Close every connection of the test's virtual host, from the broker's side."""
    vhost = urlsplit(amqp_url).path[1:]
    if not vhost:
        pytest.skip("connections can only be closed in a virtual host of our own")

    def close() -> None:
        command = ["rabbitmqctl", "-q", "close_all_connections", "--vhost", vhost, "--", "test"]
        if subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0:
            pytest.skip("rabbitmqctl cannot close connections here")

    return close


def test_rule_04_what_was_not_confirmed_is_sent_again_in_order_after_a_reconnect(
    bus: Any, kit: SimpleNamespace, cut: Callable[[], None]
) -> None:
    bus.declare_work("w")
    settled = kit.Heard()
    sent: list[str] = []
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            sent.append(str(len(sent)))
            bus.send("w", [kit.event(sent[-1])], settled)
            time.sleep(0.001)

    thread = threading.Thread(target=send)
    thread.start()
    settled.wait(50)
    cut()
    settled.wait(len(settled.all) + 100)
    stop.set()
    thread.join()

    assert set(settled.wait(len(sent))) == {None}
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))
    assert kit.eventually(lambda: set(heard.ids) == set(sent))
    firsts = list(dict.fromkeys(heard.ids))
    assert firsts == sent, "a repeat may come, nothing is missing and nothing overtakes"


def test_a_consumer_goes_on_after_a_reconnect(bus: Any, kit: SimpleNamespace, cut: Callable[[], None]) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", heard, prefetch=2)
    bus.put("w", "1", "2", "3")
    before = heard.wait(2)

    cut()
    assert kit.eventually(lambda: len(heard.all) >= 4 or not all(d.ack() for d in before))

    for delivery in before:
        delivery.ack()  # of the connection that is gone: says nothing
    heard.wait(4)
    assert [(d.event.id, d.redelivered) for d in heard.all[2:4]] == [("1", True), ("2", True)]
    for delivery in heard.all[2:4]:
        delivery.ack()
    assert heard.wait(5)[4].event.id == "3"
    heard.all[4].ack()


def test_a_listener_hears_again_after_a_reconnect(bus: Any, kit: SimpleNamespace, cut: Callable[[], None]) -> None:
    heard = kit.Heard()
    bus.listen(["#"], heard)
    cut()

    assert kit.eventually(lambda: bus.tell("stage.started") == [None] and len(heard.all) > 0)


def test_queues_that_were_deleted_are_declared_again(bus: Any, kit: SimpleNamespace, raw: Any, bus_prefix: str) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))
    bus.put("w", "1")
    heard.wait(1)

    raw.queue_delete(f"{bus_prefix}.w")

    assert kit.eventually(lambda: bus.put("w", "2") == [None])
    heard.wait(2)


def test_rule_04_whoever_sends_waits_while_the_window_is_full(kit: SimpleNamespace, bus_prefix: str) -> None:
    transport = open_bus("amqp://127.0.0.1:1/", bus_prefix)
    settled = kit.Heard()
    for n in range(WINDOW):
        transport.send("w", [kit.event(str(n))], settled)
    late = threading.Thread(target=lambda: transport.send("w", [kit.event("late")], settled))
    late.start()
    late.join(0.3)
    waited = late.is_alive()

    assert transport.health().outstanding == WINDOW
    assert not transport.health().up
    assert kit.eventually(lambda: "no connection to RabbitMQ" in transport.health().reason)
    transport.close(0.1)
    late.join(5)

    assert waited
    assert settled.all == ["the bus is closed"] * (WINDOW + 1)


def test_rule_05_the_bus_opens_while_the_broker_is_away(kit: SimpleNamespace, bus_prefix: str) -> None:
    began = time.monotonic()
    transport = open_bus("amqp://127.0.0.1:1/", bus_prefix)
    transport.declare_work("w")
    transport.declare_subscriber("s", ["#"])
    subscription = transport.consume("w", kit.Heard())
    subscription.stop()
    transport.close(0.1)

    assert time.monotonic() - began < 5


def test_rule_18_one_connection_publishes_and_another_consumes(bus: Any, kit: SimpleNamespace, amqp_url: str) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))
    bus.put("w", "1")
    heard.wait(1)
    vhost = urlsplit(amqp_url).path[1:]

    listing = subprocess.run(
        ["rabbitmqctl", "-q", "list_connections", "-p", vhost, "client_properties", "channels", "vhost"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if listing.returncode != 0:
        pytest.skip("rabbitmqctl does not answer here")
    lines = [line for line in listing.stdout.splitlines() if line.endswith(vhost)]

    assert sum("contract publishes" in line for line in lines) == 1
    assert sum("contract consumes" in line for line in lines) == 1


def test_rule_18_acknowledgements_go_on_while_the_broker_holds_publishers_back(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", heard, prefetch=1)
    bus.put("w", "1", "2")
    heard.wait(1)

    bus.transport._publisher.blocked(True)
    settled = kit.Heard()
    bus.send("w", [kit.event("3")], settled)
    heard.all[0].ack()
    heard.wait(2)

    assert settled.stays(0)
    assert bus.health().blocked
    assert "stopped publishers" in bus.health().reason
    bus.transport._out.call(lambda: bus.transport._publisher.blocked(False))
    assert settled.wait(1) == [None]
    assert not bus.health().blocked
    heard.all[1].ack()
    heard.wait(3)[2].ack()


def test_rule_19_a_message_that_kills_its_consumers_is_buried(
    bus: Any, kit: SimpleNamespace, raw: Any, bus_prefix: str
) -> None:
    bus.declare_work("w")
    bus.put("w", "killer", "good")
    for _ in range(51):
        method, _, _ = raw.basic_get(f"{bus_prefix}.w")
        if method is None:
            break
        raw.basic_nack(method.delivery_tag, requeue=True)

    assert kit.eventually(lambda: [letter.event.id for letter in bus.dead_letters()] == ["killer"])
    (letter,) = bus.dead_letters()
    assert letter.queue == "w"
    assert "delivery limit" in letter.reason
    heard = kit.Heard()
    bus.consume("w", kit.settle(heard))
    assert heard.wait(1)[0].event.id == "good"


def test_what_cannot_be_decoded_is_buried_with_its_body(
    bus: Any, kit: SimpleNamespace, raw: Any, bus_prefix: str
) -> None:
    bus.declare_work("w")
    raw.basic_publish("", f"{bus_prefix}.w", b"\xff\xfehello", pika.BasicProperties(content_type="text/plain"))
    bus.put("w", "good")
    heard = kit.Heard()

    bus.consume("w", kit.settle(heard))

    assert heard.wait(1)[0].event.id == "good"
    assert kit.eventually(lambda: len(bus.dead_letters()) == 1)
    (letter,) = bus.dead_letters()
    assert letter.queue == "w"
    assert letter.reason.startswith("undecodable: the content type is 'text/plain'")
    assert b"hello" in letter.event.data


def test_a_queue_that_exists_with_other_arguments_is_used_with_a_warning(
    bus: Any, kit: SimpleNamespace, raw: Any, bus_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    raw.queue_declare(f"{bus_prefix}.old", durable=True)

    bus.declare_work("old")

    assert "exists with others" in caplog.text
    heard = kit.Heard()
    bus.consume("old", kit.settle(heard))
    assert bus.put("old", "1") == [None]
    heard.wait(1)


def test_a_fact_of_another_tool_reaches_a_subscriber(bus: Any, kit: SimpleNamespace, raw: Any, bus_prefix: str) -> None:
    bus.declare_subscriber("triggers", ["build.*"])
    heard = kit.Heard()
    bus.consume("triggers", kit.settle(heard))
    body = b'{"specversion":"1.0","id":"b1","type":"build.finished","source":"ci","data":{"ok":true}}'
    properties = pika.BasicProperties(content_type="application/cloudevents+json; charset=utf-8")

    raw.basic_publish(f"{bus_prefix}.facts", "build.finished", body, properties)

    (delivery,) = heard.wait(1)
    assert (delivery.event.id, delivery.event.data) == ("b1", b'{"ok":true}')


def test_acknowledgements_out_of_order_hold_nobody_up(bus: Any, kit: SimpleNamespace) -> None:
    bus.declare_work("w")
    heard = kit.Heard()
    bus.consume("w", heard, prefetch=3)
    bus.put("w", *[str(n) for n in range(30)])
    slow = heard.wait(1)[0]

    for n in range(1, 30):
        heard.wait(n + 1)[n].ack()

    slow.ack()
    assert kit.eventually(lambda: {queue.name: queue.messages for queue in bus.status()}["w"] == 0)
    assert heard.stays(30)
