"""Locks on what may have no row, until the transaction ends.

Separate because PostgreSQL needs them and SQLite, with its one writer, does not.
"""

from typing import Literal

from sqlalchemy import Connection

#: Any numbers will do, so long as every release takes the same ones.
_KEYS = {"schema": 727_001, "tell": 727_002, "definitions": 727_003}


def lock(connection: Connection, what: Literal["schema", "tell", "definitions"]) -> None:
    """Let nobody else in the database do the same until the transaction ends.

    `tell` covers messages to executions and the slots. Row numbers are given out before the commit, so without it a lower number could
    appear after its reader has gone past; and one lock for all cannot be taken in two orders, as one for each shard or slot could.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_KEYS[what]})")
