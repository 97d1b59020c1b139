"""The dead letters on RabbitMQ, looked at one by one through kombu.

Separate because this is the operator's desk, not the way messages go.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gennaker.bus.letter import DEAD, MOST_LETTERS, oldest, read
from gennaker.bus.port import DeadLetter
from gennaker.bus.rabbitmq.topology import Topology


class DeadLetters:
    """Raises OSError when the broker is away."""

    def __init__(self, topology: Topology, prefix: str) -> None:
        self._topology = topology
        self._prefix = prefix

    def list(self, limit: int) -> "list[DeadLetter]":
        """The oldest ones; they stay."""
        with self._look() as letters:
            return oldest((letter for letter, _ in itertools.islice(letters, MOST_LETTERS)), limit)

    def drop(self, id_: str) -> DeadLetter | None:
        """Remove one."""
        with self._look() as letters:
            for letter, forget in letters:
                if letter.id == id_:
                    forget()
                    return letter
        return None

    @contextmanager
    def _look(self) -> Iterator[Iterator[tuple[DeadLetter, Callable[[], None]]]]:
        """The letters one after the other; closing the channel puts back what was not forgotten."""
        with self._topology.channel() as channel:
            yield self._each(channel)

    def _each(self, channel: Any) -> Iterator[tuple[DeadLetter, Callable[[], None]]]:
        while (message := channel.basic_get(self._topology.full(DEAD))) is not None:
            headers = message.properties.get("application_headers") or {}
            body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
            letter = read(message.properties.get("content_type"), headers, body, self._prefix)
            tag = message.delivery_info["delivery_tag"]
            yield letter, lambda tag=tag: channel.basic_ack(tag)  # type: ignore[misc]
