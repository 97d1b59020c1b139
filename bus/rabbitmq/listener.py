"""Facts for this process only: a queue without a name that goes when the process does.

Separate because nothing is promised here: no acknowledgement, no dead letter, nothing kept while away.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from pika import spec
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.frame import Method

from gennaker.bus.event import Event
from gennaker.bus.rabbitmq.connection import Connection
from gennaker.bus.topics import matches
from gennaker.bus.wire import Undecodable, unpack

_log = logging.getLogger(__name__)


class Listener:
    """A `Subscription` and a user of a `Connection`."""

    def __init__(
        self, connection: Connection, exchange: str, patterns: Sequence[str], on_event: Callable[[Event], None]
    ) -> None:
        self._connection = connection
        self._exchange = exchange
        self._patterns = tuple(patterns)
        self._on_event = on_event
        self._channel: Channel | None = None
        self._listening = threading.Event()
        self._stopped = False

    def start(self, patience: float) -> None:
        """Listen, now and after each loss; waits up to `patience` seconds for the first time."""
        self._connection.attach(self)
        if not self._connection.own_thread():
            self._listening.wait(patience)

    def opened(self, connection: SelectConnection) -> None:
        """See `User`."""
        connection.channel(on_open_callback=self._ready)

    def _ready(self, channel: Channel) -> None:
        if self._stopped:
            channel.close()
            return
        self._channel = channel
        channel.queue_declare("", exclusive=True, auto_delete=True, callback=self._declared)

    def _declared(self, frame: Method[spec.Queue.DeclareOk]) -> None:
        queue = frame.method.queue
        if (channel := self._channel) is not None:
            for pattern in self._patterns:
                channel.queue_bind(queue, self._exchange, pattern, callback=lambda _: None)
            channel.basic_consume(queue, self._message, auto_ack=True, callback=lambda _: self._listening.set())

    def _message(
        self, _channel: Channel, _method: spec.Basic.Deliver, properties: spec.BasicProperties, body: bytes
    ) -> None:
        try:
            for event in unpack(properties.content_type, properties.headers or {}, body):
                if not self._stopped and matches(self._patterns, event.type):
                    self._on_event(event)
        except Undecodable as error:
            _log.debug("a listener was told what is no event: %s", error)
        except Exception:
            _log.exception("a listener failed")

    def lost(self) -> None:
        """See `User`."""
        self._channel = None

    def blocked(self, blocked: bool) -> None:
        """See `User`: listening is never held back."""

    def stop(self) -> None:
        """See the port's `Subscription`."""
        self._stopped = True
        self._connection.detach(self)
        self._connection.call(self._end)

    def _end(self) -> None:
        if self._channel is not None and self._channel.is_open:
            self._channel.close()
