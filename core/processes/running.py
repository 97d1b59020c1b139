"""Runs another program to its end: never through a shell, bounded in time and output, its output without secrets.

Separate because a program that is started by a second door is one whose arguments, environment and output nobody checked.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Literal

from msgspec import Struct

from gennaker.core.errors import GennakerError
from gennaker.core.redact import redactor

#: What a program gets of our environment; secrets of the daemon stay with it.
_PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ", "USER")
_CHUNK = 64 * 1024
#: Seconds between two looks at the clock and at `stop`.
_LOOK_S = 0.1
#: Seconds that the output of a program that has ended may stay open, held by what it left behind.
_LAST_WORDS_S = 1.0


class CannotStart(GennakerError):
    """The program is not there, or may not be run. The message names it."""


class Finished(Struct, frozen=True, kw_only=True):
    """A program that has ended."""

    #: Its exit code; negative: the signal that ended it.
    code: int
    #: The end of what it wrote on stdout and stderr, without secrets.
    output: str
    #: More was written than was kept.
    shortened: bool = False
    #: Why we ended it: its time was up, or `stop` was set.
    cut: Literal["", "time", "stop"] = ""

    @property
    def ok(self) -> bool:
        """It ended by itself and says that all is well."""
        return self.code == 0 and not self.cut


def run(
    argv: Sequence[str],
    *,
    seconds: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: bytes = b"",
    most: int = 1024 * 1024,
    on_line: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
    grace_s: float = 5.0,
    ask: signal.Signals = signal.SIGTERM,
    guarded: bool = False,
) -> Finished:
    """Run a program to its end, `given` on its stdin. `on_line` hears each line as it comes, without secrets.

    When its time is up or `stop` is set, it and its children are asked to end by the signal `ask`, and killed after `grace_s`; with
    `guarded` that happens when we die, too. The last `most` bytes of its output are kept. Raises CannotStart; what `on_line` raises ends the program and is raised on.
    """
    reading = _Reading(most, on_line)
    lifeline = os.pipe() if guarded else ()
    try:
        with tempfile.TemporaryFile() as stdin:
            stdin.write(given)
            stdin.seek(0)
            whole = [*_guard(lifeline[0], ask, grace_s), *argv] if lifeline else argv
            child = launch(
                whole,
                folder=folder,
                environment=environment,
                stdin=stdin,
                output=subprocess.PIPE,
                passed=lifeline[:1],
            )
        cut = _follow_to_its_end(child, reading, seconds, stop, ask, grace_s)
    finally:
        for end in lifeline:
            os.close(end)
    reading.close()
    return Finished(code=child.returncode, output=reading.kept(), shortened=reading.shortened, cut=cut)


def launch(
    argv: Sequence[str],
    *,
    folder: Path | None,
    environment: Mapping[str, str] | None,
    stdin: IO[bytes] | int,
    output: IO[bytes] | int,
    passed: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a program as the head of a session of its own, stderr with stdout; files in `passed` stay open in it. Raises CannotStart."""
    try:
        return subprocess.Popen(
            list(argv),
            cwd=folder,
            env=surroundings(environment),
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=passed,
        )
    except (OSError, ValueError) as error:
        where = f" in {folder}" if folder else ""
        raise CannotStart(redactor.text(f"{argv[0]!r} cannot be started{where}: {error}")) from error


def surroundings(environment: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a program: the little of ours that programs need, and what is given."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(environment or {})


def end_group(pid: int, number: int) -> None:
    """Send a signal to a program of ours that was not waited for yet, and to its children; to none when they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _guard(lifeline: int, ask: int, grace_s: float) -> list[str]:
    """What stands before a program that must not outlive us: see `gennaker.core.processes.guard`."""
    return [
        sys.executable,
        "-I",
        "-S",
        str(Path(__file__).with_name("guard.py")),
        str(lifeline),
        str(int(ask)),
        str(grace_s),
    ]


def _follow_to_its_end(
    child: "subprocess.Popen[bytes]",
    reading: "_Reading",
    seconds: float,
    stop: threading.Event | None,
    ask: signal.Signals,
    grace_s: float,
) -> Literal["", "time", "stop"]:
    """Read until it has ended or has to; nothing of its group is left afterwards."""
    assert child.stdout is not None
    try:
        cut = _follow(child, child.stdout, reading, time.monotonic() + seconds, stop)
        if cut:
            end_group(child.pid, ask)
            _follow(child, child.stdout, reading, time.monotonic() + grace_s, None)
    finally:
        end_group(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    return cut


def _follow(
    child: "subprocess.Popen[bytes]", pipe: IO[bytes], reading: "_Reading", until: float, stop: threading.Event | None
) -> Literal["", "time", "stop"]:
    """Read until the program has ended, or say why it has to."""
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        ended: float | None = None
        while True:
            if stop is not None and stop.is_set():
                return "stop"
            now = time.monotonic()
            if now >= until:
                return "time"
            if ready.select(min(_LOOK_S, until - now)) and not reading.read(pipe):
                return _wait(child, until, stop)
            if child.poll() is not None:
                ended = ended or now
                if now - ended > _LAST_WORDS_S:
                    return ""


def _wait(child: "subprocess.Popen[bytes]", until: float, stop: threading.Event | None) -> Literal["", "time", "stop"]:
    """Its output is closed: wait until it has ended too."""
    while True:
        try:
            child.wait(min(_LOOK_S, max(0.0, until - time.monotonic())))
        except subprocess.TimeoutExpired:
            if stop is not None and stop.is_set():
                return "stop"
            if time.monotonic() >= until:
                return "time"
        else:
            return ""


class _Reading:
    """The output of a program: told line by line, its end kept."""

    def __init__(self, most: int, on_line: Callable[[str], None] | None) -> None:
        self._most = most
        self._on_line = on_line
        self._kept = bytearray()
        self._line = bytearray()
        self.shortened = False

    def read(self, pipe: IO[bytes]) -> bool:
        """Take what is there; False at its end."""
        data = os.read(pipe.fileno(), _CHUNK)
        self._kept += data
        if len(self._kept) > self._most:
            del self._kept[: len(self._kept) - self._most]
            self.shortened = True
        self._line += data
        *lines, rest = self._line.split(b"\n")
        if len(rest) > _CHUNK:
            lines.append(rest)
            rest = bytearray()
        self._line = rest
        for line in lines:
            self._tell(line)
        return bool(data)

    def close(self) -> None:
        """Tell the last line, which may lack its end."""
        if self._line:
            self._tell(self._line)

    def kept(self) -> str:
        """What was kept, without secrets; not the rest of a line whose beginning is lost, as that may be half a secret."""
        kept = self._kept.partition(b"\n")[2] if self.shortened else self._kept
        return redactor.text(kept.decode("utf-8", "replace"))

    def _tell(self, line: bytearray) -> None:
        if self._on_line is not None:
            self._on_line(redactor.text(line.decode("utf-8", "replace").rstrip("\r")))
