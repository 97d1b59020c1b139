"""The event log as a stream: `services.Live` over the database.

Separate from the relay, which publishes the same log once: here every reader has a cursor of its own (rule 21). News are only a hint,
given by whoever in this process has just committed, by the bus, and by a slow look at the shards' positions while somebody listens.
"""

import base64
import binascii
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from msgspec import Struct

from gennaker.bus.port import Transport
from gennaker.core.errors import InvalidRequest, Unavailable
from gennaker.core.services import Happening
from gennaker.core.store import entries, shards
from gennaker.core.store.database import Database
from gennaker.core.store.entries import Entry

#: Seconds between two looks at the positions while somebody listens.
SWEEP = 1.0
_VERSION = "1"


class _Kind(Struct, frozen=True):
    type: str = ""


_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_KIND = msgspec.json.Decoder(_Kind)


class Place(NamedTuple):
    """Where a reader stands in one shard: everything before `position` is read, and of the entry there `seen` events (0 = all)."""

    position: int
    seen: int = 0


class LogLive:
    """Reads the log; calls back when there may be more. With a `transport`, what other processes publish is news too."""

    def __init__(self, database: Database, transport: Transport | None = None, *, sweep: float = SWEEP) -> None:
        self._database = database
        self._transport = transport
        self._sweep = sweep
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next = 0
        self._idle: threading.Event | None = None

    def now(self) -> str:
        """The cursor of this moment."""
        return _cursor([Place(position) for position in self._positions()])

    def after(self, cursor: str, limit: int = 500) -> list[Happening]:
        """What happened after a cursor, oldest first. Raises InvalidRequest for what is no cursor, Unavailable."""
        places = _places(cursor, self._database.shards)
        with self._database.reading() as connection:
            found = [
                entry
                for shard, place in enumerate(places)
                for entry in entries.after(connection, shard, place.position - bool(place.seen), limit)
            ]
        found.sort(key=lambda entry: (entry.at, entry.shard, entry.position))
        return _told(found, places, limit)

    def of_execution(self, execution: str, after_sequence: int = 0) -> list[Happening]:
        """The events of one execution (or `pipeline:<id>` …) after a sequence, oldest first; they have no cursor."""
        with self._database.reading() as connection:
            found = entries.of_execution(connection, execution)
        return [
            _happening(entry, entry.sequence + index, event, "")
            for entry in found
            for index, event in enumerate(_RAW.decode(entry.body))
            if entry.sequence + index > after_sequence
        ]

    def news(self) -> None:
        """Tell everybody who listens that there may be more. Never blocks."""
        for callback in list(self._callbacks.values()):
            callback()

    def on_news(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called, from any thread, when there may be news; returns what ends that."""
        with self._lock:
            self._next += 1
            number = self._next
            self._callbacks[number] = callback
            if self._idle is None:
                self._idle = threading.Event()
                threading.Thread(target=self._watch, args=(self._idle,), name="live", daemon=True).start()

        def end() -> None:
            with self._lock:
                self._callbacks.pop(number, None)
                if not self._callbacks and self._idle is not None:
                    self._idle.set()
                    self._idle = None

        return end

    def _watch(self, idle: threading.Event) -> None:
        subscription = self._transport.listen(["#"], lambda _event: self.news()) if self._transport else None
        try:
            seen: list[int] = []
            while not idle.wait(self._sweep):
                try:
                    positions = self._positions()
                except Unavailable:
                    continue
                if positions != seen:
                    seen = positions
                    self.news()
        finally:
            if subscription is not None:
                subscription.stop()

    def _positions(self) -> list[int]:
        with self._database.reading() as connection:
            return [shard.position for shard in shards.read(connection)]


def _told(found: list[Entry], places: list[Place], limit: int) -> list[Happening]:
    """The first events of some entries, each with the cursor behind it."""
    told: list[Happening] = []
    for entry in found:
        place = places[entry.shard]
        seen = place.seen if place.position == entry.position else 0
        for index, event, last in _events(entry):
            if index < seen:
                continue
            if len(told) == limit:
                return told
            places[entry.shard] = Place(entry.position, 0 if last else index + 1)
            told.append(_happening(entry, entry.sequence + index, event, _cursor(places)))
    return told


def _events(entry: Entry) -> Iterator[tuple[int, bytes, bool]]:
    events = _RAW.decode(entry.body)
    for index, event in enumerate(events):
        yield index, bytes(event), index == len(events) - 1


def _happening(entry: Entry, sequence: int, event: bytes | msgspec.Raw, cursor: str) -> Happening:
    return Happening(
        cursor=cursor,
        id=f"{entry.execution}:{sequence}",
        type=_KIND.decode(event).type,
        subject=entry.execution,
        application=entry.application,
        time=entry.at,
        data=bytes(event),
    )


def _cursor(places: list[Place]) -> str:
    text = ",".join(f"{place.position}.{place.seen}" if place.seen else str(place.position) for place in places)
    return base64.urlsafe_b64encode(f"{_VERSION}:{text}".encode()).decode().rstrip("=")


def _places(cursor: str, count: int) -> list[Place]:
    try:
        plain = base64.b64decode(cursor.replace("-", "+").replace("_", "/") + "=" * (-len(cursor) % 4), validate=True)
        version, _, text = plain.decode("ascii").partition(":")
        places = [Place(*(int(part) for part in item.split("."))) for item in text.split(",")]
    except (binascii.Error, UnicodeError, ValueError, TypeError):
        places, version = [], ""
    good = all(0 <= place.position < 1 << 63 and 0 <= place.seen < 1 << 31 for place in places)
    if version != _VERSION or len(places) != count or not good:
        raise InvalidRequest("is no cursor of this daemon's event stream; leave it out to begin now", "Last-Event-ID")
    return places
