"""The messages of one queue in the hands of one consumer: unpacked, counted, handed over and settled one by one.

Separate from the broker clients because credit, envelopes (rule 12), retries and dead letters are the same for all of them; a client only
has to fill in `Desk`.
"""

import logging
import threading
import traceback as traces
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from gennaker.bus.event import Event
from gennaker.bus.letter import bury, deliveries
from gennaker.bus.port import CLOSED, Delivery, Problem, Settled
from gennaker.bus.topics import matches
from gennaker.bus.wire import Parcel, Undecodable, pack_one, unpack

_log = logging.getLogger(__name__)
#: Seconds after which a copy that the broker did not take is tried again.
_AGAIN = 1.0


class Desk(Protocol):
    """What a broker client does for the messages in hand."""

    def ack(self, receipt: object) -> None:
        """The broker's message is done with."""

    def resend(self, parcel: Parcel, delay: float, settled: Settled) -> None:
        """Put a copy into the same queue after `delay` seconds."""

    def bury(self, parcel: Parcel, settled: Settled) -> None:
        """Put a copy with the dead letters."""

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Do something after `delay` seconds."""

    def emptied(self) -> None:
        """After a stop: nothing is in hand any more."""


class Arrival(Struct, frozen=True):
    """A message as the broker delivered it."""

    content_type: str | None
    headers: Mapping[str, Any]
    body: bytes
    redelivered: bool
    #: It came through the exchange of the facts.
    is_fact: bool


class Held:
    """One message of the broker and how many of its items are not settled."""

    __slots__ = ("receipt", "remaining")

    def __init__(self, receipt: object, remaining: int) -> None:
        self.receipt = receipt
        self.remaining = remaining


class Item:
    """See `gennaker.bus.port.Delivery`."""

    __slots__ = ("_hands", "_settled", "deliveries", "event", "held", "queue", "redelivered")

    def __init__(self, hands: "Hands", held: Held, event: Event, count: int, redelivered: bool) -> None:
        self._hands = hands
        self._settled = False
        self.held = held
        self.event = event
        self.queue = hands.queue
        self.deliveries = count
        self.redelivered = redelivered

    def ack(self) -> None:
        """See the port."""
        if not self._settled:
            self._settled = True
            self._hands.settled(self)

    def reject(self, reason: str, traceback: str = "") -> None:
        """See the port. The original is acknowledged once the broker has the copy."""
        if not self._settled:
            self._settled = True
            self._hands.reject(self, reason, traceback)

    def retry(self, delay: float) -> None:
        """See the port. The original is acknowledged once the broker has the copy."""
        if not self._settled:
            self._settled = True
            self._hands.retry(self, delay)


class Hands:
    """May be used from any thread."""

    def __init__(
        self,
        queue: str,
        on_delivery: Callable[[Delivery], None],
        prefetch: int,
        desk: Desk,
        patterns: Sequence[str] = (),
    ) -> None:
        self.queue = queue
        self._on_delivery = on_delivery
        self._prefetch = prefetch
        self._desk = desk
        #: The facts this queue wants: an envelope may hold others as well. None named = all.
        self._patterns = patterns
        self._lock = threading.Lock()
        self._waiting: deque[Item] = deque()
        self._in_hand = 0
        self._pumping = False
        self._stopped = False

    def take(self, receipt: object, arrival: Arrival) -> None:
        """A message has come."""
        if self._stopped:
            return
        count = deliveries(arrival.headers)
        try:
            events = unpack(arrival.content_type, arrival.headers, arrival.body)
        except Undecodable as error:
            raw = Parcel(content_type=arrival.content_type or "", headers=_text(arrival.headers), body=arrival.body)
            letter = bury(raw, queue=self.queue, reason=f"undecodable: {error}", deliveries=count)
            self._surely(lambda done: self._desk.bury(letter, done), lambda: self._desk.ack(receipt))
            return
        if arrival.is_fact and self._patterns:
            events = tuple(event for event in events if matches(self._patterns, event.type))
        if not events:
            self._desk.ack(receipt)
        elif arrival.redelivered and len(events) > 1:
            self._take_apart(receipt, events, count)
        else:
            held = Held(receipt, len(events))
            again = arrival.redelivered or count > 1
            self._waiting.extend(Item(self, held, event, count, again) for event in events)
            self.pump()

    def _take_apart(self, receipt: object, events: Sequence[Event], count: int) -> None:
        """Send the items of an envelope that came again singly, so that one which kills its consumer does so alone."""
        held = Held(receipt, len(events))
        for event in events:
            self._resend(_marked(event, max(2, count)), 0.0, lambda: self._less(held))

    def pump(self) -> None:
        """Hand over what the credit allows; when another thread is at it already, that one does it."""
        while True:
            with self._lock:
                if self._pumping or self._stopped or not self._waiting or self._in_hand >= self._prefetch:
                    return
                item = self._waiting.popleft()
                self._in_hand += 1
                self._pumping = True
            try:
                self._on_delivery(item)
            except Exception as error:
                _log.exception("a consumer of %s failed on %s", self.queue, item.event.type)
                item.reject(f"{type(error).__name__}: {error}", traces.format_exc())
            finally:
                self._pumping = False

    def settled(self, item: Item) -> None:
        """An item is done with."""
        self._less(item.held)
        with self._lock:
            self._in_hand -= 1
            emptied = self._stopped and self._in_hand == 0
        if emptied:
            self._desk.emptied()
        elif self._waiting:
            self.pump()

    def _less(self, held: Held) -> None:
        with self._lock:
            held.remaining -= 1
            last = held.remaining == 0
        if last:
            self._desk.ack(held.receipt)

    def reject(self, item: Item, reason: str, traceback: str) -> None:
        """An item can never be handled."""
        letter = bury(
            pack_one(item.event), queue=self.queue, reason=reason, traceback=traceback, deliveries=item.deliveries
        )
        self._surely(lambda done: self._desk.bury(letter, done), lambda: self.settled(item))

    def retry(self, item: Item, delay: float) -> None:
        """An item is to come again."""
        self._resend(_marked(item.event, item.deliveries + 1), delay, lambda: self.settled(item))

    def _resend(self, parcel: Parcel, delay: float, then: Callable[[], None]) -> None:
        self._surely(lambda done: self._desk.resend(parcel, delay, done), then)

    def _surely(self, attempt: Callable[[Settled], None], then: Callable[[], None]) -> None:
        """Do it until the broker has taken it; the original stays unacknowledged meanwhile, so nothing is lost."""

        def done(problem: Problem) -> None:
            if problem is None:
                then()
            elif problem != CLOSED:
                _log.warning("the broker did not take a copy of a message of %s: %s", self.queue, problem)
                self._desk.later(_AGAIN, lambda: attempt(done))

        attempt(done)

    def stop(self) -> None:
        """Hand over nothing more. What waits stays with the broker, which gives it to others."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            self._waiting.clear()
            emptied = self._in_hand == 0
        if emptied:
            self._desk.emptied()

    def lost(self) -> None:
        """The connection is gone: what was not handed over will come again."""
        with self._lock:
            self._waiting.clear()


def _marked(event: Event, count: int) -> Parcel:
    parcel = pack_one(event)
    parcel.headers["bus_deliveries"] = str(count)
    return parcel


def _text(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if isinstance(value, str)}
