"""The daemon as a user starts it: how long until it is up, what it takes when nothing happens.

Separate because here the whole program runs, with its HTTP server and every bundled plugin.
"""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ground
import psutil
from msgspec import Struct

_PROGRAM = "from gennaker.core.main import main; main()"
_PATIENCE_S = 60.0
_ANNOUNCED = "Gennaker is up at "


class Idle(Struct, frozen=True):
    """A daemon that has just started."""

    #: Seconds from the start of the process until `/health` says that it is up, when it has to create its database.
    first: float
    #: The same when the database is there.
    seconds: float
    resident: int
    #: Share of a core that it uses while nothing happens.
    cpu: float


def measure(idle: float = 4.0) -> Idle:
    """Start a daemon in a new home and stop it, start it again, look at it, stop it."""
    with ground.folder() as home:
        with _daemon(home) as (_, first):
            pass
        with _daemon(home) as (look, seconds):
            time.sleep(1.0)
            before = look.cpu_times()
            time.sleep(idle)
            after = look.cpu_times()
            spent = after.user + after.system - before.user - before.system
            return Idle(first, seconds, look.memory_info().rss, spent / idle)


@contextmanager
def _daemon(home: Path) -> Iterator[tuple[psutil.Process, float]]:
    """A daemon that is up, and the seconds that it took."""
    began = time.perf_counter()
    command = [sys.executable, "-c", _PROGRAM, "up", "--home", str(home), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith(_ANNOUNCED):
            raise RuntimeError(f"the daemon did not come up: {line!r}")
        with urllib.request.urlopen(line.removeprefix(_ANNOUNCED).strip() + "/health", timeout=_PATIENCE_S) as answer:
            if answer.status != 200:
                raise RuntimeError(f"/health answers {answer.status}")
        yield psutil.Process(process.pid), time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()
