"""SQLite: one writing connection, several reading ones, write-ahead log.

Separate from `database` because only SQLite needs its writers brought together.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.store.failure import outcome_unknown, unavailable, unreachable
from gennaker.core.store.group_commit import GroupCommit, Turn

_BUSY_MS = 10_000


def file_of(url: URL, *, create: bool) -> Path:
    """The file of a SQLite URL, created for its owner only. Raises InvalidRequest for a database in memory, NotFound without `create`."""
    if not url.database or url.database == ":memory:":
        raise InvalidRequest(
            f"{url} keeps nothing; name a file, such as sqlite:////var/lib/gennaker/gennaker.db", "database.url"
        )
    path = Path(url.database).expanduser().absolute()
    if not create:
        if not path.exists():
            raise NotFound(f"there is no database {path}; `gennaker up` and `gennaker database upgrade` create it")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return path


def engines(path: Path, *, synchronous: str, pool: int) -> tuple[Engine, Engine]:
    """The engine of the one writer and that of the readers."""
    writer = _engine(path, 1, (f"PRAGMA synchronous={synchronous}", "PRAGMA cache_size=-16000"), "BEGIN IMMEDIATE")
    readers = _engine(path, pool, ("PRAGMA query_only=ON",), "BEGIN")
    return writer, readers


def _engine(path: Path, pool: int, pragmas: Sequence[str], begin: str) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=30,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": _BUSY_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        _write_ahead(connection)
        for pragma in (*pragmas, "PRAGMA temp_store=MEMORY", "PRAGMA journal_size_limit=67108864"):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def open_transaction(connection: Connection) -> None:
        _plain(connection, begin)

    return engine


def _write_ahead(connection: Any) -> None:
    """Switch the log on. SQLite does not wait for another process that does the same, so we do."""
    give_up = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
        time.sleep(0.01)


class Writer:
    """The one writing connection; callers that come together share a commit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._group = GroupCommit(self._run)

    def transact(self, work: Callable[[Connection], Any]) -> Any:
        """Run `work` in a transaction; returns its result after COMMIT."""
        return self._group(work)

    def close(self) -> None:
        """Give the connection back, after whoever writes now."""
        self._group(lambda _connection: None)
        self._drop()
        self._engine.dispose()

    def _run(self, turns: Sequence[Turn]) -> None:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            self._connection.begin()
            for turn in turns:
                _one(self._connection, turn)
        except BaseException as error:
            self._drop()
            _fail(turns, error, unavailable)
            return
        try:
            self._connection.commit()
        except BaseException as error:
            self._drop()
            _fail(turns, error, outcome_unknown)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _one(connection: Connection, turn: Turn) -> None:
    """One caller's work in a savepoint of its own: if it raises, the others stay. Raises when SQLite undid everything."""
    _plain(connection, "SAVEPOINT turn")
    try:
        turn.result = turn.work(connection)
    except Exception as error:
        turn.error = unavailable(error) if unreachable(error) else error
        _plain(connection, "ROLLBACK TO turn")
    _plain(connection, "RELEASE turn")


def _plain(connection: Connection, sql: str) -> None:
    """Run what has no values and no result: SQLAlchemy would cost ten times the statement, several times for each commit."""
    driver: Any = connection.connection.driver_connection
    driver.execute(sql)


def _fail(turns: Sequence[Turn], error: BaseException, told: Callable[[BaseException], Exception]) -> None:
    """Every turn without an error of its own shares this one, each in its own copy."""
    for turn in turns:
        if turn.error is None:
            turn.error = told(error)
            turn.error.__cause__ = error
    if not isinstance(error, Exception):
        raise error
