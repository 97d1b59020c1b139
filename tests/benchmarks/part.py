"""One process of the program under measurement: any roles, any database, any bus.

Separate because it runs as a script of its own: the program is measured from outside, in as many processes as the setting has.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from child import serve
from pipelines import named

from gennaker.bus.event import Event
from gennaker.config.load import load
from gennaker.core.model.events import StageFinished, StageStarted
from gennaker.core.plugins import load as load_plugins
from gennaker.core.runtime.collector import tune
from gennaker.core.runtime.runtime import Runtime
from gennaker.core.store import entries, executions

_LOOK_S = 0.02
#: Requests at the same time.
_AT_ONCE = 8


class Part:
    """What the script can be told."""

    def __init__(self, home: str, overrides: dict[str, Any]) -> None:
        settings = load(None, home=Path(home), environ={}, overrides=overrides)
        self._runtime = Runtime(settings, load_plugins(settings))
        self._engine = "engine" in settings.roles
        self._accepted: list[str] = []
        self._ended: dict[str, threading.Event] = {}

    def start(self) -> None:
        """Begin what the roles ask for, with the daemon's settings of the interpreter."""
        tune()
        self._runtime.start()
        if self._engine and not self._runtime.wait_ready(30.0):
            raise RuntimeError(f"not ready: {self._runtime.health()}")

    def shards(self) -> int:
        """How many shards this process owns, once it has taken them over."""
        health = self._runtime.health().components["engine"]
        return len(health["shards"]) if health["status"] == "UP" else 0

    def accept(self, shape: str, count: int) -> float:
        """Accept so many executions, a few at a time; executions per second."""
        pipeline = named(shape)
        control = self._runtime.services.control
        began = time.perf_counter()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self._accepted = list(pool.map(lambda _: control.start(pipeline, {}, user="bench"), range(count)))
        return count / (time.perf_counter() - began)

    def begun(self, timeout: float = 60.0) -> None:
        """Wait until everything that was accepted is under way."""
        self._until("SELECT 1 FROM command LIMIT 1", timeout)

    def finish(self, timeout: float = 120.0) -> None:
        """Wait until everything has ended."""
        self._until("SELECT 1 FROM execution WHERE active LIMIT 1", timeout)

    def _until(self, query: str, timeout: float) -> None:
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            with self._runtime.database.reading() as connection:
                if connection.exec_driver_sql(query).first() is None:
                    return
            time.sleep(_LOOK_S)
        raise RuntimeError(f"not over after {timeout:.0f} s: {query}")

    def alone(self, shape: str, count: int) -> list[float]:
        """Run so many executions one after another; the seconds that each took, acceptance included."""
        pipeline = named(shape)
        listening = self._runtime.transport.listen(("execution.finished",), self._on_ended)
        try:
            return [self._one(pipeline) for _ in range(count)]
        finally:
            listening.stop()

    def _one(self, pipeline: dict[str, Any]) -> float:
        began = time.perf_counter()
        id_ = self._runtime.services.control.start(pipeline, {}, user="bench")
        if not self._ended.setdefault(id_, threading.Event()).wait(30.0):
            raise RuntimeError(f"{id_} did not end: {self._runtime.services.executions.get(id_).status}")
        return time.perf_counter() - began

    def _on_ended(self, event: Event) -> None:
        self._ended.setdefault(event.subject, threading.Event()).set()

    def log(self) -> dict[str, Any]:
        """What the log tells of the executions accepted last: stages, the seconds from the first end to the last, seconds per stage."""
        ids, ends, spans = set(self._accepted), [], []
        began: dict[tuple[str, str], int] = {}
        with self._runtime.database.reading() as connection:
            for shard in range(self._runtime.database.shards):
                position = 0
                while page := entries.after(connection, shard, position, 1000):
                    position = page[-1].position
                    for entry in page:
                        if entry.execution not in ids:
                            continue
                        for event in entries.decode(entry):
                            if isinstance(event, StageStarted):
                                began[entry.execution, event.stage] = entry.at
                            elif isinstance(event, StageFinished):
                                ends.append(entry.at)
                                spans.append((began[entry.execution, event.stage], entry.at))
            failed = [
                id_ for id_, (status, _) in executions.statuses(connection, list(ids)).items() if status != "SUCCEEDED"
            ]
        if failed:
            raise RuntimeError(f"{len(failed)} executions failed, such as {failed[0]}")
        # What was handed out before there was a worker has waited for it; that is no figure of the program.
        moving = sorted((end - start) / 1000 for start, end in spans if start >= min(ends))
        return {"stages": len(ends), "seconds": (max(ends) - min(ends)) / 1000, "spans": moving}

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU so far, and resident bytes."""
        return {"seconds": time.process_time(), "resident": psutil.Process().memory_info().rss}

    def close(self) -> None:
        """Finish what is at hand."""
        self._runtime.drain()


if __name__ == "__main__":
    part = Part(**json.loads(sys.argv[1]))
    try:
        serve(part)
    finally:
        part.close()
