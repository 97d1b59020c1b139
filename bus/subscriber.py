"""Runs a handler of facts: event in, events out.

Separate from the transports because threads, middleware and publishing what comes out are the same on all of them.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from gennaker.bus.event import Event
from gennaker.bus.middleware import around
from gennaker.bus.middleware.call import Again, Buried, Call, Done, Verdict
from gennaker.bus.port import CLOSED, Delivery, Problem, Subscription, Transport

_log = logging.getLogger(__name__)
#: Seconds after which a message comes again when what its handler returned could not be published.
_UNPUBLISHED = 5.0

Handler = Callable[[Event], Iterable[Event] | None]


class Subscriber:
    """One subscription: its queue, its handler, its threads. A message is acknowledged once what it led to is confirmed (rule 20)."""

    def __init__(
        self, transport: Transport, queue_: str, patterns: Sequence[str], handler: Handler, *, threads: int = 4
    ) -> None:
        self._transport = transport
        self._queue = queue_
        self._patterns = patterns
        self._handle = around(lambda call: Done(tuple(handler(call.event) or ())))
        self._deliveries: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"{queue_} {number}", daemon=True) for number in range(threads)
        ]
        self._subscription: Subscription | None = None
        self._stopping = False

    def start(self) -> None:
        """Declare the queue and begin."""
        self._transport.declare_subscriber(self._queue, self._patterns)
        for thread in self._threads:
            thread.start()
        self._subscription = self._transport.consume(self._queue, self._deliveries.put, 2 * len(self._threads))

    def stop(self, timeout: float = 5.0) -> None:
        """Take nothing new, give back what has not begun, wait up to `timeout` seconds for what runs."""
        if self._subscription is None:
            return
        self._subscription.stop()
        self._stopping = True
        for _ in self._threads:
            self._deliveries.put(None)
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (delivery := self._deliveries.get()) is not None:
            if self._stopping:
                delivery.retry(0)
                continue
            call = Call(event=delivery.event, queue=self._queue, deliveries=delivery.deliveries)
            self._settle(delivery, self._handle(call))

    def _settle(self, delivery: Delivery, verdict: Verdict) -> None:
        match verdict:
            case Again():
                delivery.retry(verdict.delay)
            case Buried():
                delivery.reject(verdict.reason, verdict.traceback)
            case Done(events=()):
                delivery.ack()
            case Done():
                self._transport.publish(verdict.events, lambda problem: self._published(delivery, problem))

    def _published(self, delivery: Delivery, problem: Problem) -> None:
        if problem is None:
            delivery.ack()
        elif problem != CLOSED:
            _log.warning("%s: what %s led to was not published: %s", self._queue, delivery.event.id, problem)
            delivery.retry(_UNPUBLISHED)
