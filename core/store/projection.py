"""The small columns of an execution by which lists and filters find it.

Separate from `batch` because an acceptance writes them too.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from gennaker.core.model.execution import Execution
from gennaker.core.store.statement import Insert, Row, update_all
from gennaker.core.store.tables import execution as table

_LONGEST = 512
#: What changes after the request was accepted.
_CHANGING = ("status", "start_time", "end_time", "due_at", "active", "slot", "round", "sequence")

_UPSERT = Insert(table, on_conflict=f"(id) DO UPDATE SET {update_all(_CHANGING)}")
_FIRST = Insert(table, on_conflict="DO NOTHING")


def write(connection: Connection, rows: Sequence[Row]) -> None:
    """Write rows made by `row`, at most one for each execution, over what is there."""
    _UPSERT(connection, rows)


def write_first(connection: Connection, row_: Row) -> bool:
    """Write the row of a new execution; False when its id exists."""
    return _FIRST(connection, [row_]) == 1


def row(execution: Execution, shard: int, due_at: int | None) -> Row:
    """The columns of an execution, in the order of the table.

    It is active while its owner has to look after it: not complete, cleaning up, with a slot, or with a deadline.
    """
    return (
        execution.id,
        shard,
        execution.kind,
        indexed(execution.application),
        indexed(execution.name),
        indexed(execution.pipeline_config_id),
        str(execution.status),
        execution.build_time,
        execution.start_time,
        execution.end_time,
        due_at,
        not execution.status.complete or bool(execution.active) or execution.slot != "" or due_at is not None,
        execution.slot,
        execution.round,
        execution.sequence,
        indexed(execution.trigger.get("type")),
        indexed(execution.trigger.get("eventId")),
        execution.parent,
    )


def indexed(value: object) -> str:
    """Text that every database can index: nothing but text, no NUL, no more than an index takes."""
    return value.replace("\x00", "")[:_LONGEST] if isinstance(value, str) else ""
