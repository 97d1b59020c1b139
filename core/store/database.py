"""The database of a process: transactions, snapshots for reading, the number of shards.

Separate from what is stored so that the rest of the store sees a connection and nothing else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, insert, make_url, select, text
from sqlalchemy.exc import ArgumentError

from gennaker.core.errors import InvalidRequest, Refused
from gennaker.core.store import postgresql, schema, sqlite
from gennaker.core.store.failure import told_plainly
from gennaker.core.store.file_lock import FileLock
from gennaker.core.store.tables import setting, shard

T = TypeVar("T")

_SHARDS = "shards"
_OPTION = "gennaker_database"


def shards_of(connection: Connection) -> int:
    """How many shards the database of a connection has (rule 1)."""
    database: Database = connection.get_execution_options()[_OPTION]
    return database.shards


class Database:
    """One SQLite file or one PostgreSQL database."""

    def __init__(self, dialect: str, writing: sqlite.Writer | postgresql.Transactions, engines: tuple[Engine, Engine]):
        self.dialect = dialect
        self.shards = 1
        self._writing = writing
        self._engines = engines
        self._lock: FileLock | None = None
        for engine in engines:
            engine.update_execution_options(**{_OPTION: self})

    @classmethod
    def open(
        cls, url: str, *, synchronous: str = "FULL", shards: int = 4, pool: int = 8, migrate: bool = True
    ) -> "Database":
        """Connect, create what is missing and run the additive migrations, under a lock.

        `shards` counts only when the database is created (SQLite: always 1); `synchronous` concerns SQLite alone. Raises InvalidRequest for a URL that cannot be used,
        Unavailable when nothing answers, without `migrate` NotFound or Refused
        when there is no database with the schema that this release needs.
        """
        if synchronous not in ("FULL", "NORMAL"):
            raise InvalidRequest(f"{synchronous!r} is not known; expected FULL or NORMAL", "database.synchronous")
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise InvalidRequest(
                f"{url!r} is no database URL; expected sqlite:///… or postgresql://…", "database.url"
            ) from error
        dialect = parsed.get_backend_name()
        if dialect == "sqlite":
            path = sqlite.file_of(parsed, create=migrate)
            engines = sqlite.engines(path, synchronous=synchronous, pool=pool)
            database = cls(dialect, sqlite.Writer(engines[0]), engines)
            database._lock = FileLock(Path(f"{path}.engine"))
        elif dialect == "postgresql":
            engines = postgresql.engines(parsed, pool=pool)
            database = cls(dialect, postgresql.Transactions(engines[0]), engines)
        else:
            raise InvalidRequest(f"{dialect} is not supported; expected sqlite:///… or postgresql://…", "database.url")
        try:
            database._prepare(shards if dialect == "postgresql" else 1, migrate)
        except BaseException:
            database.close()
            raise
        return database

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction and return its result after COMMIT.

        SQLite: concurrent callers share a COMMIT, each in a savepoint, and `work` may run in another caller's thread.
        PostgreSQL: `work` is run again after a deadlock, so it must not change anything but the database.
        Raises what `work` raises (nothing is stored then), or Unavailable; after that the caller reads again what it holds in memory.
        """
        result: T = self._writing.transact(work)
        return result

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view for reading; never waits for writers. Raises Unavailable."""
        with told_plainly(), self._engines[1].connect() as connection:
            yield connection

    def ping(self) -> None:
        """Raises Unavailable when the database does not answer."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def hold(self) -> bool:
        """Make this process the only engine of a SQLite file, until it ends; the system lets go even after `kill -9`.

        True: whoever else is written down as the owner is dead (`shards.claim(…, steal=True)`). False: PostgreSQL, where only the
        lease tells. Raises Refused when another process holds the file.
        """
        if self._lock is None:
            return False
        if not self._lock.take():
            raise Refused(
                f"{self._lock.holder()} is the engine of this SQLite file already; run one engine, or use PostgreSQL for several"
            )
        return True

    def close(self) -> None:
        """Close every connection."""
        if self._lock is not None:
            self._lock.release()
        self._writing.close()
        self._engines[1].dispose()

    def _prepare(self, shards: int, migrate: bool) -> None:
        with self.reading() as connection:
            ready = schema.expanded(connection)
        if not ready and not migrate:
            raise Refused("the database is older than this release; run `gennaker database upgrade`")
        self.shards = self._stored() if ready else self.transact(lambda connection: _create(connection, shards))

    def _stored(self) -> int:
        with self.reading() as connection:
            return int(connection.execute(_STORED_SHARDS).scalar_one())


_STORED_SHARDS = select(setting.c.value).where(setting.c.name == _SHARDS)


def _create(connection: Connection, shards: int) -> int:
    """The schema and the rows of the shards, whose number is fixed by whoever comes first; returns that number."""
    schema.upgrade(connection)
    stored = connection.execute(_STORED_SHARDS).scalar_one_or_none()
    if stored is not None:
        return int(stored)
    connection.execute(insert(setting).values(name=_SHARDS, value=str(shards)))
    rows = [
        {"id": each, "epoch": 0, "owner": None, "lease_until": 0, "position": 0, "published_upto": 0, "format": 0}
        for each in range(shards)
    ]
    connection.execute(insert(shard), rows)
    return shards
