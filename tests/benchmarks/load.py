"""What else the machine does: its load, how fast it counts, what the servers spend.

Separate because a figure without these says nothing on a machine that is shared.
"""

import os
import time
from collections.abc import Iterable

import psutil


def cal() -> float:
    """The unit of CPU: seconds for `sum(range(1000))`, least of 40."""
    best = 1.0
    for _ in range(40):
        began = time.perf_counter()
        sum(range(1000))
        best = min(best, time.perf_counter() - began)
    return best


def average() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


class Servers:
    """CPU seconds of processes by name, from now on."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._before = self._now()

    def seconds(self) -> float:
        """What they have spent since; a process that is new counts in full."""
        return sum(spent - self._before.get(pid, 0.0) for pid, spent in self._now().items())

    def _now(self) -> dict[int, float]:
        found = {}
        for process in psutil.process_iter(["name", "cpu_times"]):
            if process.info["name"] in self._names and process.info["cpu_times"]:
                times = process.info["cpu_times"]
                found[process.pid] = times.user + times.system
        return found
