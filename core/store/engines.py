"""The processes that are alive, and the catalogue of the stage types that they run (rules 2 and 15).

Separate from `shards` because processes without an engine beat too.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.model.stage_type import StageType, StageTypes
from gennaker.core.store.statement import Insert, Sql, update_all
from gennaker.core.store.tables import process as process_table
from gennaker.core.store.tables import stage_type as type_table


class Process(Struct, frozen=True, kw_only=True):
    """A process of this program. Times are epoch milliseconds."""

    id: str
    host: str
    pid: int
    version: str
    roles: tuple[str, ...]
    started: int
    #: When it was heard of last.
    seen: int


_roles = msgspec.json.Decoder(tuple[str, ...])
_types = msgspec.json.Decoder(StageType)
_BEAT = Insert(process_table, on_conflict=f"(id) DO UPDATE SET {update_all(('version', 'roles', 'seen'))}")
_LIVE = Sql("SELECT id, host, pid, version, roles, started, seen FROM process WHERE seen > ? ORDER BY id")
_FORGET = Sql("DELETE FROM process WHERE id = ?")
_PUBLISH = Insert(type_table, on_conflict=f"(key) DO UPDATE SET {update_all(('process', 'at', 'body'))}")
_TYPES = Sql("SELECT body FROM stage_type ORDER BY key")


def beat(connection: Connection, process: Process) -> None:
    """Say that a process is alive."""
    row = (
        process.id,
        process.host,
        process.pid,
        process.version,
        msgspec.json.encode(process.roles),
        process.started,
        process.seen,
    )
    _BEAT(connection, [row])


def live(connection: Connection, now: int, within_ms: int) -> list[Process]:
    """The processes that were heard of within so many milliseconds, by id."""
    rows = _LIVE(connection, now - within_ms).mappings()
    return [Process(**{**row, "roles": _roles.decode(row["roles"])}) for row in rows]


def forget(connection: Connection, id_: str) -> None:
    """Strike out a process that ended."""
    _FORGET(connection, id_)


def publish_types(connection: Connection, plugin_types: Sequence[StageType], process_id: str, now: int) -> None:
    """Enter stage types in the catalogue; they stay when the process is gone."""
    if plugin_types:
        by_key = {each.key: each for each in plugin_types}
        rows = [(key, process_id, now, msgspec.json.encode(by_key[key])) for key in sorted(by_key)]
        _PUBLISH(connection, rows)


def types(connection: Connection) -> StageTypes:
    """The catalogue."""
    return {each.key: each for each in (_types.decode(row[0]) for row in _TYPES(connection))}
