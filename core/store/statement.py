"""SQL of the hot path, written once for both databases.

Separate because here SQLAlchemy's expression language would cost more than the statement: a batch is one `executemany` on SQLite
and one statement over one JSON parameter on PostgreSQL (PERFORMANCE §2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Connection, CursorResult, Table

Row = tuple[Any, ...]
if TYPE_CHECKING:
    Rows = CursorResult[*tuple[Any, ...]]

#: PostgreSQL's names of the types that are not text; its dialect would take longer to load than all the rest of the store.
_TYPES = {BigInteger: "bigint", Boolean: "boolean"}


class Sql:
    """One statement with `?` for its values, `GREATEST` for the larger of two and `{lock}` for a row lock."""

    def __init__(self, text: str) -> None:
        self._texts = {
            "sqlite": text.replace("GREATEST(", "max(").replace("{lock}", ""),
            "postgresql": text.replace("?", "%s").replace("{lock}", "FOR UPDATE"),
        }

    def __call__(self, connection: Connection, *values: object) -> Rows:
        """Run it."""
        return connection.exec_driver_sql(self._texts[connection.dialect.name], values)


class Insert:
    """Writes many rows of one table at once; `on_conflict` is the SQL of what to do about a row that exists."""

    def __init__(self, table: Table, columns: Sequence[str] = (), on_conflict: str = "") -> None:
        self.columns = tuple(columns) or tuple(table.columns.keys())
        names = ", ".join(self.columns)
        tail = f" ON CONFLICT {on_conflict}" if on_conflict else ""
        self._sqlite = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(self.columns))}){tail}"
        types = ", ".join(f"{name} {_TYPES.get(type(table.columns[name].type), 'text')}" for name in self.columns)
        self._postgresql = f"INSERT INTO {table.name} ({names}) SELECT {names} FROM json_to_recordset(%s::json) AS given({types}){tail}"

    def __call__(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the rows (values in the order of `columns`); returns how many were written."""
        if connection.dialect.name == "sqlite":
            return connection.exec_driver_sql(self._sqlite, list(rows)).rowcount
        given = [dict(zip(self.columns, map(_as_text, row), strict=True)) for row in rows]
        return connection.exec_driver_sql(self._postgresql, (msgspec.json.encode(given).decode(),)).rowcount


def update_all(columns: Iterable[str]) -> str:
    """The `DO UPDATE` list that takes the new value of each of these columns."""
    return ", ".join(f"{name} = excluded.{name}" for name in columns)


def _as_text(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def body(value: bytes, connection: Connection) -> bytes | str:
    """A body as this database takes it in a single statement."""
    return value if connection.dialect.name == "sqlite" else value.decode()


def as_bytes(value: bytes | str) -> bytes:
    """A body as this program knows it."""
    return value.encode() if isinstance(value, str) else value
