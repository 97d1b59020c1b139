"""Locks on things that may have no row, until the transaction ends.

Separate because PostgreSQL needs them and SQLite, with its one writer, does not.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlalchemy import Connection

_CLASSES = {"command": 727_002, "slot": 727_003, "definition": 727_004}
_TAKE = (
    "SELECT pg_advisory_xact_lock({class_}, key) "
    "FROM (SELECT value::int AS key FROM json_array_elements_text(%s::json) ORDER BY 1) AS keys"
)


def lock_all(connection: Connection, kind: Literal["command", "slot", "definition"], keys: Iterable[int]) -> None:
    """Take the locks of these 32-bit numbers, lowest first, so that two that want several never wait for one another."""
    if connection.dialect.name == "sqlite":
        return
    signed = sorted({(key & 0xFFFFFFFF) - (1 << 31) for key in keys})
    connection.exec_driver_sql(_TAKE.format(class_=_CLASSES[kind]), (msgspec.json.encode(signed).decode(),))
