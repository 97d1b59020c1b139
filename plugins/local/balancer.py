"""What a load balancer has to do, whichever program it is.

Separate because the supervisor knows this and nothing of HAProxy or of the built-in proxy. Either is a program of its own that goes on
when the supervisor and the daemon end.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

#: Seconds that a balancer may take to answer a question of ours.
ANSWER_S = 5.0
#: The longest path that a Unix socket may have.
_LONGEST = 100
HAPROXY = "haproxy"
BUILTIN = "builtin"


class Server(Struct, frozen=True, kw_only=True):
    """An instance behind a load balancer."""

    id: str
    port: int
    #: It is given new connections; else those that are open may end.
    accepts: bool


class Frontend(Struct, frozen=True, kw_only=True):
    """A load balancer: where it listens, and what is behind it."""

    name: str
    host: str
    port: int
    protocol: Literal["http", "tcp"]
    servers: tuple[Server, ...]


class Report(Struct, frozen=True, kw_only=True):
    """What a balancer answers."""

    #: Server to its open connections.
    connections: dict[str, int] = {}
    #: What it could not do, in a sentence.
    trouble: str = ""


class Trouble(Exception):
    """The balancer does not do what it should; the message says what happened."""


class Balancer(Protocol):
    """A program that spreads connections over servers."""

    kind: str

    def apply(self, frontends: Sequence[Frontend]) -> Report:
        """Make it be so, starting it when it does not run, and count connections after that. Raises Trouble."""

    def end(self) -> None:
        """End it with all connections."""


def chosen(setting: str) -> str:
    """Which program it is to be."""
    if setting == "auto":
        return HAPROXY if program() else BUILTIN
    return setting


def program() -> str | None:
    """Where HAProxy is installed; Debian keeps it where only root looks."""
    folders = [*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/sbin", "/usr/local/sbin"]
    found = (os.path.join(folder, HAPROXY) for folder in folders if os.path.isabs(folder))
    return next((path for path in found if os.path.isfile(path) and os.access(path, os.X_OK)), None)


def ask(path: Path, question: bytes) -> bytes:
    """One question at a Unix socket, and all that is answered. Raises OSError."""
    with _near(path) as address, socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_S)
        line.connect(address)
        line.sendall(question)
        line.shutdown(socket.SHUT_WR)
        parts = []
        while part := line.recv(64 * 1024):
            parts.append(part)
        return b"".join(parts)


@contextmanager
def _near(path: Path) -> Iterator[str]:
    """A spelling of a path that fits in the address of a socket."""
    if len(str(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
