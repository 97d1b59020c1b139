"""A CloudEvent (1.0) as this bus carries it.

Separate because every transport writes the same envelope, and what is in it is none of the bus's business.
"""

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """One message. `data` is JSON, encoded already: the bus never looks inside."""

    id: str
    #: Past tense for a fact (`stage.finished`), what is wanted for work (`stage.run`).
    type: str
    source: str
    #: What it is about: an execution's id, mostly.
    subject: str = ""
    #: Epoch milliseconds.
    time: int = 0
    data: bytes = b"{}"
    #: CloudEvents extension attributes (lower-case names): `sequence`, `cause`, `traceparent`, …
    extensions: dict[str, str] = {}
