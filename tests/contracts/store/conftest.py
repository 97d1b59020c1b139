"""One suite for both databases, and small executions to store in them."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url

from gennaker.core.engine.apply import fold
from gennaker.core.model.events import (
    AnyEvent,
    ExecutionFinished,
    ExecutionRequested,
    ExecutionStarted,
    StageSpec,
    StageStarted,
)
from gennaker.core.model.execution import Execution
from gennaker.core.model.ids import ulid
from gennaker.core.model.messages import Begin
from gennaker.core.model.status import Status
from gennaker.core.store import executions
from gennaker.core.store.batch import Batch, Change
from gennaker.core.store.commands import Told
from gennaker.core.store.database import Database
from gennaker.core.store.tables import metadata, setting, shard


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/gennaker.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def kept_postgresql(postgres_server: str) -> Iterator[Database]:
    """One PostgreSQL database for all tests that do not care about the schema: to make one takes longer than a test."""
    psycopg = pytest.importorskip("psycopg")
    name, url = f"test_{uuid.uuid4().hex[:12]}", make_url(postgres_server).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        opened = Database.open(url.set(database=name).render_as_string(hide_password=False), shards=2)
        yield opened
        opened.close()
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An open database with nothing in it."""
    if request.param == "sqlite":
        opened = Database.open(f"sqlite:///{tmp_path}/gennaker.db", synchronous="NORMAL")
        yield opened
        opened.close()
        return
    kept: Database = request.getfixturevalue("kept_postgresql")
    kept.transact(_empty)
    yield kept


def _empty(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if table.name not in ("setting", "shard"):
            connection.execute(table.delete())
    connection.execute(setting.delete().where(setting.c.name.like("source:%")))
    connection.execute(
        shard.update().values(epoch=0, owner=None, lease_until=0, position=0, published_upto=0, format=0)
    )


class Story:
    """Executions that live through a few facts."""

    def request(self, number: int = 1, at: int = 1_000, **fields: object) -> tuple[Execution, tuple[AnyEvent, ...]]:
        """A request and the execution it makes."""
        specs = (StageSpec(id=f"S{number}", ref_id="1", type="wait", name="Wait", context={"waitTime": 5}),)
        given = {"id": ulid(at, number), "application": "shop", "name": "deploy", "stages": specs, **fields}
        event = ExecutionRequested(**given)  # type: ignore[arg-type]
        return fold(None, (event,), at), (event,)

    def accept(self, database: Database, number: int = 1, at: int = 1_000, **fields: object) -> Execution:
        """A stored execution that has not begun."""
        execution, events = self.request(number, at, **fields)
        begin = Told(execution=execution.id, message=Begin(), id=f"{execution.id}:begin")
        assert database.transact(lambda c: executions.accept(c, execution, events, keys=(), at=at, begin=begin)) is None
        return execution

    def change(self, execution: Execution, *events: AnyEvent, at: int = 2_000, **fields: object) -> Change:
        """What these events make of it."""
        return Change(execution=fold(execution, events, at), events=events, **fields)  # type: ignore[arg-type]

    def change_without_events(self, execution: Execution) -> Change:
        """A change that says nothing."""
        return Change(execution=execution, events=())

    def start(self, execution: Execution, **fields: object) -> Change:
        """It and its stage run."""
        return self.change(
            execution,
            ExecutionStarted(),
            StageStarted(stage=next(iter(execution.stages)), tasks=("wait",)),
            **fields,
        )

    def finish(self, execution: Execution, at: int = 3_000, **fields: object) -> Change:
        """It has ended, whatever its stages did."""
        return self.change(execution, ExecutionFinished(status=Status.SUCCEEDED), at=at, **fields)

    def batch(self, shard: int, epoch: int, *changes: Change, **fields: object) -> Batch:
        """One transaction with these changes."""
        return Batch(shard=shard, epoch=epoch, changes=changes, **{"at": 2_000, "published_upto": 0, **fields})  # type: ignore[arg-type]


@pytest.fixture
def story() -> Story:
    """Executions to tell of."""
    return Story()


@pytest.fixture
def shard_with_owner(database: Database) -> Callable[[int], int]:
    """Claims a shard; returns the epoch."""
    from gennaker.core.store import shards

    def claim(shard: int) -> int:
        claimed = database.transact(lambda c: shards.claim(c, shard, "engine-1", 0, 10_000))
        assert claimed is not None
        return claimed.epoch

    return claim
