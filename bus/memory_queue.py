"""A queue in memory, the consumers that compete for it and the messages in their hands.

Separate from `memory` because order, credit and fairness are decided here and nowhere else.
"""

import logging
import threading
import traceback as traces
from collections import deque
from collections.abc import Callable, Iterable

from gennaker.bus.event import Event
from gennaker.bus.port import Delivery, QueueStatus

_log = logging.getLogger(__name__)


class Queue:
    """Waiting messages and the consumers that compete for them. One thread at a time hands over, so order is kept."""

    def __init__(
        self,
        name: str,
        later: "Callable[[Message, float], None]",
        bury: "Callable[[Message, str, str], None]",
    ) -> None:
        self.name = name
        self.later = later
        self.bury = bury
        self._lock = threading.Lock()
        self._waiting: deque[Message] = deque()
        self._consumers: deque[Consumer] = deque()
        self._pumping = False

    def put(self, deliveries: "Iterable[Message]") -> None:
        self._waiting.extend(deliveries)

    def add(self, message: "Message") -> None:
        self.put((message,))
        self.pump()

    def join(self, consumer: "Consumer") -> None:
        with self._lock:
            self._consumers.append(consumer)

    def leave(self, consumer: "Consumer") -> None:
        with self._lock:
            if consumer in self._consumers:
                self._consumers.remove(consumer)

    def close(self) -> None:
        with self._lock:
            self._consumers.clear()
            self._waiting.clear()

    def status(self) -> QueueStatus:
        with self._lock:
            held = sum(consumer.held for consumer in self._consumers)
            return QueueStatus(name=self.name, messages=len(self._waiting) + held, consumers=len(self._consumers))

    def settle(self, consumer: "Consumer | None") -> None:
        if consumer is not None:
            with self._lock:
                consumer.held -= 1
        if self._waiting:
            self.pump()

    def pump(self) -> None:
        """Hand over what can be handed over; when another thread is at it already, that one does it."""
        while True:
            with self._lock:
                if self._pumping or (pair := self._next()) is None:
                    return
                self._pumping = True
            delivery, consumer = pair
            try:
                consumer.on_delivery(delivery)
            except Exception as error:
                _log.exception("a consumer of %s failed on %s", self.name, delivery.event.type)
                delivery.reject(f"{type(error).__name__}: {error}", traces.format_exc())
            finally:
                self._pumping = False

    def _next(self) -> "tuple[Message, Consumer] | None":
        if not self._waiting:
            return None
        for _ in range(len(self._consumers)):
            consumer = self._consumers[0]
            self._consumers.rotate(-1)
            if consumer.held < consumer.prefetch:
                consumer.held += 1
                delivery = self._waiting.popleft()
                delivery.consumer = consumer
                return delivery, consumer
        return None


class Consumer:
    """See `gennaker.bus.port.Subscription`."""

    def __init__(self, queue: Queue, on_delivery: Callable[[Delivery], None], prefetch: int) -> None:
        self.queue = queue
        self.on_delivery = on_delivery
        self.prefetch = prefetch
        self.held = 0

    def stop(self) -> None:
        """See the port."""
        self.queue.leave(self)
        self.queue.pump()


class Message:
    """See `gennaker.bus.port.Delivery`."""

    __slots__ = ("_settled", "consumer", "deliveries", "event", "home", "queue", "redelivered")

    def __init__(self, home: Queue, event: Event, deliveries: int = 1) -> None:
        self.home = home
        self.queue = home.name
        self.event = event
        self.deliveries = deliveries
        self.redelivered = deliveries > 1
        self.consumer: Consumer | None = None
        self._settled = False

    def ack(self) -> None:
        """See the port."""
        if not self._settled:
            self._settled = True
            self.home.settle(self.consumer)

    def reject(self, reason: str, traceback: str = "") -> None:
        """See the port."""
        if not self._settled:
            self._settled = True
            self.home.bury(self, reason, traceback)
            self.home.settle(self.consumer)

    def retry(self, delay: float) -> None:
        """See the port."""
        if not self._settled:
            self._settled = True
            self.home.later(self, delay)
            self.home.settle(self.consumer)
