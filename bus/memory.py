"""The transport inside one process: no broker, no polling, nothing that outlives the process.

Separate because it is the default daemon's bus and the measure of the others. A message is handed to its consumer in the thread that sends
it, as long as that consumer has credit; otherwise it waits in its queue until an earlier one is settled.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from gennaker.bus.event import Event
from gennaker.bus.letter import MOST_LETTERS
from gennaker.bus.memory_queue import Consumer, Message, Queue
from gennaker.bus.port import (
    CLOSED,
    RETURNED,
    Capabilities,
    DeadLetter,
    Delivery,
    Health,
    QueueStatus,
    Settled,
    Subscription,
)
from gennaker.bus.timer import Timer
from gennaker.bus.topics import Routes

_log = logging.getLogger(__name__)


class MemoryTransport:
    """See `gennaker.bus.port.Transport`."""

    name = "memory"
    capabilities = Capabilities(durable=False, confirms=True, mandatory=True, delivery_limit=False, shared=False)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, Queue] = {}
        self._routes = Routes()
        self._listeners: dict[str, Callable[[Event], None]] = {}
        self._listening = Routes()
        self._numbers = 0
        self._dead: dict[str, DeadLetter] = {}
        self._timer = Timer("bus-memory-timer")
        self._closed = False

    def declare_work(self, queue: str) -> None:
        """See the port."""
        with self._lock:
            self._queue(queue)

    def declare_subscriber(self, queue: str, patterns: Sequence[str]) -> None:
        """See the port."""
        with self._lock:
            self._queue(queue)
            self._routes.add(queue, patterns)

    def _queue(self, name: str) -> Queue:
        if (queue := self._queues.get(name)) is None:
            queue = self._queues[name] = Queue(name, self._later, self._bury)
        return queue

    def send(self, queue: str, events: Sequence[Event], settled: Settled) -> None:
        """See the port. Never waits: the queue is in this process's memory."""
        target = self._queues.get(queue)
        if self._closed or target is None:
            settled(CLOSED if self._closed else RETURNED)
            return
        target.put([Message(target, event) for event in events])
        settled(None)
        target.pump()

    def wants(self, type_: str) -> bool:
        """See the port."""
        return bool(self._routes.of(type_) or self._listening.of(type_))

    def publish(self, events: Sequence[Event], settled: Settled) -> None:
        """See the port."""
        if self._closed:
            settled(CLOSED)
            return
        touched: dict[str, None] = {}
        for event in events:
            for name in self._routes.of(event.type):
                self._queues[name].put((Message(self._queues[name], event),))
                touched[name] = None
        settled(None)
        for name in touched:
            self._queues[name].pump()
        if self._listeners:
            self._tell_listeners(events)

    def _tell_listeners(self, events: Sequence[Event]) -> None:
        for event in events:
            for name in self._listening.of(event.type):
                listener = self._listeners.get(name)
                if listener is not None:
                    try:
                        listener(event)
                    except Exception:
                        _log.exception("a listener failed on %s", event.type)

    def consume(self, queue: str, on_delivery: Callable[[Delivery], None], prefetch: int = 200) -> Subscription:
        """See the port."""
        with self._lock:
            target = self._queue(queue)
        consumer = Consumer(target, on_delivery, prefetch)
        target.join(consumer)
        target.pump()
        return consumer

    def listen(self, patterns: Sequence[str], on_event: Callable[[Event], None]) -> Subscription:
        """See the port. `on_event` runs in the publisher's thread."""
        with self._lock:
            self._numbers += 1
            name = f"listener.{self._numbers}"
            self._listeners[name] = on_event
            self._listening.add(name, patterns)
        return _Listener(lambda: self._unlisten(name))

    def _unlisten(self, name: str) -> None:
        with self._lock:
            self._listeners.pop(name, None)
            self._listening.remove(name)

    def status(self) -> list[QueueStatus]:
        """See the port."""
        with self._lock:
            return [queue.status() for _, queue in sorted(self._queues.items())]

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """See the port."""
        with self._lock:
            return list(self._dead.values())[:limit]

    def drop_dead_letter(self, id_: str) -> DeadLetter | None:
        """See the port."""
        with self._lock:
            return self._dead.pop(id_, None)

    def _bury(self, delivery: Message, reason: str, traceback: str) -> None:
        with self._lock:
            self._numbers += 1
            id_ = f"{self._numbers:08d}"
            self._dead[id_] = DeadLetter(
                id=id_,
                queue=delivery.queue,
                event=delivery.event,
                reason=reason,
                traceback=traceback,
                at=time.time_ns() // 1_000_000,
                deliveries=delivery.deliveries,
            )
            if len(self._dead) > MOST_LETTERS:
                del self._dead[next(iter(self._dead))]
                _log.warning("more than %d dead letters: the oldest is forgotten", MOST_LETTERS)

    def _later(self, delivery: Message, delay: float) -> None:
        queue = delivery.home
        again = Message(queue, delivery.event, deliveries=delivery.deliveries + 1)
        self._timer.call(delay, lambda: queue.add(again))

    def health(self) -> Health:
        """See the port."""
        return Health(up=not self._closed, transport=self.name, reason=CLOSED if self._closed else "")

    def close(self, timeout: float = 5.0) -> None:
        """See the port. Nothing is unconfirmed here, so nothing is waited for."""
        self._closed = True
        self._timer.stop()
        for queue in list(self._queues.values()):
            queue.close()


class _Listener:
    def __init__(self, stop: Callable[[], None]) -> None:
        self.stop = stop
