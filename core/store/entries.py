"""The log: one entry for all events that one message caused, in the order in which they were committed.

Separate from `batch` because everybody reads the log, and only the owner of a shard and the acceptance of a request append to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import Connection

from gennaker.core.model.events import EVENT_FORMAT, AnyEvent
from gennaker.core.store.statement import Insert, Sql, as_bytes
from gennaker.core.store.tables import entry as table


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of the log."""

    shard: int
    #: Without gaps within the shard, in the order of commits (rule 4).
    position: int
    #: An execution, or `pipeline:<id>`, `application:<name>`, `project:<id>`.
    execution: str
    #: The number of its first event.
    sequence: int
    count: int
    at: int
    application: str
    #: The id of the event that caused it; empty for none.
    cause: str
    #: A JSON array of events.
    body: bytes


_COLUMNS = ", ".join(table.columns.keys())
_AFTER = Sql(f"SELECT {_COLUMNS} FROM entry WHERE shard = ? AND position > ? ORDER BY position LIMIT ?")
_OF_EXECUTION = Sql(f"SELECT {_COLUMNS} FROM entry WHERE execution = ? AND sequence > ? ORDER BY sequence")
_TAKE_POSITION = Sql(
    "UPDATE shard SET position = position + 1, format = GREATEST(format, ?) WHERE id = ? RETURNING position"
)
_LOCK = Sql("SELECT id FROM shard WHERE id = ? {lock}")
_TAILS = (
    f"SELECT {_COLUMNS} FROM entry WHERE sequence > ? AND execution IN ({{marks}}) "
    "AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.execution = entry.execution) ORDER BY execution, sequence"
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(tuple[AnyEvent, ...])
_INSERT = Insert(table)


def encode(events: Iterable[AnyEvent]) -> bytes:
    """The body of an entry with these events."""
    return _encoder.encode(tuple(events))


def decode(entry: Entry) -> tuple[AnyEvent, ...]:
    """The events of an execution's entry. Raises ValueError, with the place of the entry, when they are none that this release knows."""
    try:
        return _decoder.decode(entry.body)
    except msgspec.ValidationError as error:
        place = f"shard {entry.shard}, position {entry.position}, execution {entry.execution}"
        raise ValueError(
            f"the log cannot be read at {place}: {error}; expected events of format ≤ {EVENT_FORMAT}"
        ) from error


def after(connection: Connection, shard: int, position: int, limit: int) -> list[Entry]:
    """The shard's entries after a position, in order."""
    return [_entry(row) for row in _AFTER(connection, shard, position, limit)]


def of_execution(connection: Connection, id_: str, after_sequence: int = 0) -> list[Entry]:
    """The entries of an execution, or of a definition, that begin after a sequence, in order."""
    return [_entry(row) for row in _OF_EXECUTION(connection, id_, after_sequence)]


def append(connection: Connection, written: Sequence[Entry]) -> None:
    """Write entries. A collision with what is written already raises (rule 3)."""
    _INSERT(connection, [astuple(entry) for entry in written])


def take_position(connection: Connection, shard: int) -> int:
    """The shard's next position, for one who is not its owner; the shard's row stays locked until the transaction ends (rule 4)."""
    position: int = _TAKE_POSITION(connection, EVENT_FORMAT, shard).scalar_one()
    return position


def lock(connection: Connection, shard: int) -> None:
    """Let nobody append to a shard until the transaction ends."""
    _LOCK(connection, shard)


def tails(connection: Connection, ids: Sequence[str], known: Mapping[str, int]) -> Iterator[Entry]:
    """The entries of executions that were not removed, by execution, in order; of each only those after the sequence that is known."""
    if not ids:
        return
    least = min((known.get(id_, 0) for id_ in ids), default=0)
    rows = Sql(_TAILS.format(marks=", ".join("?" * len(ids))))(connection, least, *ids)
    for row in rows:
        if row.sequence > known.get(row.execution, 0):
            yield _entry(row)


def _entry(row: Any) -> Entry:
    shard, position, execution, sequence, count, at, application, cause, body = row
    return Entry(
        shard=shard,
        position=position,
        execution=execution,
        sequence=sequence,
        count=count,
        at=at,
        application=application,
        cause=cause,
        body=as_bytes(body),
    )
