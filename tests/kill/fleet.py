"""Processes of the real daemon that tests start, kill, stop and start again.

Separate from the tests because nothing started here may outlive them: each process dies with its parent, whatever happens to that.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

PROGRAM = Path(sys.executable).with_name("gennaker")
READY_S = 45.0
#: What the recorder writes about one call, about.
_CALL_BYTES = 450
_RECORDER = Path(__file__).with_name("recorder.py")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def dies_with_parent(*command: str) -> list[str]:
    """The command, ended by the system when the test process ends without having ended it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", *command] if setpriv else list(command)


class Member:
    """One process of the program."""

    def __init__(self, folder: Path, records: Path, roles: Sequence[str], **environment: str) -> None:
        self.home = folder
        self.roles = tuple(roles)
        (folder / "plugins.d").mkdir(parents=True)
        shutil.copy(_RECORDER, folder / "plugins.d" / "recorder.py")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("GENNAKER_")}
        plain = {name: value for name, value in foreign.items() if name != "PYTHONDONTWRITEBYTECODE"}
        own = {
            "GENNAKER_HOME": str(folder),
            "GENNAKER_SERVER__PORT": str(self.port),
            "GENNAKER_LOGGING__FORMAT": "console",
            "RECORDER_FOLDER": str(records),
        }
        self._environment = {**plain, **own, **environment}
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self._told = 0

    @property
    def serves(self) -> bool:
        """It answers HTTP."""
        return not self.roles or "api" in self.roles

    @property
    def alive(self) -> bool:
        """It runs, or is stopped."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it and wait for nothing."""
        arguments = [argument for role in self.roles for argument in ("--role", role)]
        with self.log.open("ab") as log:
            self._told = log.tell()
            self.process = subprocess.Popen(
                dies_with_parent(str(PROGRAM), "up", *arguments),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
            )

    def ready(self, timeout: float = READY_S) -> None:
        """Wait until it says that it is up; fails with its log."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            assert self.alive, f"the daemon ended by itself:\n{self.tail()}"
            if self.up():
                return
            time.sleep(0.03)
        raise AssertionError(f"the daemon is not up after {timeout:.0f} s:\n{self.tail()}")

    def up(self) -> bool:
        """Whether it says that it is up, over HTTP or, without that, in its log."""
        if not self.serves:
            return self.alive and b"Gennaker runs as" in self.log.read_bytes()[self._told :]
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=5, trust_env=False).status_code == 200
        return False

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.alive, f"the daemon ended by itself:\n{self.tail()}"
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(30)
        self.deaths += 1

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> int:
        """End it as an operator would; its exit code."""
        assert self.alive, f"the daemon ended by itself:\n{self.tail()}"
        self.signal(signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(60)

    def close(self) -> None:
        """Leave nothing running."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)

    def tail(self, lines: int = 60) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Fleet:
    """All processes over one database and one bus."""

    def __init__(self, folder: Path, database: str, bus: str, prefix: str, roles: Sequence[Sequence[str]]) -> None:
        self.database = database
        self.records = folder / "records"
        (self.records / "effects").mkdir(parents=True)
        environment = {"GENNAKER_DATABASE__URL": database, "GENNAKER_BUS__URL": bus, "GENNAKER_BUS__PREFIX": prefix}
        self.members = [
            Member(folder / f"{number}-{'-'.join(each) or 'all'}", self.records, each, **environment)
            for number, each in enumerate(roles)
        ]

    @property
    def urls(self) -> list[str]:
        """Where HTTP is answered."""
        return [member.url for member in self.members if member.serves]

    @property
    def deaths(self) -> int:
        """How often a member was killed."""
        return sum(member.deaths for member in self.members)

    def calls(self) -> int:
        """About how many calls the outside world has seen so far."""
        calls = self.records / "calls"
        return calls.stat().st_size // _CALL_BYTES if calls.exists() else 0

    def start(self) -> None:
        """Start all; the first one alone, so that it makes the database."""
        for member in self.members:
            member.start()
            member.ready()

    def stop(self) -> list[int]:
        """End all as an operator would; their exit codes."""
        return [member.stop() for member in self.members]

    def close(self) -> None:
        """Leave nothing running."""
        for member in self.members:
            member.close()

    def victims(self) -> list[Member]:
        """Those that are up and do something, so that it matters when they die."""
        return [member for member in self.members if member.up()]

    def logs(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {member.home.name}\n{member.tail()}" for member in self.members)
