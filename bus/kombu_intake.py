"""Consuming one queue through kombu: one thread, one connection.

Separate because kombu's objects belong to one thread, so whoever settles a message only leaves word here.
"""

import contextlib
import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from socket import timeout as nothing_came
from typing import Any

from kombu.entity import Queue
from kombu.messaging import Consumer

from gennaker.bus.hands import Arrival, Hands
from gennaker.bus.kombu_client import connection
from gennaker.bus.kombu_publisher import KombuPublisher
from gennaker.bus.kombu_topology import Declared, body_of
from gennaker.bus.letter import DEAD
from gennaker.bus.port import Delivery, Settled
from gennaker.bus.timer import Timer
from gennaker.bus.wire import Parcel

_log = logging.getLogger(__name__)
#: Seconds to wait for messages while some are in hand (and may be settled any moment), and while none are.
_BUSY, _IDLE = 0.01, 0.2
_LONGEST_WAIT = 10.0


class KombuShared:
    """What every intake of a process shares."""

    def __init__(self, url: str, name: str, topology: Declared, publisher: KombuPublisher, timer: Timer) -> None:
        self.url = url
        self.name = name
        self.topology = topology
        self.publisher = publisher
        self.timer = timer


class KombuIntake:
    """A `Subscription` and a `Desk`."""

    def __init__(self, shared: KombuShared, queue: str, on_delivery: Callable[[Delivery], None], prefetch: int) -> None:
        self._shared = shared
        self._queue = shared.topology.full(queue)
        self._facts = shared.topology.full("facts")
        self._prefetch = prefetch
        self._hands = Hands(queue, on_delivery, prefetch, self, shared.topology.patterns(queue))
        #: By number: what the broker has given us and we have not acknowledged. Only our thread looks at it.
        self._unacked: dict[int, Any] = {}
        self._number = 0
        self._done: deque[int] = deque()
        self._stopping = threading.Event()
        self._emptied = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{shared.name} consumes {queue}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            current = connection(self._shared.url, f"{self._shared.name} consumes")
            try:
                self._shared.topology.declare_all()
                current.connect()
                failures = 0
                self._serve(current)
            except (*current.connection_errors, *current.channel_errors, OSError) as error:
                _log.warning("%s: no connection to the broker: %s", self._thread.name, error)
                self._unacked.clear()
                self._hands.lost()
                failures += 1
                self._stopping.wait(min(_LONGEST_WAIT, 0.1 * 2**failures) * random.uniform(0.5, 1.0))
            finally:
                current.release()

    def _serve(self, current: Any) -> None:
        factory: Any = Consumer
        queue: Any = Queue
        channel = current.channel()
        consumer = factory(
            channel,
            [queue(self._queue, no_declare=True)],
            on_message=self._message,
            prefetch_count=self._prefetch,
            auto_declare=False,
        )
        consumer.consume()
        while not self._stopping.is_set():
            self._drain(current)
        consumer.cancel()
        while not self._emptied.is_set():
            self._emptied.wait(_BUSY)
            self._acknowledge()
        self._acknowledge()
        channel.close()  # the broker has back what was not settled
        self._unacked.clear()

    def _drain(self, current: Any) -> None:
        with contextlib.suppress(nothing_came):
            current.drain_events(timeout=_BUSY if self._unacked else _IDLE)
        self._acknowledge()

    def _message(self, message: Any) -> None:
        self._number += 1
        self._unacked[self._number] = message
        info = message.delivery_info
        headers = message.headers or {}
        arrival = Arrival(
            message.content_type,
            headers,
            body_of(message),
            bool(info.get("redelivered") or headers.get("redelivered")),
            info.get("exchange") == self._facts,
        )
        self._hands.take(self._number, arrival)

    def _acknowledge(self) -> None:
        while self._done:
            message = self._unacked.pop(self._done.popleft(), None)
            if message is not None:
                message.ack()

    def ack(self, receipt: object) -> None:
        """See `Desk`. Numbers are never used again, so one of a lost connection finds nothing."""
        assert isinstance(receipt, int)
        self._done.append(receipt)

    def resend(self, parcel: Parcel, delay: float, settled: Settled) -> None:
        """See `Desk`: the original stays unacknowledged meanwhile."""
        if delay <= 0:
            self._post(self._queue, parcel, settled)
        else:
            self._shared.timer.call(delay, lambda: self._post(self._queue, parcel, settled))

    def bury(self, parcel: Parcel, settled: Settled) -> None:
        """See `Desk`."""
        self._post(self._shared.topology.full(DEAD), parcel, settled)

    def _post(self, queue: str, parcel: Parcel, settled: Settled) -> None:
        self._shared.publisher.send([("", queue, True, parcel)], settled, bounded=False)

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """See `Desk`."""
        self._shared.timer.call(delay, action)

    def stop(self) -> None:
        """See the port's `Subscription`."""
        self._stopping.set()
        self._hands.stop()

    def emptied(self) -> None:
        """See `Desk`."""
        self._emptied.set()

    def close(self, timeout: float) -> None:
        """Stop, give back what is still in hand, and end the thread."""
        self.stop()
        self._emptied.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(max(1.0, timeout))
