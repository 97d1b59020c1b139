"""What executions are told and have not taken in yet (rule 5).

Separate from the log because a command is a wish: it is deleted when the owner has decided what comes of it.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.model.ids import shard_of
from gennaker.core.model.messages import AnyMessage
from gennaker.core.store.database import shards_of
from gennaker.core.store.locks import lock
from gennaker.core.store.statement import Insert, Sql
from gennaker.core.store.tables import command as table


class Told(Struct, frozen=True, kw_only=True):
    """A message for an execution, stored as a row."""

    execution: str
    message: AnyMessage
    #: The same id twice is one row (rule 7).
    id: str


class CommandRow(Struct, frozen=True, kw_only=True):
    """A message that waits for the owner of its execution."""

    row: int
    execution: str
    message: AnyMessage
    at: int
    id: str


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)
_INSERT = Insert(table, ("shard", "execution", "message_id", "at", "body"), on_conflict="(message_id) DO NOTHING")
_PENDING = Sql("SELECT id, execution, body, at, message_id FROM command WHERE shard = ? AND id > ? ORDER BY id LIMIT ?")
_WAITING = Sql("SELECT 1 FROM command WHERE execution = ? LIMIT 1")
_DELETE_ONE = "DELETE FROM command WHERE id = ?"
_DELETE_ALL = "DELETE FROM command WHERE id IN (SELECT value::bigint FROM json_array_elements_text(%s::json))"


def put(connection: Connection, told: Told, shard: int, at: int) -> None:
    """Store a message for an execution of a shard, at an instant in epoch milliseconds."""
    _write(connection, [(shard, told, at)])


def put_all(connection: Connection, told: Iterable[Told], at: int) -> None:
    """Store messages for executions of any shard."""
    shards = shards_of(connection)
    _write(connection, [(shard_of(each.execution, shards), each, at) for each in told])


def pending(connection: Connection, shard: int, after_row: int, limit: int) -> list[CommandRow]:
    """The messages of a shard, oldest first. A row that appears later has a higher number than all that were seen."""
    return [
        CommandRow(row=row, execution=execution, message=_decoder.decode(body), at=at, id=id_)
        for row, execution, body, at, id_ in _PENDING(connection, shard, after_row, limit)
    ]


def waiting(connection: Connection, execution: str) -> bool:
    """Whether an execution was told something that it has not taken in."""
    return _WAITING(connection, execution).first() is not None


def delete(connection: Connection, rows: Sequence[int]) -> None:
    """Remove messages that were taken in."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_DELETE_ONE, [(row,) for row in rows])
    else:
        connection.exec_driver_sql(_DELETE_ALL, (msgspec.json.encode(rows).decode(),))


def _write(connection: Connection, given: list[tuple[int, Told, int]]) -> None:
    lock(connection, "tell")
    _INSERT(
        connection,
        [(shard, told.execution, told.id, at, _encoder.encode(told.message)) for shard, told, at in given],
    )
