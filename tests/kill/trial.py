"""One trial: load, deaths at moments that the seed decides, the wait for every end, the judgement.

Separate from the tests because they differ only in what dies.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable

from kill.effects import Effects
from kill.fleet import Fleet, Member
from kill.history import History
from kill.load import Load

from gennaker.core.engine.explain import explain
from gennaker.core.model.status import Status
from gennaker.core.store import commands, executions
from gennaker.core.store.database import Database

#: Seconds within which everything must have come to its end once nothing dies any more.
ENDS_S = 90.0
#: Seconds to wait for the calls in the middle of which somebody is to die.
LULL_S = 4.0
_SHOWN = 25


def seed() -> int:
    """The seed of this run: GENNAKER_SEED repeats one."""
    return int(os.environ.get("GENNAKER_SEED") or random.SystemRandom().randrange(1_000_000))


def rounds(share: float = 1.0) -> range:
    """How often a trial is made: once, and in `make soak` about once for each of GENNAKER_SOAK_MINUTES (10)."""
    if not os.environ.get("GENNAKER_SOAK"):
        return range(1)
    return range(max(1, round(share * float(os.environ.get("GENNAKER_SOAK_MINUTES", "10")))))


class Trial:
    """Everything that happens to one fleet."""

    def __init__(self, fleet: Fleet, seed: int, *, clients: int = 3, tell: Callable[[str], None] = print) -> None:
        self.fleet = fleet
        self.seed = seed
        self.dice = random.Random(seed)
        self.load = Load(fleet.urls, seed, clients=clients)
        self._tell = tell

    def begin(self) -> None:
        """Start the fleet and the clients."""
        self.fleet.start()
        self.load.prepare()
        self.load.start()

    def kill_some(self, kills: int, *, most: int = 150) -> None:
        """Kill now one, now another, each time in the middle of up to `most` calls; more than half are up at any time."""
        while self.fleet.deaths < kills:
            while len(victims := self.fleet.victims()) <= len(self.fleet.members) // 2:
                time.sleep(0.03)
            wanted = self.fleet.calls() + self.dice.randint(0, most)
            until = time.monotonic() + LULL_S
            while self.fleet.calls() < wanted and time.monotonic() < until:
                time.sleep(0.002)
            self.kill(self.dice.choice(victims))

    def kill(self, member: Member) -> None:
        """Kill one and start it again at once; sometimes it dies once more while it starts."""
        member.kill()
        member.start()
        if self.dice.random() < 0.15:
            time.sleep(self.dice.uniform(0.1, 1.0))
            member.kill()
            member.start()

    def work(self, least: float, most: float) -> None:
        """Let things happen for so many seconds, as the seed decides."""
        time.sleep(self.dice.uniform(least, most))

    def finish(self, *, durable: bool) -> None:
        """Wait for every end, stop the fleet, judge. Fails with all that is wrong and the seed."""
        began = time.monotonic()
        for member in self.fleet.members:
            member.ready()
        self.load.stop()
        database = Database.open(self.fleet.database, migrate=False, pool=2)
        try:
            self._wait(database)
            settled = time.monotonic() - began
            codes = self.fleet.stop()
            history = History.read(database)
        finally:
            database.close()
        effects = Effects.read(self.fleet.records)
        history.check(self.load.ledger)
        effects.check(history)
        if durable:
            effects.check_facts(history)
        wrong = history.wrong + effects.wrong
        wrong += [f"{m.home.name} ended with {code}" for m, code in zip(self.fleet.members, codes, strict=True) if code]
        self._tell(self._figures(history, effects, settled))
        assert not wrong, self._failed(wrong)

    def _wait(self, database: Database) -> None:
        """Until nothing is active any more; a pause whose end nobody was told of is ended here."""
        until = time.monotonic() + ENDS_S
        while left := _left(database):
            if time.monotonic() > until:
                raise AssertionError(self._failed([f"still going on after {ENDS_S:.0f} s:", *_why(database, left)]))
            with database.reading() as connection:
                statuses = executions.statuses(connection, left)
            paused = [id_ for id_, (status, _) in statuses.items() if status is Status.PAUSED]
            if paused:
                self.load.resume(paused)
            time.sleep(0.2)

    def _figures(self, history: History, effects: Effects, settled: float) -> str:
        statuses = Counter(str(state.status) for state in history.states.values())
        return (
            f"seed {self.seed}: {self.fleet.deaths} kills, {len(history.states)} executions {dict(statuses)}, "
            f"{len(history.facts)} events, {sum(history.handled.values())} commands, {len(effects.began)} effects, "
            f"{effects.interrupted} calls interrupted, {effects.repeats} repeated ({effects.overtaken} overtaken), "
            f"{history.sent_again} hand-outs sent again, "
            f"{len(effects.facts)} facts heard, settled in {settled:.1f} s"
        )

    def _failed(self, wrong: list[str]) -> str:
        rest = len(wrong) - _SHOWN
        told = [*wrong[:_SHOWN], *([f"… and {rest} more"] if rest > 0 else [])]
        again = f"repeat it with GENNAKER_SEED={self.seed}"
        return "\n".join([f"{len(wrong)} violations ({again}):", *told, self.fleet.logs(), again])


def _left(database: Database) -> list[str]:
    with database.reading() as connection:
        found: dict[str, None] = {}
        for shard in range(database.shards):
            found.update(dict.fromkeys(executions.active(connection, shard)))
            found.update(dict.fromkeys(row.execution for row in commands.pending(connection, shard, 0, 1000)))
    return list(found)


def _why(database: Database, ids: list[str]) -> list[str]:
    now = time.time_ns() // 1_000_000
    with database.reading() as connection:
        found = executions.load_many(connection, ids[:_SHOWN])
    return [
        f"{id_} ({state.name}) is {state.status}: {explain(state, now, {})}; "
        f"{[(stage.name, stage.phase, stage.handout, stage.due) for stage in state.stages.values() if stage.id in state.active]}"
        for id_, state in found.items()
    ]
