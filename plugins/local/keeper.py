"""Keeps the program of a load balancer: starts it, knows it again, ends it.

Separate because HAProxy and the built-in proxy are kept alike, and both go on when whoever started them ends.
"""

import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from gennaker.core.processes.detached import Process, end, is_alive, start
from gennaker.plugins.local.region import write

_FILE = "balancer.json"
_LOG = "balancer.log"
_LARGEST_LOG = 4 * 1024 * 1024
_ENDING_S = 5.0


class Kept(Struct, frozen=True, kw_only=True):
    """Which program it is."""

    kind: str
    process: Process


class Keeper:
    """The program of a region's load balancers."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind

    @property
    def process(self) -> Process | None:
        """The program; None when it was not started or is another one."""
        kept = kept_in(self._folder)
        return kept.process if kept and kept.kind == self._kind else None

    @property
    def alive(self) -> bool:
        """It runs."""
        process = self.process
        return process is not None and is_alive(process)

    def start(self, argv: Sequence[str]) -> None:
        """Start it in the region's folder. Raises CannotStart."""
        log = self._folder / _LOG
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.unlink()
        process = start(argv, folder=self._folder, log=log)
        write(self._folder / _FILE, Kept(kind=self._kind, process=process), lasting=False)

    def end(self) -> None:
        """End it now."""
        process = self.process
        if process is not None and end(process, signal.SIGTERM):
            until = time.monotonic() + _ENDING_S
            while is_alive(process) and time.monotonic() < until:
                time.sleep(0.02)
            end(process, signal.SIGKILL)
        (self._folder / _FILE).unlink(missing_ok=True)


def kept_in(folder: Path) -> Kept | None:
    """The program that was started last in a region."""
    with suppress(FileNotFoundError):
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Kept)
    return None
