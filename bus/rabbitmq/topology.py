"""Exchanges and queues on RabbitMQ, declared through kombu; what was declared once is declared again with every connection.

Separate because declaring waits for the broker's answer, which the hot lane never does. Rules 9 and 19 say what is declared.
"""

import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kombu.exceptions import OperationalError

from gennaker.bus.kombu_client import connection
from gennaker.bus.letter import DEAD
from gennaker.bus.port import QueueStatus
from gennaker.bus.timer import Timer

_log = logging.getLogger(__name__)

#: Deliveries after which a message is buried: far more than kills of processes cause.
DELIVERY_LIMIT = 50
_IDLE = 5.0
_PATIENCE = 3.0
#: Seconds for which nobody tries again to declare a single queue after the broker was found away.
_AWAY = 5.0
#: A dead letter is only ever looked at, which RabbitMQ counts as a delivery.
_LOOKS = 1_000_000
_LONGEST_WAIT = 4096


class Topology:
    """May be used from any thread. Its connection is opened when needed and closed when idle."""

    def __init__(self, url: str, prefix: str, name: str, timer: Timer) -> None:
        self._url = url
        self._prefix = prefix
        self._name = name
        self._timer = timer
        self._lock = threading.RLock()
        self._connection: Any = None
        self._used = 0.0
        self._away_until = 0.0
        self._queues: dict[str, tuple[str, ...]] = {}
        self._waits: dict[int, str] = {}
        self._warned: set[str] = set()

    def full(self, queue: str) -> str:
        """A name as the broker knows it."""
        return f"{self._prefix}.{queue}"

    def patterns(self, queue: str) -> tuple[str, ...]:
        """The facts that a subscriber's queue was declared for."""
        return self._queues.get(queue, ())

    def add(self, queue: str, patterns: Sequence[str] = ()) -> None:
        """Declare a queue now if the broker is there, and with every new connection."""
        with self._lock:
            known = self._queues.get(queue)
            wanted = tuple(dict.fromkeys((*(known or ()), *patterns)))
            if known == wanted:
                return
            self._queues[queue] = wanted
        if time.monotonic() < self._away_until:
            return
        try:
            with self.channel() as channel:
                self._declare_rest(channel)
                self._declare_queue(channel, queue, wanted)
        except OSError as error:
            _log.info("%s is declared when the broker is there: %s", queue, error)

    def declare_all(self) -> None:
        """Declare everything. Raises when the broker is away."""
        with self.channel() as channel:
            self._declare_rest(channel)
            for queue, patterns in list(self._queues.items()):
                self._declare_queue(channel, queue, patterns)
            for seconds in list(self._waits):
                self._declare_wait(channel, seconds)

    def wait_exchange(self, delay: float) -> str:
        """The exchange behind which a message waits for `delay` seconds or a little more. Raises when the broker is away."""
        seconds = min(_LONGEST_WAIT, 2 ** math.ceil(math.log2(max(1.0, delay))))
        with self._lock:
            if seconds not in self._waits:
                with self.channel() as channel:
                    self._declare_wait(channel, seconds)
                self._waits[seconds] = self.full(f"wait.{seconds}")
            return self._waits[seconds]

    def _declare_rest(self, channel: Any) -> None:
        for exchange, kind in (("work", "direct"), ("facts", "topic"), (DEAD, "fanout")):
            channel.exchange_declare(self.full(exchange), kind, durable=True, auto_delete=False)
        self._declare(channel, DEAD, {"x-queue-type": "quorum", "x-delivery-limit": _LOOKS})
        channel.queue_bind(self.full(DEAD), self.full(DEAD), "")

    def _declare_queue(self, channel: Any, queue: str, patterns: Sequence[str]) -> None:
        self._declare(channel, queue, {**self._safe(self.full(DEAD)), "x-delivery-limit": DELIVERY_LIMIT})
        channel.queue_bind(self.full(queue), self.full("work"), queue)
        for pattern in patterns:
            channel.queue_bind(self.full(queue), self.full("facts"), pattern)

    def _declare_wait(self, channel: Any, seconds: int) -> None:
        """Whatever expires in a wait queue goes to the queue that its routing key names."""
        name = self.full(f"wait.{seconds}")
        channel.exchange_declare(name, "fanout", durable=True, auto_delete=False)
        self._declare(channel, f"wait.{seconds}", {**self._safe(""), "x-message-ttl": seconds * 1000})
        channel.queue_bind(name, name, "")

    def _safe(self, dead_letters_to: str) -> dict[str, Any]:
        return {
            "x-queue-type": "quorum",
            "x-overflow": "reject-publish",
            "x-dead-letter-exchange": dead_letters_to,
            "x-dead-letter-strategy": "at-least-once",
        }

    def _declare(self, channel: Any, queue: str, arguments: Mapping[str, Any]) -> None:
        """Declare a queue; where the broker refuses, with fewer promises and a warning that says which."""
        name = self.full(queue)
        less = {key: value for key, value in arguments.items() if key != "x-dead-letter-strategy"}
        classic: Mapping[str, Any] = {
            key: less[key] for key in ("x-message-ttl", "x-dead-letter-exchange") if key in less
        }
        attempts = (
            (arguments, ""),
            (less, "dead letters at least once"),
            (classic, "quorum queues"),
        )
        for wanted, without in attempts:
            if self._try(channel, name, wanted, passive=False):
                break
            if self._try(channel, name, wanted, passive=True):
                without = "the arguments this version declares, for it exists with others"
                break
        else:
            raise OSError(f"RabbitMQ refuses to declare the queue {name}")
        if without and without not in self._warned:
            self._warned.add(without)
            _log.warning("RabbitMQ keeps the queue %s without %s", name, without)

    def _try(self, channel: Any, name: str, arguments: Mapping[str, Any], *, passive: bool) -> bool:
        """Declare on a channel of its own, for a refusal closes it."""
        with channel.connection.channel() as trial:
            try:
                trial.queue_declare(name, passive=passive, durable=True, auto_delete=False, arguments=dict(arguments))
            except channel.connection.channel_errors as error:
                _log.debug("RabbitMQ refused %s: %s", name, error)
                return False
        return True

    def status(self) -> list[QueueStatus]:
        """The queues this process knows of. Raises OSError when the broker is away."""
        found = []
        names = [*self._queues, *(f"wait.{seconds}" for seconds in self._waits), DEAD]
        for queue in sorted(set(names)):
            with self.channel() as channel, channel.connection.channel() as trial:
                try:
                    answer = trial.queue_declare(self.full(queue), passive=True)
                except channel.connection.channel_errors:
                    continue
                found.append(QueueStatus(name=queue, messages=answer.message_count, consumers=answer.consumer_count))
        return found

    @contextmanager
    def channel(self) -> Iterator[Any]:
        """A channel for a few calls. Raises OSError when the broker is away."""
        with self._lock:
            if self._connection is None:
                self._connection = connection(self._url, f"{self._name} topology")
                self._timer.call(_IDLE, self._close_if_idle)
            current = self._connection
            try:
                current.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_PATIENCE)
                with current.channel() as channel:
                    yield channel
            except BaseException as error:
                self._drop()
                if isinstance(error, (*current.connection_errors, OperationalError)):
                    self._away_until = time.monotonic() + _AWAY
                    raise OSError(f"no connection to RabbitMQ: {error}") from error
                raise
            self._used = time.monotonic()

    def _close_if_idle(self) -> None:
        with self._lock:
            left = self._used + _IDLE - time.monotonic()
            if left <= 0:
                self._drop()
            elif self._connection is not None:
                self._timer.call(left, self._close_if_idle)

    def _drop(self) -> None:
        current, self._connection = self._connection, None
        if current is not None:
            try:
                current.release()
            except OSError as error:
                _log.debug("closing a broken connection: %s", error)

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._drop()
