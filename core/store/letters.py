"""Stage work that could not be run, kept for people to look at (rule 11).

Separate from the bus's own dead letters, which live where the bus lives.
"""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.store.statement import Insert, Sql, as_bytes
from gennaker.core.store.tables import dead_letter as table


class Letter(Struct, frozen=True, kw_only=True):
    """A message that nobody could handle."""

    #: The same id twice is one letter.
    id: str
    queue: str
    type: str
    #: The execution.
    subject: str
    reason: str
    traceback: str = ""
    #: Epoch milliseconds.
    at: int
    body: bytes


_COLUMNS = "id, queue, type, subject, reason, traceback, at, body"
_INSERT = Insert(table, on_conflict="(id) DO NOTHING")
_NEWEST = Sql(f"SELECT {_COLUMNS} FROM dead_letter ORDER BY at DESC, id DESC LIMIT ?")
_ONE = Sql(f"SELECT {_COLUMNS} FROM dead_letter WHERE id = ?")
_DROP = Sql("DELETE FROM dead_letter WHERE id = ?")


def put(connection: Connection, letter: Letter) -> None:
    """Keep a letter. What is no text in its body is kept as escapes, for people to read."""
    texts = (letter.id, letter.queue, letter.type, letter.subject, letter.reason, letter.traceback)
    body = letter.body.decode("utf-8", "backslashreplace")
    _INSERT(connection, [(*map(_storable, texts), letter.at, _storable(body).encode())])


def newest(connection: Connection, limit: int) -> list[Letter]:
    """The letters, newest first."""
    return [_letter(row) for row in _NEWEST(connection, limit).mappings()]


def get(connection: Connection, id_: str) -> Letter | None:
    """One letter."""
    row = _ONE(connection, id_).mappings().first()
    return None if row is None else _letter(row)


def drop(connection: Connection, id_: str) -> bool:
    """Forget one letter; False when there is none."""
    return _DROP(connection, id_).rowcount == 1


def _storable(text: str) -> str:
    return text.replace("\x00", "\\x00")


def _letter(row: Any) -> Letter:
    return Letter(**{**row, "body": as_bytes(row["body"])})
