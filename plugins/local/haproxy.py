"""HAProxy as the load balancer: a file for what listens, its own commands for what is behind.

Separate because all that is particular to HAProxy is here. Servers stand in numbered places, so that instances come and go by commands,
without a new start; only another set of load balancers needs one, and that hands the listening sockets over (nobody is refused). The
file always tells the whole state, so that one that was ended by others starts where it was.
"""

import csv
import io
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from gennaker.core.processes.running import CannotStart, run
from gennaker.plugins.local.balancer import ANSWER_S, HAPROXY, Frontend, Report, Server, Trouble, ask, program
from gennaker.plugins.local.keeper import Keeper

_CONFIG = "haproxy.cfg"
_PLACES = "haproxy.json"
_WORKER = "haproxy.sock"
_MASTER = "master.sock"
_HOST = "127.0.0.1"
#: A place where nobody is.
_NOWHERE = 1
_LEAST_PLACES = 16
#: How long the worker before the last may go on with its connections.
_OLD_S = 60
#: What it answers to a command that was followed.
_FINE = ("changed", "no need to change")
Places = dict[str, list[str]]

_HEAD = f"""\
# Written by gennaker; changes are lost.
global
    stats socket unix@{_WORKER} mode 600 level admin expose-fd listeners
    hard-stop-after {_OLD_S}s
defaults
    balance roundrobin
    option redispatch 1
    option idle-close-on-response
    retries 3
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 10s
"""


class HAProxy:
    """See Balancer."""

    kind = HAPROXY

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keeper = Keeper(folder, self.kind)
        self._told: str = ""

    def apply(self, frontends: Sequence[Frontend]) -> Report:
        """See Balancer."""
        try:
            return self._apply(frontends)
        except (OSError, CannotStart) as error:
            raise Trouble(f"HAProxy does not answer ({error}); see balancer.log") from error

    def end(self) -> None:
        """See Balancer."""
        self._keeper.end()
        for name in (_WORKER, _MASTER, _CONFIG, _PLACES):
            (self._folder / name).unlink(missing_ok=True)

    def _apply(self, frontends: Sequence[Frontend]) -> Report:
        before = self._places()
        places = {one.name: _placed(one, before.get(one.name, [])) for one in frontends}
        config = _config(frontends, places)
        old = self._read(_CONFIG)
        if config != old:
            if _outline(config) != _outline(old):
                self._check(config)
            self._write(_PLACES, msgspec.json.encode(places).decode())
            self._write(_CONFIG, config)
        if not self._keeper.alive:
            self._start()
        elif _outline(config) != _outline(old):
            self._reload()
        elif config != self._told:
            self._tell(frontends, places)
        self._told = config
        return self._report(frontends, places)

    def _start(self) -> None:
        where = program()
        if where is None:
            raise Trouble("HAProxy is not installed; install it or set plugins.local.balancer to builtin")
        for name in (_WORKER, _MASTER):
            (self._folder / name).unlink(missing_ok=True)
        self._keeper.start([where, "-W", "-S", f"unix@{_MASTER},mode,600", "-f", _CONFIG])
        self._until_new(0)

    def _reload(self) -> None:
        before = self._worker()
        ask(self._folder / _MASTER, b"reload\n")
        self._until_new(before)

    def _until_new(self, before: int) -> None:
        """Wait for a worker that is not the one before."""
        until = time.monotonic() + 2 * ANSWER_S
        while True:
            with suppress(OSError):
                if self._worker() not in (0, before):
                    return
            if time.monotonic() > until:
                raise Trouble("HAProxy did not take its new file (is a port in use?); see balancer.log")
            time.sleep(0.02)

    def _worker(self) -> int:
        """The number of the worker that answers; 0 for none."""
        for line in ask(self._folder / _WORKER, b"show info\n").decode().splitlines():
            if line.startswith("Pid: "):
                return int(line.removeprefix("Pid: "))
        return 0

    def _tell(self, frontends: Sequence[Frontend], places: Places) -> None:
        """Say all that the file says of servers; what is so already stays so."""
        lines = []
        for one in frontends:
            for number, _, server in _all(one, places[one.name]):
                place = f"{one.name}/s{number}"
                if server is None:
                    lines.append(f"set server {place} state maint")
                else:
                    lines.append(f"set server {place} addr {_HOST} port {server.port}")
                    lines.append(f"set server {place} weight {int(server.accepts)}")
                    lines.append(f"set server {place} state ready")
        for start in range(0, len(lines), 100):
            answer = ask(self._folder / _WORKER, ("; ".join(lines[start : start + 100]) + "\n").encode()).decode()
            wrong = [line for line in answer.splitlines() if line and not any(word in line for word in _FINE)]
            if wrong:
                raise Trouble(f"HAProxy refused: {wrong[0]}")

    def _report(self, frontends: Sequence[Frontend], places: Places) -> Report:
        """Count; a worker of before may have connections of anyone."""
        answer = ask(self._folder / _WORKER, b"show stat\n").decode().lstrip("# ")
        open_ = {(row["pxname"], row["svname"]): int(row["scur"] or 0) for row in csv.DictReader(io.StringIO(answer))}
        more = int(self._has_old())
        counted: Counter[str] = Counter()
        for one in frontends:
            for number, name, server in _all(one, places[one.name]):
                if server is not None:
                    counted[name] += open_.get((one.name, f"s{number}"), 0) + more
        return Report(connections=dict(counted))

    def _has_old(self) -> bool:
        """A worker of before still ends its connections."""
        answer = ask(self._folder / _MASTER, b"show proc\n").decode()
        _, _, old = answer.partition("# old workers")
        return any(line[:1].isdigit() for line in old.partition("# programs")[0].splitlines())

    def _check(self, config: str) -> None:
        where = program()
        if where is None:
            raise Trouble("HAProxy is not installed; install it or set plugins.local.balancer to builtin")
        draft = self._folder / f"{_CONFIG}.new"
        draft.write_text(config)
        done = run([where, "-c", "-f", draft.name], seconds=2 * ANSWER_S, folder=self._folder)
        draft.unlink()
        if not done.ok:
            raise Trouble(f"HAProxy does not take its file: {done.output.strip()[-500:]}")

    def _places(self) -> Places:
        with suppress(FileNotFoundError):
            return msgspec.json.decode((self._folder / _PLACES).read_bytes(), type=Places)
        return {}

    def _read(self, name: str) -> str:
        with suppress(FileNotFoundError):
            return (self._folder / name).read_text()
        return ""

    def _write(self, name: str, content: str) -> None:
        draft = self._folder / f".{name}.{os.getpid()}"
        draft.write_text(content)
        draft.replace(self._folder / name)


def _placed(frontend: Frontend, before: Sequence[str]) -> list[str]:
    """Who stands where: everybody stays, new ones take what is free; more places are made by doubling."""
    names = [server.id for server in frontend.servers]
    places = [name if name in names else "" for name in before] or [""] * _LEAST_PLACES
    missing = [name for name in names if name not in places]
    while places.count("") < len(missing):
        places += [""] * len(places)
    for name in missing:
        places[places.index("")] = name
    return places


def _all(frontend: Frontend, places: Sequence[str]) -> Iterator[tuple[int, str, Server | None]]:
    servers: Mapping[str, Server] = {server.id: server for server in frontend.servers}
    for number, name in enumerate(places):
        yield number, name, servers.get(name)


def _config(frontends: Sequence[Frontend], places: Places) -> str:
    parts = [_HEAD]
    for one in frontends:
        parts.append(f"frontend in-{one.name}\n    mode {one.protocol}\n    bind {one.host}:{one.port}\n")
        parts.append(f"    default_backend {one.name}\nbackend {one.name}\n    mode {one.protocol}\n")
        for number, _, server in _all(one, places[one.name]):
            if server is None:
                parts.append(f"    server s{number} {_HOST}:{_NOWHERE} weight 1 disabled\n")
            else:
                parts.append(f"    server s{number} {_HOST}:{server.port} weight {int(server.accepts)}\n")
    return "".join(parts)


def _outline(config: str) -> list[str]:
    """What only a new start can change: all but where servers are."""
    return [line.split()[1] if line.startswith("    server ") else line for line in config.splitlines()]
