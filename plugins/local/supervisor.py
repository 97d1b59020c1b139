"""Looks after a region: `python -m gennaker.plugins.local.supervisor FOLDER`. There is one for each folder.

Separate because it is a program of its own: instances, their health and their traffic go on while the daemon is away. When it ends, they
go on too, and the next one finds them. It ends when nothing is wanted, and ends all when the region's rules are gone.
"""

import asyncio
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

from gennaker.core.processes.running import CannotStart
from gennaker.plugins.local import fleet, instances
from gennaker.plugins.local.balancer import Balancer, Trouble
from gennaker.plugins.local.balancing import balancer
from gennaker.plugins.local.keeper import kept_in
from gennaker.plugins.local.probe import probe
from gennaker.plugins.local.records import Rules, Seen, WantedGroup
from gennaker.plugins.local.region import SEEN, Folder

_TURN_S = 0.1
#: Seconds between two checks of an instance that is starting.
_STARTING_S = 0.1
#: It ends after so many seconds with nothing to look after.
_IDLE_S = 3.0
_LOGS_S = 5.0


class Supervisor:
    """The region, and what was seen of it so far."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._region = folder.seen()
        self._balancer: Balancer | None = None
        self._written: bytes = b""
        self._crashes: dict[str, fleet.Crashes] = defaultdict(fleet.Crashes)
        self._failures: dict[str, int] = defaultdict(int)
        self._checked: dict[str, float] = {}
        self._checking: dict[str, asyncio.Task[None]] = {}
        self._idle_from = self._logs_at = time.monotonic()
        instances.adopt(self._region.instances)

    async def look_after(self) -> None:
        """Until nothing is wanted."""
        while rules := self._folder.rules():
            self._turn(rules)
            if self._nothing_to_do():
                return
            await asyncio.sleep(_TURN_S)
        self._end_all()

    def _turn(self, rules: Rules) -> None:
        groups = self._folder.groups()
        now = _now()
        self._bury(groups, now)
        for name in {one.group for one in self._region.instances} | set(groups):
            mine = self._of(name)
            fleet.release(groups.get(name), mine)
            fleet.direct(groups.get(name), mine, now)
        self._balance(rules, groups)
        self._let_go(rules, now)
        for group in groups.values():
            self._fill(group, rules, now)
            if group.gone and not self._of(group.name):
                self._folder.remove_group(group.name)
                self._crashes.pop(group.name, None)
        self._region.problems = {name: why for name, why in self._region.problems.items() if name in groups}
        self._check(groups, rules)
        self._shorten_logs()
        self._write()

    def _bury(self, groups: dict[str, WantedGroup], now: int) -> None:
        """Take note of instances that have ended."""
        for one in [one for one in self._region.instances if not instances.lives(one)]:
            instances.end_rest(one)
            self._region.instances.remove(one)
            for known in (self._failures, self._checked):
                known.pop(one.id, None)
            if not one.leaving and one.group in groups:
                self._crashes[one.group].note(now - one.launched, now)
                said = instances.last_words(one, self._folder)
                self._region.problems[one.group] = (
                    f"instance {one.id} ended by itself; its last words: {said or 'none'}"
                )
            else:
                self._folder.log(one.id).unlink(missing_ok=True)

    def _balance(self, rules: Rules, groups: dict[str, WantedGroup]) -> None:
        wanted = self._folder.balancers()
        if not wanted and kept_in(self._folder.path) is None:
            self._region.trouble = ""
            return
        program = self._balancer = self._balancer or balancer(self._folder.path, rules.balancer)
        told = fleet.frontends(wanted, groups, self._region.instances, rules.listen)
        try:
            report = program.apply(told)
        except Trouble as error:
            self._region.trouble = str(error)
            return
        self._region.trouble = report.trouble
        for one in self._region.instances:
            one.connections = 0 if one.serves else report.connections.get(one.id, 0)
        if not wanted and not any(report.connections.values()):
            program.end()
            self._balancer = None

    def _let_go(self, rules: Rules, now: int) -> None:
        """End the instances that may end now."""
        for one in self._region.instances:
            if one.asked:
                if now - one.asked > rules.stop_seconds * 1000:
                    instances.kill(one)
            elif fleet.may_end(one, now, rules):
                instances.ask_to_end(one, now)

    def _fill(self, group: WantedGroup, rules: Rules, now: int) -> None:
        """Start what is missing; each is written down before it is started, so that it is found whenever we end."""
        for _ in range(fleet.missing(group, self._of(group.name))):
            if not self._crashes[group.name].allows(now):
                return
            try:
                one = instances.new(group, rules, {other.port for other in self._region.instances}, now)
                self._region.instances.append(one)
                self._write()
                instances.launch(one, group, self._folder)
            except CannotStart as error:
                self._region.instances = [other for other in self._region.instances if other.process]
                self._crashes[group.name].note(0, now)
                self._region.problems[group.name] = str(error)
                return

    def _check(self, groups: dict[str, WantedGroup], rules: Rules) -> None:
        """Begin the health checks that are due."""
        for one in self._region.instances:
            group = groups.get(one.group)
            pause = _STARTING_S if one.state == "Starting" else rules.check_seconds
            due = time.monotonic() - self._checked.get(one.id, 0.0) >= pause
            if group is not None and due and one.id not in self._checking:
                task = asyncio.get_running_loop().create_task(self._ask(one, group))
                self._checking[one.id] = task

    async def _ask(self, one: Seen, group: WantedGroup) -> None:
        try:
            serves = await probe(one.port, group.check)
        finally:
            self._checked[one.id] = time.monotonic()
            del self._checking[one.id]
        if serves:
            self._failures[one.id] = 0
            one.state = "Up"
            self._region.problems.pop(one.group, None)
        elif one.state == "Up":
            self._failures[one.id] += 1
            if self._failures[one.id] >= fleet.FAILURES:
                one.state = "Down"

    def _shorten_logs(self) -> None:
        if time.monotonic() - self._logs_at > _LOGS_S:
            self._logs_at = time.monotonic()
            for one in self._region.instances:
                instances.shorten_log(one, self._folder)

    def _nothing_to_do(self) -> bool:
        if self._region.instances or self._folder.groups() or kept_in(self._folder.path) or self._folder.balancers():
            self._idle_from = time.monotonic()
        return time.monotonic() - self._idle_from > _IDLE_S

    def _end_all(self) -> None:
        """Nothing is wanted here any more, and nothing may stay."""
        kept = kept_in(self._folder.path)
        if kept is not None:
            balancer(self._folder.path, kept.kind).end()
        for one in self._region.instances:
            instances.kill(one)
            instances.end_rest(one)
        (self._folder.path / SEEN).unlink(missing_ok=True)

    def _of(self, group: str) -> list[Seen]:
        return [one for one in self._region.instances if one.group == group]

    def _write(self) -> None:
        told = repr(self._region).encode()
        if told != self._written:
            self._folder.write_seen(self._region)
            self._written = told


def main(path: str) -> None:
    """Look after a region unless another does."""
    folder = Folder(Path(path))
    os.umask(0o077)
    try:
        with folder.supervising():
            asyncio.run(Supervisor(folder).look_after())
    except BlockingIOError:
        return


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main(sys.argv[1])
