"""A gate on a real port over a real store; only the engine is absent: what it would be told is noted down."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from tiny_cloud import TinyCloud

from gennaker.bus.open import open_bus
from gennaker.core.authoriser import Authoriser
from gennaker.core.engine.apply import fold
from gennaker.core.engine.explain import explain
from gennaker.core.errors import NotFound
from gennaker.core.inventory.read import SqlInventory
from gennaker.core.model import events as e
from gennaker.core.model import messages as m
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageType, TaskType
from gennaker.core.runtime.bell import Bell
from gennaker.core.runtime.control import SqlControl
from gennaker.core.runtime.live import LogLive
from gennaker.core.services import HealthReport, Json, Services
from gennaker.core.store.database import Database
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.store.executions import SqlExecutions, accept
from gennaker.core.store.sources import SqlSources
from gennaker.plugins.gate.app import create_app

TYPES = {
    "wait": StageType(type="wait", plugin="flow", tasks=(TaskType(name="wait"),)),
    "pipeline": StageType(type="pipeline", plugin="flow", skippable=True),
}


class Clock:
    """Time that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


class NotingControl(SqlControl):
    """Accepts requests for real; commands for the engine are noted."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.commands: list[tuple[str, m.Command]] = []

    def _command(self, execution: str, message: m.Command) -> None:
        self.commands.append((execution, message))


class Explains:
    """`services.Why` without a runtime."""

    def why(self, execution: Execution) -> str:
        return explain(execution, execution.stamp, TYPES)


@dataclass
class World:
    """Everything behind a gate."""

    database: Database
    clock: Clock
    definitions: SqlDefinitions
    executions: SqlExecutions
    control: NotingControl
    live: LogLive
    services: Services
    letters: "Letters" = field(default_factory=lambda: Letters())

    def happened(self, id_: str, *events: e.AnyEvent, **request: Any) -> Execution:
        """Store an execution to which these events have happened."""
        stages = (e.StageSpec(id="s1", ref_id="1", type="wait", name="Wait", context={"waitTime": 1, "group": "g"}),)
        first = e.ExecutionRequested(
            **{
                "id": id_,
                "application": "app",
                "name": "deploy",
                "pipeline_config_id": "p1",
                "stages": stages,
                **request,
            }
        )
        whole = (first, *events)
        execution = fold(None, whole, self.clock())
        self.database.transact(lambda c: accept(c, execution, whole, keys=(), at=self.clock(), begin=None))
        return execution


class Letters:
    """A bus desk with two dead letters."""

    def __init__(self) -> None:
        self.kept: dict[str, Json] = {
            id_: {"id": id_, "queue": "stage.run.wait", "type": "stage.run", "subject": "X", "reason": "bad", "at": 1}
            for id_ in ("a", "b")
        }

    def status(self) -> Json:
        return {"transport": "memory", "up": True, "reason": "", "queues": []}

    def dead_letters(self, limit: int = 100) -> list[Json]:
        return list(self.kept.values())[:limit]

    def dead_letter(self, id_: str) -> Json:
        if id_ not in self.kept:
            raise NotFound(f"no dead letter {id_}")
        return self.kept[id_]

    def requeue(self, ids: Any, *, user: str) -> int:
        return self.drop(ids, user=user)

    def drop(self, ids: Any, *, user: str) -> int:
        return sum(self.kept.pop(id_, None) is not None for id_ in ids)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy: the migrations need not run for each test."""
    path = tmp_path_factory.mktemp("gate") / "empty.db"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def world(tmp_path: Path, empty_database: Path) -> Iterator[World]:
    shutil.copy(empty_database, tmp_path / "gate.db")
    database = Database.open(f"sqlite:///{tmp_path}/gate.db", synchronous="NORMAL")
    clock = Clock()
    transport = open_bus("memory://", "gate")
    definitions = SqlDefinitions(database, clock)
    executions = SqlExecutions(database)
    control = NotingControl(database, definitions, Bell(transport), clock, lambda: TYPES)
    live = LogLive(database, sweep=0.05)
    letters = Letters()
    services = Services(
        definitions=definitions,
        executions=executions,
        control=control,
        live=live,
        why=Explains(),
        sources=SqlSources(database, clock),
        inventory=SqlInventory(database, clock),
        clouds={"tiny": TinyCloud()},
        stage_types=lambda: TYPES,
        health=lambda: HealthReport(up=True, components={"database": {"status": "UP"}}),
        metrics=lambda: b"gennaker_up 1\n",
        bus=letters,
        clock=clock,
    )
    yield World(database, clock, definitions, executions, control, live, services, letters)
    transport.close()
    database.close()


Serve = Callable[..., AbstractContextManager[httpx.Client]]


@pytest.fixture
def serve(world: World) -> Serve:
    @contextmanager
    def serving(
        services: Services | None = None, authoriser: Authoriser | None = None, max_body: int = 1 << 20
    ) -> Iterator[httpx.Client]:
        app = create_app(services or world.services, authoriser or Authoriser(), max_body)
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        port = listener.getsockname()[1]
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(10)
            listener.close()

    return serving


@pytest.fixture
def client(serve: Serve) -> Iterator[httpx.Client]:
    with serve() as client:
        yield client
