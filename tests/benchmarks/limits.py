"""The raw limits of the machine: the same rows without the program, the same messages without the engine.

Separate because each is the smallest code that could do the work at all: what lies between it and the program is the program's.
"""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from typing import Any

import ground
import msgspec

from gennaker.core.store.database import Database

#: Messages that the engine takes into one commit at most.
BATCH = 64
_ENTRY = "shard, position, execution, sequence, count, at, application, cause, body"
_APPEND = f"INSERT INTO entry ({_ENTRY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FENCE = "UPDATE shard SET position = position + ?, published_upto = ? WHERE id = ?"
_LEAST_S = 0.3

Row = tuple[Any, ...]


class Rows(msgspec.Struct, frozen=True):
    """What the program wrote in a run: the log, and the rows of its executions."""

    entries: list[Row]
    columns: tuple[str, ...]
    executions: dict[str, Row]


def rows(path: Path, most: int = 6000) -> Rows:
    """Read them from a SQLite file of the program."""
    connection = sqlite3.connect(path)
    entries = connection.execute(f"SELECT {_ENTRY} FROM entry ORDER BY position LIMIT ?", (most,)).fetchall()
    cursor = connection.execute("SELECT * FROM execution")
    columns = tuple(each[0] for each in cursor.description)
    executions = {row[0]: tuple(row) for row in cursor}
    connection.close()
    return Rows(entries, columns, executions)


class Sqlite(msgspec.Struct, frozen=True):
    """Rows per second."""

    #: Only the log, in batches.
    append: float
    #: Log, executions and fence, in batches: all that the engine writes.
    everything: float
    #: Seconds of a commit of one message's rows.
    one: float


def sqlite(given: Rows, synchronous: str) -> Sqlite:
    """Write the same rows with the driver alone."""
    upsert = _upsert(given.columns, "?")
    with ground.folder() as home:

        def fresh(name: str) -> sqlite3.Connection:
            path = home / f"{name}.db"
            Database.open(f"sqlite:///{path}").close()
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={synchronous}")
            return connection

        def append(connection: sqlite3.Connection, batch: Sequence[Row]) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_APPEND, batch)
            connection.execute("COMMIT")

        def everything(connection: sqlite3.Connection, batch: Sequence[Row]) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_FENCE, (len(batch), batch[-1][1], 0))
            connection.executemany(_APPEND, batch)
            connection.executemany(upsert, list({row[2]: given.executions[row[2]] for row in batch}.values()))
            connection.execute("COMMIT")

        found = []
        for name, write, size, most in (
            ("append", append, BATCH, len(given.entries)),
            ("everything", everything, BATCH, len(given.entries)),
            ("one", everything, 1, 600),
        ):
            connection = fresh(name)
            found.append(_rate(given.entries[:most], size, lambda batch, c=connection, w=write: w(c, batch)))  # type: ignore[misc]
            connection.close()
    return Sqlite(found[0], found[1], 1 / found[2])


def _rate(entries: Sequence[Row], size: int, write: Callable[[Sequence[Row]], None]) -> float:
    began = time.perf_counter()
    for start in range(0, len(entries), size):
        write(entries[start : start + size])
    return len(entries) / (time.perf_counter() - began)


def _upsert(columns: Sequence[str], mark: str, source: str = "") -> str:
    names = ", ".join(columns)
    values = source or f"VALUES ({', '.join(mark for _ in columns)})"
    changes = ", ".join(
        f"{name} = excluded.{name}" for name in ("status", "start_time", "end_time", "due_at", "active", "sequence")
    )
    return f"INSERT INTO execution ({names}) {values} ON CONFLICT (id) DO UPDATE SET {changes}"


class Postgres(msgspec.Struct, frozen=True):
    """Rows per second in batches, seconds of a commit of one message's rows."""

    everything: float
    one: float


def postgres(given: Rows) -> Postgres:
    """Write the same rows with the driver alone, one statement per table over one JSON parameter."""
    import psycopg

    with ground.postgres() as url:
        Database.open(url, shards=1).close()
        entry_names = _ENTRY.split(", ")
        with psycopg.connect(url, autocommit=False) as connection:
            append = f"INSERT INTO entry ({_ENTRY}) SELECT {_ENTRY} FROM json_populate_recordset(NULL::entry, %s::json)"
            names = ", ".join(given.columns)
            upsert = _upsert(
                given.columns, "", f"SELECT {names} FROM json_populate_recordset(NULL::execution, %s::json)"
            )

            def as_json(columns: Sequence[str], batch: Sequence[Row]) -> str:
                plain = [tuple(v.decode() if isinstance(v, bytes) else v for v in row) for row in batch]
                return msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in plain]).decode()

            def write(batch: Sequence[Row]) -> None:
                connection.execute("UPDATE shard SET position = position + %s WHERE id = 0", (len(batch),))
                connection.execute(append, (as_json(entry_names, batch),))
                states = list({row[2]: given.executions[row[2]] for row in batch}.values())
                states = [(*row[:11], bool(row[11]), *row[12:]) for row in states]
                connection.execute(upsert, (as_json(given.columns, states),))
                connection.commit()

            many = _rate(given.entries[100:], BATCH, write)
            one = _rate(given.entries[:100], 1, write)
    return Postgres(many, 1 / one)


def hop(count: int = 2000) -> float:
    """Seconds for handing something to another thread that sleeps."""
    there: SimpleQueue[int] = SimpleQueue()
    back: SimpleQueue[int] = SimpleQueue()

    def echo() -> None:
        while (item := there.get()) >= 0:
            back.put(item)

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    began = time.perf_counter()
    for item in range(count):
        there.put(item)
        back.get()
    spent = time.perf_counter() - began
    there.put(-1)
    thread.join()
    return spent / (2 * count)


def imports(modules: str = "fastapi, uvicorn, sqlalchemy, kombu, pika", times: int = 3) -> float:
    """Seconds of a new interpreter that imports the stack and nothing of ours; least of several."""
    best = 60.0
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {modules}"], check=True)
        best = min(best, time.perf_counter() - began)
    return best


def round_trips(count: int = 200) -> float:
    """Median seconds of two messages through two quorum queues, confirmed: what a stage alone needs of the broker."""
    from wire import Echo

    with ground.vhost() as url:
        return median(Echo(url, count).run())


def messages(count: int = 10_000) -> float:
    """Messages per second through one quorum queue with a window of confirms, sent and consumed by one connection."""
    from wire import Stream

    with ground.vhost() as url:
        return Stream(url, count).run()
