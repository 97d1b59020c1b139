"""The settings of the program that are measured, each in processes of its own.

Separate because a setting is the whole of database, bus and processes; what is measured in it is always the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import ground
import pipelines
from child import Child
from load import Servers
from msgspec import Struct

_BALANCED_S = 15.0


class Setting(Struct, frozen=True):
    """Where and in how many processes the program runs."""

    name: str
    synchronous: str = "FULL"
    broker: bool = False
    postgres: bool = False
    engines: int = 1


class Size(Struct, frozen=True):
    """How much is run: executions in flight, executions one by one."""

    flight: int
    alone: int


class Measured(Struct, frozen=True):
    """One measurement of one shape in one setting."""

    #: Stages per second with everything in flight.
    rate: float
    accepted: float
    #: Seconds of each stage from its start to its end, in flight.
    spans: list[float]
    #: Seconds per stage of an execution alone, acceptance included.
    alone: list[float]
    #: CPU seconds per stage of the program, and of broker and database server.
    cpu: float
    servers: float


EMBEDDED = (Setting("embedded, NORMAL", "NORMAL"), Setting("embedded, FULL"))
ON_RABBITMQ = (
    Setting("RabbitMQ + SQLite", broker=True),
    Setting("RabbitMQ + PostgreSQL", broker=True, postgres=True),
    Setting("RabbitMQ + PostgreSQL, 2 engines", broker=True, postgres=True, engines=2),
)


class Parts(Struct, frozen=True):
    """The processes of a setting: one that accepts, one that has to start before anything moves, and all of them."""

    front: Child
    last: Child
    all: tuple[Child, ...]
    home: Path


@contextmanager
def parts(setting: Setting) -> Iterator[Parts]:
    """Start everything but the part that makes it move."""
    with ExitStack() as stack:
        home = stack.enter_context(ground.folder())
        pipelines.install(home)
        overrides: dict[str, Any] = {"database.synchronous": setting.synchronous}
        if setting.broker:
            overrides["bus.url"] = stack.enter_context(ground.vhost())
        if setting.postgres:
            overrides["database.url"] = stack.enter_context(ground.postgres())

        def part(*roles: str) -> Child:
            child = Child("part.py", home=str(home), overrides={**overrides, "roles": list(roles)})
            stack.callback(child.close)
            return child

        if not setting.broker:
            whole = part("engine", "worker", "api")
            yield Parts(whole, whole, (whole,), home)
            return
        front = part("api")
        engines = [part("engine") for _ in range(setting.engines)]
        worker = part("worker")
        for child in (*engines, front):
            child.call("start")
        _balance(engines)
        yield Parts(front, worker, (front, *engines, worker), home)


def _balance(engines: Sequence[Child]) -> None:
    """Wait until each engine owns its share."""
    import time

    until = time.monotonic() + _BALANCED_S
    while len(engines) > 1 and len({child.call("shards") for child in engines}) > 1:
        if time.monotonic() > until:
            raise RuntimeError("the engines do not share the shards")
        time.sleep(0.1)


def measure(setting: Setting, shape: str, size: Size, keep: Path | None = None) -> Measured:
    """Run a shape in flight, then alone. `keep`: copy the SQLite file there, as rows for the raw limits."""
    with parts(setting) as running:
        accepted = running.front.call("accept", shape=shape, count=size.flight)
        if running.front is not running.last:
            running.front.call("begun")
        before = sum(child.call("cpu")["seconds"] for child in running.all)
        servers = Servers(("beam.smp", "postgres"))
        running.last.call("start")
        running.front.call("finish")
        spent = sum(child.call("cpu")["seconds"] for child in running.all) - before
        served = servers.seconds() if setting.broker else 0.0
        log = running.front.call("log")
        alone = running.front.call("alone", shape=shape, count=size.alone) if size.alone else []
        if keep is not None:
            _keep(running.home / "gennaker.db", keep)
    stages = len(pipelines.named(shape)["stages"])
    return Measured(
        rate=log["stages"] / max(log["seconds"], 0.001),
        accepted=accepted,
        spans=log["spans"],
        alone=[seconds / stages for seconds in alone],
        cpu=spent / log["stages"],
        servers=served / log["stages"],
    )


def _keep(source: Path, target: Path) -> None:
    import sqlite3

    with sqlite3.connect(source) as connection, sqlite3.connect(target) as copy:
        connection.backup(copy)
    connection.close()
    copy.close()
