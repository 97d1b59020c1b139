"""The daemon as a user starts it: how long until it is up, what it takes when nothing happens.

Separate because here the whole program runs, with its HTTP server and every bundled plugin.
"""

import subprocess
import sys
import time
import urllib.request

import ground
import psutil
from msgspec import Struct

_PROGRAM = "from gennaker.core.main import main; main()"
_PATIENCE_S = 60.0
_ANNOUNCED = "Gennaker is up at "


class Idle(Struct, frozen=True):
    """A daemon that has just started."""

    #: Seconds from the start of the process until `/health` says that it is up.
    seconds: float
    resident: int
    #: Share of a core that it uses while nothing happens.
    cpu: float


def measure(idle: float = 4.0) -> Idle:
    """Start a daemon in a new home, look at it, stop it."""
    with ground.folder() as home:
        began = time.perf_counter()
        command = [sys.executable, "-c", _PROGRAM, "up", "--home", str(home), "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith(_ANNOUNCED):
                raise RuntimeError(f"the daemon did not come up: {line!r}")
            with urllib.request.urlopen(
                line.removeprefix(_ANNOUNCED).strip() + "/health", timeout=_PATIENCE_S
            ) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"/health answers {answer.status}")
            seconds = time.perf_counter() - began
            look = psutil.Process(process.pid)
            time.sleep(1.0)
            before = look.cpu_times()
            time.sleep(idle)
            after = look.cpu_times()
            spent = after.user + after.system - before.user - before.system
            return Idle(seconds, look.memory_info().rss, spent / idle)
        finally:
            process.terminate()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()
