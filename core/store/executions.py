"""Accept, load and find executions.

Separate from `batch`: here is everything that may be done without owning the shard.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from sqlalchemy import Connection

from gennaker.core.engine.apply import fold
from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.model.events import AnyEvent
from gennaker.core.model.execution import Execution
from gennaker.core.model.ids import shard_of
from gennaker.core.model.status import Status
from gennaker.core.services import Search
from gennaker.core.store import commands, entries, projection, snapshots, tombstones
from gennaker.core.store import keys as accepted
from gennaker.core.store import search as searching
from gennaker.core.store.commands import Told
from gennaker.core.store.database import Database, shards_of
from gennaker.core.store.entries import Entry
from gennaker.core.store.locks import lock
from gennaker.core.store.projection import indexed
from gennaker.core.store.statement import Sql

#: How many ids are asked for in one statement.
_CHUNK = 500
#: A colon would make it look like a definition in the log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

_DUE = Sql("SELECT id, due_at FROM execution WHERE shard = ? AND active AND due_at IS NOT NULL")
_ACTIVE = Sql("SELECT id FROM execution WHERE shard = ? AND active")
_SEQUENCE = Sql("SELECT sequence FROM execution WHERE id = ?")
_STATE = Sql("SELECT active FROM execution WHERE id = ?")


def accept(
    connection: Connection,
    execution: Execution,
    events: Iterable[AnyEvent],
    *,
    keys: Sequence[str],
    at: int,
    begin: Told | None,
) -> str | None:
    """Write a new execution, which is the fold of `events`, and what it is to be told first; None = accepted (rules 5 and 6).

    When one of the idempotency `keys`, or the id, was accepted before, nothing is written and the first id is returned; so it is for
    an execution that was cancelled before it came (rule 16) and for one that was removed long since (rule 23). Raises InvalidRequest for
    an id that cannot be one.
    """
    if not _ID.fullmatch(execution.id):
        raise InvalidRequest(
            f"{execution.id!r} is no id; expected up to 128 letters, digits, -, _ and .", "executionId"
        )
    if (first := accepted.take(connection, keys, execution.id, at)) is not None:
        return first
    shard = shard_of(execution.id, shards_of(connection))
    row = projection.row(execution, shard, None)
    if tombstones.exists(connection, execution.id) or not projection.write_first(connection, row):
        accepted.give_back(connection, keys)
        return execution.id
    events = tuple(events)
    position = entries.take_position(connection, shard)  # late, for the shard's owner waits from here on
    entry = Entry(
        shard=shard,
        position=position,
        execution=execution.id,
        sequence=execution.sequence - len(events) + 1,
        count=len(events),
        at=execution.stamp,
        application=indexed(execution.application),
        cause="",
        body=entries.encode(events),
    )
    entries.append(connection, [entry])
    if begin is not None:
        commands.put(connection, begin, shard, at)
    return None


def load(connection: Connection, id_: str) -> Execution | None:
    """An execution as it is now: the kept state and the fold of what came after it."""
    return load_many(connection, [id_]).get(id_)


def load_many(connection: Connection, ids: Sequence[str]) -> dict[str, Execution]:
    """Executions by id; those that do not exist are left out."""
    loaded: dict[str, Execution] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        loaded |= snapshots.read(connection, chunk)
        tails = entries.tails(connection, chunk, {id_: each.sequence for id_, each in loaded.items()})
        for id_, tail in groupby(tails, key=lambda entry: entry.execution):
            loaded[id_] = _fold(loaded.get(id_), tail)
    return loaded


def due(connection: Connection, shard: int) -> list[tuple[str, int]]:
    """Every execution of a shard that has a deadline, with the earliest."""
    return [(id_, at) for id_, at in _DUE(connection, shard)]


def active(connection: Connection, shard: int) -> list[str]:
    """The executions that the owner of a shard looks after: not complete, cleaning up, with a slot or a deadline."""
    return sorted(_ACTIVE(connection, shard).scalars())


def statuses(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Status, int]]:
    """Status and round of executions; those that do not exist are left out."""
    found: dict[str, tuple[Status, int]] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        marks = ", ".join("?" * len(chunk))
        rows = Sql(f"SELECT id, status, round FROM execution WHERE id IN ({marks})")(connection, *chunk)
        found |= {id_: (Status(status), round_) for id_, status, round_ in rows}
    return found


def delete(connection: Connection, id_: str, *, at: int) -> None:
    """Remove a finished execution at an instant (epoch milliseconds) and leave a tombstone. Raises NotFound, and Refused while its owner has work with it."""
    shard = shard_of(id_, shards_of(connection))
    entries.lock(connection, shard)
    lock(connection, "tell")
    state = _STATE(connection, id_).first()
    if state is None:
        raise NotFound(f"there is no execution {id_}")
    if state[0] or commands.waiting(connection, id_):
        raise Refused(f"execution {id_} has not ended; cancel it first and wait until it has cleaned up")
    tombstones.replace(connection, [id_], at)


class SqlExecutions:
    """Reads executions from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, execution: str) -> Execution:
        """An execution as it is now. Raises NotFound."""
        with self._database.reading() as connection:
            found = load(connection, execution)
        if found is None:
            raise NotFound(f"there is no execution {execution}")
        return found

    def sequence(self, execution: str) -> int:
        """The number of its newest event. Raises NotFound."""
        with self._database.reading() as connection:
            found = _SEQUENCE(connection, execution).first()
        if found is None:
            raise NotFound(f"there is no execution {execution}")
        return int(found[0])

    def find(self, search: Search) -> list[Execution]:
        """The executions that a search finds, in its order."""
        with self._database.reading() as connection:
            ids = searching.ids(connection, search)
            found = load_many(connection, ids)
        return [found[id_] for id_ in ids if id_ in found]

    def at(self, execution: str, sequence: int) -> Execution:
        """An execution as it was after its event number `sequence`. Raises NotFound when it has no such event."""
        with self._database.reading() as connection:
            state = snapshots.read(connection, [execution], upto=sequence).get(execution)
            tail = list(entries.tails(connection, [execution], {execution: state.sequence} if state else {}))
        for entry in tail:
            if entry.sequence > sequence:
                break
            state = fold(state, entries.decode(entry)[: sequence - entry.sequence + 1], entry.at)
        if state is None or state.sequence != sequence:
            raise NotFound(f"execution {execution} has no event {sequence}")
        return state


def _fold(state: Execution | None, tail: Iterator[Entry]) -> Execution:
    for entry in tail:
        state = fold(state, entries.decode(entry), entry.at)
    assert state is not None
    return state
