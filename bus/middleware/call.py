"""What goes through the middleware: one call of a handler, and what is to become of the message.

Separate because every middleware knows these and none knows another.
"""

from collections.abc import Callable

from msgspec import Struct

from gennaker.bus.event import Event


class Call(Struct, frozen=True, kw_only=True):
    """A message that is to be handled."""

    event: Event
    queue: str
    #: Which delivery of it this is, from 1.
    deliveries: int = 1


class Done(Struct, frozen=True):
    """It was handled: publish these, then acknowledge it."""

    events: tuple[Event, ...] = ()


class Again(Struct, frozen=True):
    """Deliver it again after `delay` seconds."""

    delay: float
    reason: str


class Buried(Struct, frozen=True):
    """It cannot be handled: put it with the dead letters."""

    reason: str
    traceback: str = ""


class Rejected(Exception):
    """A handler raises this for what no other attempt would change; the text becomes the reason of the dead letter."""


Verdict = Done | Again | Buried
Handle = Callable[[Call], Verdict]
Middleware = Callable[[Handle], Handle]
