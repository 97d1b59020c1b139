"""The messages of the inventory: what is to be looked at, what was seen, who can look where.

Separate because the two sides know nothing else of each other: a worker without a database looks, a process with one keeps.
Times are epoch milliseconds of the process that tells them.
"""

import itertools
import os
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from gennaker.bus.event import Event
from gennaker.core.cloud.model import Account

#: Spinnaker's words.
Kind = Literal["serverGroups", "loadBalancers", "securityGroups", "images"]

WANTED = "inventory.wanted"
SEEN = "inventory.seen"
LOOKED = "inventory.looked"
AREAS = "inventory.areas"

_ENCODER = msgspec.json.Encoder()
_NUMBERS = itertools.count(1)


class Wanted(Struct, frozen=True, kw_only=True):
    """Look at an account and region now; at one application only, if it is named (in lower case)."""

    provider: str
    account: str
    region: str
    kinds: tuple[Kind, ...]
    application: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """One thing that a cloud has. `body` is its JSON in this program's own shape."""

    id: str
    name: str
    body: Raw
    application: str = ""
    cluster: str = ""
    #: Ids of a server group's instances.
    instances: tuple[str, ...] = ()


class Seen(Struct, frozen=True, kw_only=True):
    """A part of what a look found. All parts together are everything of the kind there: what they lack is not there."""

    provider: str
    account: str
    region: str
    kind: Kind
    application: str = ""
    #: When the look began: of two, the later one is right.
    started: int
    part: int
    parts: int
    items: tuple[Item, ...]


class Looked(Struct, frozen=True, kw_only=True):
    """A look has ended."""

    provider: str
    account: str
    region: str
    application: str = ""
    started: int
    #: How much there was, of the kinds that could be read.
    counts: dict[str, int]
    #: What went wrong; empty = nothing.
    error: str = ""


class Areas(Struct, frozen=True, kw_only=True):
    """A worker says which accounts of a cloud it can look at."""

    provider: str
    poll_ms: int
    accounts: tuple[Account, ...]


Fact = Wanted | Seen | Looked | Areas


def event(fact: Fact, *, source: str, at: int, extensions: dict[str, str] | None = None) -> Event:
    """A message as it travels; work for a cloud carries the cloud's name in its type."""
    match fact:
        case Wanted():
            type_, subject = wanted_type(fact.provider), f"{fact.account}/{fact.region}"
        case Seen():
            type_, subject = SEEN, f"{fact.account}/{fact.region}"
        case Looked():
            type_, subject = LOOKED, f"{fact.account}/{fact.region}"
        case Areas():
            type_, subject = AREAS, fact.provider
    return Event(
        id=f"{type_}/{os.getpid()}/{at}/{next(_NUMBERS)}",
        type=type_,
        source=source,
        subject=subject,
        time=at,
        data=_ENCODER.encode(fact),
        extensions=extensions or {},
    )


def wanted_type(provider: str) -> str:
    """The type, and the name of the queue, of requests to look at a cloud."""
    return f"{WANTED}.{provider}"


def read(given: Event) -> Fact:
    """What an event of this package says. Raises msgspec.MsgspecError for one that cannot be read."""
    types: dict[str, type[Fact]] = {SEEN: Seen, LOOKED: Looked, AREAS: Areas}
    found: Fact = msgspec.json.decode(given.data, type=types.get(given.type, Wanted))
    return found
