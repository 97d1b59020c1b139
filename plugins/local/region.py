"""The folder of an account and region: its files, the lock on them, and its supervisor.

Separate because the daemon and the supervisor are two programs that meet in these files only. A file is replaced as a whole, so that
nobody ever reads half of one.

    rules.json         what the supervisor goes by; without it everything ends
    groups/<name>.json, balancers/<name>.json   what is wanted
    seen.json          what is there
    logs/<instance>    what instances wrote
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from gennaker.core.processes.detached import start
from gennaker.plugins.local.records import Region, Rules, WantedBalancer, WantedGroup

T = TypeVar("T")

RULES = "rules.json"
SEEN = "seen.json"
LOCK = "supervisor.lock"
_SUPERVISOR = "gennaker.plugins.local.supervisor"


class Folder:
    """The files of one account and region."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Something was made here, and it was not given up."""
        return (self.path / RULES).exists()

    def rules(self) -> Rules | None:
        """What the supervisor goes by; None when everything has to end."""
        return _read(self.path / RULES, Rules)

    def groups(self) -> dict[str, WantedGroup]:
        """The server groups that are wanted, and those that have to go and are not gone."""
        return {group.name: group for group in self._all("groups", WantedGroup)}

    def group(self, name: str) -> WantedGroup | None:
        """One of them."""
        return _read(self._file("groups", name), WantedGroup)

    def balancers(self) -> dict[str, WantedBalancer]:
        """The load balancers that are wanted."""
        return {balancer.name: balancer for balancer in self._all("balancers", WantedBalancer)}

    def seen(self) -> Region:
        """What is there, as the supervisor wrote it last."""
        return _read(self.path / SEEN, Region) or Region()

    def write_seen(self, region: Region) -> None:
        """Tell what is there."""
        write(self.path / SEEN, region, lasting=False)

    def put_group(self, group: WantedGroup) -> None:
        """Want a server group."""
        write(self._file("groups", group.name), group)

    def put_balancer(self, balancer: WantedBalancer) -> None:
        """Want a load balancer."""
        write(self._file("balancers", balancer.name), balancer)

    def remove_group(self, name: str) -> None:
        """Forget a server group."""
        self._file("groups", name).unlink(missing_ok=True)

    def remove_balancer(self, name: str) -> None:
        """Want a load balancer no more."""
        self._file("balancers", name).unlink(missing_ok=True)

    def log(self, instance: str) -> Path:
        """Where an instance writes."""
        return self.path / "logs" / f"{instance}.log"

    def prepare(self, rules: Rules) -> None:
        """Make the folder, and tell the supervisor what to go by."""
        for part in ("groups", "balancers", "logs"):
            (self.path / part).mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        if self.rules() != rules:
            write(self.path / RULES, rules)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Nobody else changes what is wanted in the meantime."""
        with (self.path / "wanted.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def supervised(self) -> bool:
        """A supervisor looks after it."""
        with suppress(OSError), self.supervising():
            return False
        return True

    @contextmanager
    def supervising(self) -> Iterator[None]:
        """Be its one supervisor. Raises BlockingIOError when there is another."""
        with (self.path / LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def supervise(self) -> None:
        """Start a supervisor unless one looks after it; a second one that is started at the same moment ends by itself."""
        if not self.supervised:
            self.path.joinpath("supervisor.log").touch(mode=0o600)
            argv = [sys.executable, "-m", _SUPERVISOR, str(self.path)]
            start(argv, folder=self.path, log=self.path / "supervisor.log")

    def give_up(self, seconds: float = 30.0) -> None:
        """End everything here, at once. Raises TimeoutError when the supervisor does not."""
        if not self.path.is_dir():
            return
        (self.path / RULES).unlink(missing_ok=True)
        self.supervise()
        until = time.monotonic() + seconds
        while (self.path / SEEN).exists() or self.supervised:
            if time.monotonic() > until:
                raise TimeoutError(f"the supervisor of {self.path} did not end within {seconds} s; see supervisor.log")
            time.sleep(0.05)

    def _all(self, part: str, type_: type[T]) -> list[T]:
        read = (_read(file, type_) for file in sorted((self.path / part).glob("*.json")))
        return [one for one in read if one is not None]

    def _file(self, part: str, name: str) -> Path:
        return self.path / part / f"{name}.json"


def write(path: Path, value: Struct, *, lasting: bool = True) -> None:
    """Replace a file as a whole; what is `lasting` stands after a power cut."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    with draft.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value)))
        if lasting:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path, type_: type[T]) -> T | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        return msgspec.json.decode(path.read_bytes(), type=type_)
    return None
