"""What the owner of a shard commits in one transaction: facts, state, messages taken in, messages sent on.

Separate from `entries` because this is the one place where the fence is checked (rule 3).
"""

from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.model.events import EVENT_FORMAT, AnyEvent
from gennaker.core.model.execution import Execution
from gennaker.core.store import commands, entries, projection, snapshots
from gennaker.core.store.commands import Told
from gennaker.core.store.entries import Entry
from gennaker.core.store.statement import Sql


class Change(Struct, frozen=True, kw_only=True):
    """What one message did to an execution."""

    #: The state after its events, folded with the stamp that it carries.
    execution: Execution
    #: At least one.
    events: tuple[AnyEvent, ...]
    #: The id of the event that caused it; empty for none.
    cause: str = ""
    #: The earliest deadline of the execution, epoch milliseconds.
    due_at: int | None = None
    #: Keep the whole state as well.
    snapshot: bool = False


class Batch(Struct, frozen=True, kw_only=True):
    """One transaction of an owner."""

    shard: int
    epoch: int
    #: Epoch milliseconds; the stamp of the messages sent on.
    at: int
    published_upto: int
    changes: tuple[Change, ...] = ()
    #: Rows of commands that were taken in.
    commands_done: tuple[int, ...] = ()
    tell: tuple[Told, ...] = ()


_FENCE = Sql(
    "UPDATE shard SET position = position + ?, published_upto = GREATEST(published_upto, ?), format = GREATEST(format, ?) "
    "WHERE id = ? AND epoch = ? RETURNING position"
)


def commit(connection: Connection, batch: Batch) -> int | None:
    """Write a batch; returns the shard's position afterwards. None: another owner has the shard and nothing is written (rule 3).

    The entries of `changes` get, in their order, the last positions up to the one that is returned. An execution may occur several
    times; its last state counts. Raises sqlalchemy's IntegrityError when an event number of an execution exists already.
    """
    changes = batch.changes
    if not all(change.events for change in changes):
        raise ValueError("a change without events cannot be written; leave it out of the batch")
    format_ = EVENT_FORMAT if changes else 0
    fenced = _FENCE(connection, len(changes), batch.published_upto, format_, batch.shard, batch.epoch).first()
    if fenced is None:
        return None
    last: int = fenced[0]
    if changes:
        first = last - len(changes) + 1
        entries.append(connection, [_entry(batch.shard, first + index, change) for index, change in enumerate(changes)])
        newest = {change.execution.id: change for change in changes}
        projection.write(
            connection, [projection.row(each.execution, batch.shard, each.due_at) for each in newest.values()]
        )
        if kept := {change.execution.id for change in changes if change.snapshot}:
            snapshots.write(connection, [newest[id_].execution for id_ in kept])
    if batch.commands_done:
        commands.delete(connection, batch.commands_done)
    if batch.tell:
        commands.put_all(connection, batch.tell, batch.at)
    return last


def _entry(shard: int, position: int, change: Change) -> Entry:
    execution, count = change.execution, len(change.events)
    return Entry(
        shard=shard,
        position=position,
        execution=execution.id,
        sequence=execution.sequence - count + 1,
        count=count,
        at=execution.stamp,
        application=projection.indexed(execution.application),
        cause=change.cause,
        body=entries.encode(change.events),
    )
