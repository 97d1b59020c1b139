"""Programs that outlive us: started, found again after our restart, and ended.

Separate from `running` because nobody waits for these. A number is not enough to know a program by, as numbers are used again: when it
started is part of what it is known by.
"""

import contextlib
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from gennaker.core.processes.running import CannotStart, end_group, launch

_PROC = Path("/proc")
#: Ours that were not waited for yet, by number: one that has ended stays in the system's table until somebody asks.
_children: dict[int, "subprocess.Popen[bytes]"] = {}
_guard = threading.Lock()


class Process(Struct, frozen=True, kw_only=True):
    """A program that runs or ran on this machine."""

    pid: int
    #: When it started, in the system's words: boot and tick, so that a number that is used again is told apart.
    started: str


def start(argv: Sequence[str], *, folder: Path, log: Path, environment: Mapping[str, str] | None = None) -> Process:
    """Start a program that goes on without us, its output appended to a file. Raises CannotStart."""
    with log.open("ab") as output:
        child = launch(argv, folder=folder, environment=environment, stdin=subprocess.DEVNULL, output=output)
    with _guard:
        _children[child.pid] = child
    found = identify(child.pid)
    if found is None:
        raise CannotStart(f"{argv[0]!r} has ended at once with code {child.wait()}; see {log}")
    return found


def identify(pid: int) -> Process | None:
    """The program that has this number now; None when none has, or it has ended."""
    _reap(pid)
    stamp = _stamp(pid)
    return Process(pid=pid, started=stamp) if stamp else None


def is_alive(process: Process) -> bool:
    """Whether this very program still runs."""
    return identify(process.pid) == process


def find(variable: str, value: str) -> list[Process]:
    """The programs of this user that were started with this in their environment; none on systems without /proc."""
    wanted = f"{variable}={value}".encode()
    found = []
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(identify(int(folder.name)))
    return [one for one in found if one is not None]


def end(process: Process, number: int, *, alone: bool = False) -> bool:
    """Send a signal to a program and, unless `alone`, its children; False when it does not run any more."""
    if not is_alive(process):
        return False
    if alone:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)
    else:
        end_group(process.pid, number)
    return True


def _reap(pid: int) -> None:
    """Take note of the end of a child."""
    with _guard:
        child = _children.get(pid)
        if child is not None and child.poll() is not None:
            del _children[pid]


def _stamp(pid: int) -> str:
    """When a program started; empty when it does not run."""
    if not _PROC.joinpath("self/stat").exists():
        return _stamp_of_ps(pid)
    try:
        fields = _PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    except (OSError, ValueError):
        return ""
    return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _stamp_of_ps(pid: int) -> str:
    """The same on systems without /proc."""
    with contextlib.suppress(OSError):
        asked = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
        state, _, stamp = asked.stdout.strip().partition(" ")
        return "" if state.startswith("Z") else stamp.strip()
    return ""
