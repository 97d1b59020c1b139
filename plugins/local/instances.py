"""Starts instances, ends them, and knows them again.

Separate from `fleet` because this does what that decides.
"""

import secrets
import signal
import socket
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

from gennaker.core.processes.detached import end, find, is_alive, start
from gennaker.core.processes.running import CannotStart
from gennaker.core.redact import redactor
from gennaker.plugins.local.records import Rules, Seen, WantedGroup
from gennaker.plugins.local.region import Folder

_HOST = "127.0.0.1"
#: The environment variable that tells an instance its id, and us whose process it is.
MARK = "GENNAKER_INSTANCE"
_TRIES = 200
_LARGEST_LOG = 16 * 1024 * 1024
_LAST_WORDS = 600
_chance = SystemRandom()


def new(group: WantedGroup, rules: Rules, taken: Collection[int], now: int) -> Seen:
    """An instance that is to be started. Raises CannotStart when no port is free."""
    name = f"{group.name}-{secrets.token_hex(4)}"
    for _ in range(_TRIES):
        port = _chance.randint(rules.first_port, rules.last_port)
        if port not in taken and _is_free(port):
            return Seen(id=name, group=group.name, port=port, launched=now)
    raise CannotStart(
        f"no port is free between {rules.first_port} and {rules.last_port}; set plugins.local.first_port and last_port"
    )


def launch(one: Seen, group: WantedGroup, folder: Folder) -> None:
    """Start it. Raises CannotStart."""
    environment = {
        **group.environment,
        group.port_variable: str(one.port),
        MARK: one.id,
        "GENNAKER_SERVER_GROUP": group.name,
    }
    place = Path(group.folder)
    one.process = start(group.command, folder=place, log=folder.log(one.id), environment=environment)


def adopt(instances: Iterable[Seen]) -> None:
    """Find those that were being started when their supervisor ended."""
    for one in instances:
        if one.process is None:
            one.process = next(iter(find(MARK, one.id)), None)


def lives(one: Seen) -> bool:
    """It runs."""
    return one.process is not None and is_alive(one.process)


def ask_to_end(one: Seen, now: int) -> None:
    """Ask it to end."""
    one.asked = now
    if one.process is not None:
        end(one.process, signal.SIGTERM)


def kill(one: Seen) -> None:
    """End it now."""
    if one.process is not None:
        end(one.process, signal.SIGKILL)


def end_rest(one: Seen) -> None:
    """End what an instance that has ended left behind: it would keep the port, and nobody would look after it."""
    for process in find(MARK, one.id):
        end(process, signal.SIGKILL, alone=True)


def last_words(one: Seen, folder: Folder, most: int = _LAST_WORDS) -> str:
    """The end of what it wrote, at most so many bytes, without secrets."""
    with suppress(OSError), folder.log(one.id).open("rb") as log:
        log.seek(max(0, log.seek(0, 2) - most))
        return redactor.text(log.read().decode("utf-8", "replace").strip())
    return ""


def shorten_log(one: Seen, folder: Folder) -> None:
    """Keep what it writes from filling the disk: what is too long begins anew."""
    log = folder.log(one.id)
    with suppress(OSError):
        if log.stat().st_size > _LARGEST_LOG:
            with log.open("r+b") as file:
                file.truncate(0)


def _is_free(port: int) -> bool:
    with suppress(OSError), socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((_HOST, port))
        return True
    return False
