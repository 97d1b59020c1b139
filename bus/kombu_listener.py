"""Facts for this process only, through kombu.

Separate because nothing is promised here. RabbitMQ routes them to a queue that goes when its connection does; other brokers would keep such
a queue for ever, so there every fact is also told to a fan-out that keeps nothing.
"""

import logging
import random
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from kombu.entity import Queue
from kombu.messaging import Consumer

from gennaker.bus.event import Event
from gennaker.bus.kombu_client import connection
from gennaker.bus.kombu_topology import body_of
from gennaker.bus.topics import matches
from gennaker.bus.wire import Undecodable, unpack

_log = logging.getLogger(__name__)
_IDLE = 0.2
_LONGEST_WAIT = 10.0


class KombuListener:
    """A `Subscription`. `exchange` is a topic exchange, or a fan-out when `fanout`."""

    def __init__(
        self,
        url: str,
        name: str,
        exchange: str,
        patterns: Sequence[str],
        on_event: Callable[[Event], None],
        fanout: bool,
    ) -> None:
        self._url = url
        self._exchange = exchange
        self._patterns = tuple(patterns)
        self._on_event = on_event
        self._fanout = fanout
        self._listening = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name} listens", daemon=True)

    def start(self, patience: float) -> None:
        """Listen; waits up to `patience` seconds for the first time."""
        self._thread.start()
        self._listening.wait(patience)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            current = connection(self._url, self._thread.name)
            try:
                current.connect()
                failures = 0
                self._serve(current)
            except (*current.connection_errors, *current.channel_errors, OSError) as error:
                _log.warning("%s: no connection to the broker: %s", self._thread.name, error)
                failures += 1
                self._stopping.wait(min(_LONGEST_WAIT, 0.1 * 2**failures) * random.uniform(0.5, 1.0))
            finally:
                current.release()

    def _serve(self, current: Any) -> None:
        channel = current.channel()
        queue = f"{self._exchange}.{uuid.uuid4().hex[:12]}"
        channel.exchange_declare(self._exchange, "fanout" if self._fanout else "topic", durable=True, auto_delete=False)
        channel.queue_declare(queue, exclusive=True, durable=False, auto_delete=True)
        for pattern in [""] if self._fanout else self._patterns:
            channel.queue_bind(queue, self._exchange, pattern)
        named: Any = Queue
        factory: Any = Consumer
        consumer = factory(
            channel, [named(queue, no_declare=True)], on_message=self._message, no_ack=True, auto_declare=False
        )
        consumer.consume()
        self._listening.set()
        while not self._stopping.is_set():
            try:
                current.drain_events(timeout=_IDLE)
            except TimeoutError:
                continue
        consumer.cancel()
        channel.queue_delete(queue)

    def _message(self, message: Any) -> None:
        try:
            for event in unpack(message.content_type, message.headers or {}, body_of(message)):
                if matches(self._patterns, event.type):
                    self._on_event(event)
        except Undecodable as error:
            _log.debug("a listener was told what is no event: %s", error)
        except Exception:
            _log.exception("a listener failed")

    def stop(self) -> None:
        """See the port's `Subscription`."""
        self._stopping.set()
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join()
