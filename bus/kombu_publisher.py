"""Publishing through kombu: one thread, one connection, one message after the other.

Separate because kombu waits for the broker, and whoever sends must not.
"""

import logging
import queue
import random
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from kombu.messaging import Producer

from gennaker.bus.kombu_client import connection
from gennaker.bus.kombu_topology import Declared
from gennaker.bus.port import CLOSED, RETURNED, Problem, Settled
from gennaker.bus.wire import Parcel

_log = logging.getLogger(__name__)

#: So many batches may wait; whoever sends more waits as well.
WINDOW = 1_000
_LONGEST_WAIT = 10.0

#: Exchange, routing key, whether a queue must take it, and the message.
Target = tuple[str, str, bool, Parcel]


class KombuPublisher:
    """May be used from any thread."""

    def __init__(
        self, url: str, name: str, topology: Declared, *, confirms: bool, exchanges: Mapping[str, str]
    ) -> None:
        self._url = url
        self._name = name
        self._topology = topology
        self._confirms = confirms
        #: Exchanges and their kinds, which a broker without exchanges has to be told on each connection.
        self._exchanges = exchanges
        self._options: dict[str, Any] = {"confirm_publish": True} if confirms else {}
        self._waiting: queue.Queue[tuple[Sequence[Target], Settled] | None] = queue.Queue()
        self._room = threading.Condition()
        self._closed = False
        self.outstanding = 0
        self.up = False
        self.reason = "not connected yet"
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name} publishes", daemon=True)
        self._thread.start()

    def send(self, targets: Sequence[Target], settled: Settled, *, bounded: bool = True) -> None:
        """Publish in order; waits while too much is outstanding if `bounded`."""
        with self._room:
            if bounded and threading.current_thread() is not self._thread:
                self._room.wait_for(lambda: self.outstanding < WINDOW or self._closed)
            if not self._closed:
                self.outstanding += 1
                self._waiting.put((targets, settled))
                return
        settled(CLOSED)

    def _run(self) -> None:
        failures = 0
        rest: list[tuple[Sequence[Target], Settled]] = []
        while not self._wake.is_set() or rest:
            current = connection(self._url, f"{self._name} publishes", **self._options)
            try:
                self._topology.declare_all()
                current.connect()
                self.up, self.reason, failures = True, "", 0
                self._serve(current, rest)
                break
            except (*current.connection_errors, *current.channel_errors, OSError) as error:
                self.up, self.reason = False, f"no connection to the broker: {error}"
                _log.warning("%s: %s", self._name, self.reason)
            finally:
                current.release()
            failures += 1
            if self._wake.wait(min(_LONGEST_WAIT, 0.1 * 2**failures) * random.uniform(0.5, 1.0)):
                break
        self.up = False
        self._abandon(rest)

    def _serve(self, current: Any, rest: "list[tuple[Sequence[Target], Settled]]") -> None:
        """Publish until told to end; what fails stays in `rest`, to be sent first over the next connection."""
        returned: list[object] = []
        channel = current.channel()
        for exchange, kind in self._exchanges.items():
            channel.exchange_declare(exchange, kind, durable=True, auto_delete=False)
        factory: Any = Producer
        told = (lambda *details: returned.append(details)) if self._confirms else None
        producer = factory(channel, on_return=told)
        while True:
            if not rest:
                item = self._waiting.get()
                if item is None:
                    return
                rest.append(item)
            targets, settled = rest[0]
            problem: Problem = None
            for target in targets:
                returned.clear()
                try:
                    _publish(producer, target)
                except (*current.connection_errors, *current.channel_errors):
                    raise
                except Exception as error:  # it cannot be written: no other attempt will do better
                    problem = f"{type(error).__name__}: {error}"
                problem = problem or (RETURNED if returned else None)
            rest.clear()
            self._settle(settled, problem)

    def _settle(self, settled: Settled, problem: Problem) -> None:
        with self._room:
            self.outstanding -= 1
            self._room.notify_all()
        try:
            settled(problem)
        except Exception:
            _log.exception("whoever waited for a confirm failed")

    def _abandon(self, rest: "list[tuple[Sequence[Target], Settled]]") -> None:
        while not self._waiting.empty():
            if (item := self._waiting.get()) is not None:
                rest.append(item)
        for _, settled in rest:
            self._settle(settled, CLOSED)

    def drain(self, timeout: float) -> None:
        """Wait for what is outstanding, but no longer than `timeout` seconds."""
        with self._room:
            self._room.wait_for(lambda: self.outstanding == 0, timeout)

    def close(self, timeout: float) -> None:
        """Take nothing more and end."""
        with self._room:
            self._closed = True
            self._room.notify_all()
        self._wake.set()
        self._waiting.put(None)
        self._thread.join(max(1.0, timeout))


def _publish(producer: Any, target: Target) -> None:
    exchange, key, mandatory, parcel = target
    producer.publish(
        parcel.body,
        routing_key=key,
        exchange=exchange,
        mandatory=mandatory,
        delivery_mode=2,
        content_type=parcel.content_type,
        content_encoding="binary",
        headers=parcel.headers,
    )
