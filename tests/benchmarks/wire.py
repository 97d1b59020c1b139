"""RabbitMQ with the least code: pika's asynchronous connection, quorum queues, persistent messages, confirms.

Separate because the bare client needs its own loop.
"""

import time
from collections import deque
from typing import Any

import pika
from pika.adapters.select_connection import SelectConnection

_BODY = b"x" * 500
_PROPERTIES = pika.BasicProperties(delivery_mode=2, content_type="application/json")
_QUORUM = {"x-queue-type": "quorum"}
_PREFETCH = 1000


class _Bare:
    """Declares its queues, consumes from them and begins. Subclasses say what happens then."""

    queues: tuple[str, ...]

    def __init__(self, url: str, count: int) -> None:
        self._left = count
        self._pending = deque(self.queues)
        self._connection = SelectConnection(pika.URLParameters(url), on_open_callback=self._opened)
        self._channel: Any = None

    def loop(self) -> None:
        """Run until `stop`."""
        self._connection.ioloop.start()

    def stop(self) -> None:
        """End."""
        self._connection.add_on_close_callback(lambda *_: self._connection.ioloop.stop())
        self._connection.close()

    def send(self, queue: str) -> None:
        """One message."""
        self._channel.basic_publish("", queue, _BODY, _PROPERTIES, mandatory=True)

    def begin(self) -> None:
        """Everything is declared."""
        raise NotImplementedError

    def came(self, queue: str) -> None:
        """A message came."""
        raise NotImplementedError

    def confirmed(self, _method: Any) -> None:
        """The broker has taken messages."""

    def _opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._ready)

    def _ready(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(
            self.confirmed, callback=lambda _: channel.basic_qos(prefetch_count=_PREFETCH, callback=self._declare)
        )

    def _declare(self, _ok: Any) -> None:
        if not self._pending:
            self.begin()
            return
        queue = self._pending.popleft()
        self._channel.queue_declare(queue, durable=True, arguments=_QUORUM, callback=lambda _: self._consume(queue))

    def _consume(self, queue: str) -> None:
        def take(channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
            channel.basic_ack(method.delivery_tag)
            self.came(queue)

        self._channel.basic_consume(queue, take, callback=self._declare)


class Echo(_Bare):
    """A message there, a message back, one pair after another."""

    queues = ("there", "back")

    def run(self) -> list[float]:
        """The seconds of each pair."""
        self._took: list[float] = []
        self.loop()
        return self._took

    def begin(self) -> None:
        """See the parent."""
        self._began = time.perf_counter()
        self.send("there")

    def came(self, queue: str) -> None:
        """See the parent."""
        if queue == "there":
            self.send("back")
            return
        self._took.append(time.perf_counter() - self._began)
        if len(self._took) == self._left:
            self.stop()
        else:
            self.begin()


class Stream(_Bare):
    """Many messages, at most so many unconfirmed."""

    queues = ("stream",)
    _window = 1000

    def run(self) -> float:
        """Messages per second, from the first to the last that came."""
        self._open = 0
        self._upto = 0
        self._count = self._got = self._left
        self.loop()
        return self._count / self._seconds

    def begin(self) -> None:
        """See the parent."""
        self._began = time.perf_counter()
        self._fill()

    def _fill(self) -> None:
        while self._left and self._open < self._window:
            self._left -= 1
            self._open += 1
            self.send("stream")

    def confirmed(self, method: Any) -> None:
        """See the parent."""
        upto = method.method.delivery_tag
        self._open -= upto - self._upto if method.method.multiple else 1
        self._upto = max(self._upto, upto)
        self._fill()

    def came(self, queue: str) -> None:
        """See the parent."""
        self._got -= 1
        if self._got == 0:
            self._seconds = time.perf_counter() - self._began
            self.stop()
