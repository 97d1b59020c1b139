"""Exchanges, queues and dead letters on brokers that kombu imitates exchanges for (Redis and others).

Separate from RabbitMQ's topology because there is nothing to ask for here but the queue itself.
"""

import contextlib
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from gennaker.bus.kombu_client import connection
from gennaker.bus.letter import DEAD, MOST_LETTERS, oldest, read
from gennaker.bus.port import DeadLetter, QueueStatus


class Declared(Protocol):
    """What the plain lane needs of a topology, RabbitMQ's or the one below."""

    def full(self, queue: str) -> str:
        """A name as the broker knows it."""

    def patterns(self, queue: str) -> tuple[str, ...]:
        """The facts that a subscriber's queue was declared for."""

    def add(self, queue: str, patterns: Sequence[str] = ()) -> None:
        """Declare a queue now if the broker is there, and with every new connection."""

    def declare_all(self) -> None:
        """Declare everything. Raises when the broker is away."""

    def status(self) -> list[QueueStatus]:
        """The queues this process knows of. Raises OSError when the broker is away."""

    def close(self) -> None:
        """Let go of the connection."""


class PlainTopology:
    """May be used from any thread."""

    def __init__(self, url: str, prefix: str) -> None:
        self._prefix = prefix
        self._lock = threading.RLock()
        self._connection = connection(url)
        self._queues: dict[str, tuple[str, ...]] = {}

    def full(self, queue: str) -> str:
        """See `Declared`."""
        return f"{self._prefix}.{queue}"

    def patterns(self, queue: str) -> tuple[str, ...]:
        """See `Declared`."""
        return self._queues.get(queue, ())

    def add(self, queue: str, patterns: Sequence[str] = ()) -> None:
        """See `Declared`."""
        with self._lock:
            self._queues[queue] = tuple(dict.fromkeys((*self.patterns(queue), *patterns)))
            with contextlib.suppress(OSError), self._channel() as channel:
                self._declare(channel, queue)

    def declare_all(self) -> None:
        """See `Declared`."""
        with self._channel() as channel:
            channel.queue_declare(self.full(DEAD), durable=True, auto_delete=False)
            for queue in list(self._queues):
                self._declare(channel, queue)

    def _declare(self, channel: Any, queue: str) -> None:
        channel.exchange_declare(self.full("work"), "direct", durable=True, auto_delete=False)
        channel.exchange_declare(self.full("facts"), "topic", durable=True, auto_delete=False)
        channel.queue_declare(self.full(queue), durable=True, auto_delete=False)
        channel.queue_bind(self.full(queue), self.full("work"), queue)
        for pattern in self._queues[queue]:
            channel.queue_bind(self.full(queue), self.full("facts"), pattern)

    def status(self) -> list[QueueStatus]:
        """See `Declared`. How many consumers there are, such a broker cannot tell."""
        with self._channel() as channel:
            return [
                QueueStatus(name=queue, messages=channel.queue_declare(self.full(queue), durable=True).message_count)
                for queue in sorted({*self._queues, DEAD})
            ]

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The oldest dead letters; they stay. Raises OSError when the broker is away."""
        with self._looking() as letters:
            return oldest((letter for letter, _ in letters), limit)

    def drop_dead_letter(self, id_: str) -> DeadLetter | None:
        """Remove one. Raises OSError when the broker is away."""
        with self._looking() as letters:
            for index, (letter, message) in enumerate(letters):
                if letter.id == id_:
                    message.ack()
                    del letters[index]
                    return letter
        return None

    @contextmanager
    def _looking(self) -> Iterator[list[tuple[DeadLetter, Any]]]:
        """All letters, for such a broker puts back what was taken at the end of the queue; those that stay in the list go back."""
        with self._channel() as channel:
            taken = list(itertools.islice(self._each(channel), MOST_LETTERS))
            try:
                yield taken
            finally:
                for _, message in taken:
                    message.requeue()

    def _each(self, channel: Any) -> Iterator[tuple[DeadLetter, Any]]:
        while (message := channel.basic_get(self.full(DEAD))) is not None:
            yield read(message.content_type, message.headers or {}, body_of(message), self._prefix), message

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        with self._lock:
            try:
                self._connection.connect()
                with self._connection.channel() as channel:
                    yield channel
            except self._connection.connection_errors as error:
                raise OSError(f"no connection to the broker: {error}") from error

    def close(self) -> None:
        """See `Declared`."""
        with self._lock:
            self._connection.release()


def body_of(message: Any) -> bytes:
    """The body as it was sent, whatever kombu made of it."""
    body = message.body
    return body.encode() if isinstance(body, str) else bytes(body)
