"""Fixtures for whole processes without a process: roles, database and bus of their own, in a temporary home.

A folder of tests takes them into its conftest.py. Leases last as long as ever here, but the engines look at them more often.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gennaker.config.load import load
from gennaker.core.model.execution import Execution
from gennaker.core.plugins import load as load_plugins
from gennaker.core.runtime import ownership
from gennaker.core.runtime.runtime import Runtime, wall_clock
from gennaker.core.store import executions

PLUGIN = '''
import time
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage, task


class Nothing(Stage, type="nothing", quick=True):
    """Nothing."""

    @task
    def go(self, run):
        return run.succeeded(outputs={"by": run.execution})


class Hold(Stage, type="hold"):
    """Runs until its context says otherwise."""

    @task
    def hold(self, run):
        return run.succeeded() if run.context.get("go") else run.running()

    def cancel(self, run):
        return run.succeeded()


class Broken(Stage, type="broken"):
    """Fails."""

    @task
    def fail(self, run):
        return run.failed("it broke")


@hookimpl
def gennaker_stages():
    return [Nothing, Hold, Broken]
'''


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a plugin."""
    (tmp_path / "plugins.d").mkdir()
    (tmp_path / "plugins.d" / "stages.py").write_text(PLUGIN)
    return tmp_path


@pytest.fixture
def runtimes(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Runtime]]:
    """Makes started processes; `overrides` are keys of the configuration, with two underscores for a dot."""
    made: list[Runtime] = []
    monkeypatch.setattr(ownership, "BEAT_S", 0.1)

    def make(clock: Callable[[], int] = wall_clock, at: Path = home, **overrides: Any) -> Runtime:
        keys = {key.replace("__", "."): value for key, value in overrides.items()}
        settings = load(None, home=at, environ={}, overrides={"database.synchronous": "NORMAL", **keys})
        runtime = Runtime(settings, load_plugins(settings), clock)
        made.append(runtime)
        runtime.start()
        assert runtime.wait_ready(10)
        return runtime

    yield make
    for runtime in made:
        runtime.drain(5)


@pytest.fixture
def runtime(runtimes: Callable[..., Runtime]) -> Runtime:
    """An embedded daemon without its HTTP server."""
    return runtimes()


def eventually(true: Callable[[], Any], what: str = "it did not happen") -> None:
    """Waits until something is true."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@pytest.fixture
def until() -> Callable[..., Execution]:
    """Waits until an execution is in a state."""

    def wait(
        runtime: Runtime, id_: str, *, status: str = "", test: Callable[[Execution], bool] | None = None
    ) -> Execution:
        test = test or (lambda each: each.status.complete if not status else each.status == status)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with runtime.database.reading() as connection:
                found = executions.load(connection, id_)
            if found is not None and test(found):
                return found
            time.sleep(0.01)
        raise AssertionError(f"{id_} is {found.status if found else 'unknown'}")

    return wait


@pytest.fixture
def chain() -> Callable[..., dict[str, Any]]:
    """A pipeline whose stages follow one another."""

    def make(*types: str, **fields: Any) -> dict[str, Any]:
        stages = [
            {"type": type_, "refId": str(i), "requisiteStageRefIds": [str(i - 1)] if i else []}
            for i, type_ in enumerate(types)
        ]
        return {"application": "app", "name": "p", "stages": stages, **fields}

    return make
