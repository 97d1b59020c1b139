"""The contract of every transport: what may be sent, what is promised, who is told.

Separate from the transports so that nothing above this package knows which one runs. All methods may be called from any thread;
callbacks come on a thread of the transport and must not block: they hand over to their own threads.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from gennaker.bus.event import Event


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a transport promises. Whoever needs more must do without it or say so."""

    #: Messages outlive the processes that use the bus; without it, whoever owns the work sends it again after a start.
    durable: bool
    #: `settled` comes when the broker has taken the message, not when the client has.
    confirms: bool
    #: A message that no queue takes is reported.
    mandatory: bool
    #: Deliveries are counted, and one that kills its consumers again and again goes to the dead letters.
    delivery_limit: bool
    #: Other processes see the same messages.
    shared: bool


#: Why a message was not taken: `returned` (no such queue) or a text; None = it is safe with the broker.
Problem = str | None
Settled = Callable[[Problem], None]

RETURNED = "returned"
CLOSED = "the bus is closed"


class Delivery(Protocol):
    """One message in the hands of a consumer, until it is settled. Settling twice does nothing."""

    event: Event
    #: It may have been delivered before.
    redelivered: bool
    queue: str
    #: Which delivery of it this is, from 1; stays 1 where the transport does not count.
    deliveries: int

    def ack(self) -> None:
        """It is done with."""

    def reject(self, reason: str, traceback: str = "") -> None:
        """It can never be handled: put it with the dead letters, and say why."""

    def retry(self, delay: float) -> None:
        """Deliver it again after `delay` seconds."""


class Subscription(Protocol):
    """A consumer that runs."""

    def stop(self) -> None:
        """Take nothing new; what is delivered may still be settled."""


class Health(Struct, frozen=True, kw_only=True):
    """How the bus is now."""

    up: bool
    transport: str
    #: One sentence when it is not up, or when a broker's alarm holds publishers back.
    reason: str = ""
    #: Messages sent and not confirmed yet.
    outstanding: int = 0
    #: The broker has stopped publishers (rule 18).
    blocked: bool = False


class QueueStatus(Struct, frozen=True, kw_only=True):
    """A queue as `gennaker bus status` shows it. None = the transport cannot tell."""

    name: str
    messages: int | None = None
    consumers: int | None = None


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A message that could not be handled, with the reason."""

    id: str
    queue: str
    event: Event
    reason: str
    traceback: str = ""
    at: int = 0
    deliveries: int | None = None


class Transport(Protocol):
    """A way for messages to travel."""

    name: str
    capabilities: Capabilities

    def declare_work(self, queue: str) -> None:
        """Make sure a durable work queue exists, bound to the direct exchange by its own name."""

    def declare_subscriber(self, queue: str, patterns: Sequence[str]) -> None:
        """Make sure a durable queue exists that gets the facts whose type matches one of `patterns` (`stage.*`, `#`)."""

    def send(self, queue: str, events: Sequence[Event], settled: Settled) -> None:
        """Put work into a queue: several events travel as one envelope and are delivered one by one.

        `settled` is called exactly once. Never blocks on the broker; when it is away the events wait in order, bounded by `window`:
        beyond it the call blocks until there is room. On reconnect what was not confirmed is sent again.
        """

    def wants(self, type_: str) -> bool:
        """Whether a fact of this type may have a reader now; where it is False, the fact need not be made. True when only the broker knows."""

    def publish(self, events: Sequence[Event], settled: Settled) -> None:
        """Tell facts to whoever has subscribed, in order, routed by each event's type. Nobody listening is no problem."""

    def consume(self, queue: str, on_delivery: Callable[[Delivery], None], prefetch: int = 200) -> Subscription:
        """Hand the messages of a queue to `on_delivery`, at most `prefetch` unsettled ones at a time.

        After a reconnect it goes on by itself; what was not settled comes again, marked as redelivered.
        """

    def listen(self, patterns: Sequence[str], on_event: Callable[[Event], None]) -> Subscription:
        """Facts from now on, for this process only, without any promise."""

    def status(self) -> list[QueueStatus]:
        """The queues that this bus (or prefix) has, as far as the transport can tell."""

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """The dead letters, oldest first; they stay where they are."""

    def drop_dead_letter(self, id_: str) -> DeadLetter | None:
        """Remove one dead letter and return it; None when there is none with this id."""

    def health(self) -> Health:
        """How the bus is now."""

    def close(self, timeout: float = 5.0) -> None:
        """Wait up to `timeout` seconds for what is unconfirmed, then let go of everything."""
