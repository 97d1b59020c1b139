"""`make bench`: limits, peers and the program in one run, interleaved, medians of several rounds, at most ten minutes.

Separate because it is the script: it decides what is run how often, and knows nothing of how.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import deployments
import evaluations
import figures
import ground
import inventory
import limits
import load
import peers
import pipelines
import settings
import startup
from msgspec import Struct
from report import Report, Samples
from rich.console import Console

_NOTES = [
    "steps/s: stages finished per second between the first and the last that finished, all executions accepted before",
    "alone: one execution at a time, its acceptance included; a stage from start to end has the log's resolution of 1 ms",
    "limits: the same rows by the driver alone in batches of 64 (one for alone); round trip: two messages through two quorum queues, confirmed",
    "raw append is the log without the rows of executions; peers keep no state; on 2 cores a second engine has no core of its own",
]


class Plan(Struct, frozen=True):
    """How much is run."""

    rounds: int
    flight: int
    broker_flight: int
    alone: int
    peer_flight: int
    wider: int
    #: Seconds within which the last round is to end, if it takes as long as the longest before it.
    budget: float
    broker: bool = True
    #: Seconds for which an idle daemon is watched.
    idle: float = 4.0
    #: Server groups of the inventory, and seconds for which one application is listed.
    groups: int = 5000
    listing: float = 6.0
    #: Seconds that the cloud of the deployments takes for a new instance.
    boot: float = 2.0


FULL = Plan(rounds=3, flight=1000, broker_flight=500, alone=30, peer_flight=150, wider=100, budget=570.0)
SMALL = Plan(
    rounds=1,
    flight=40,
    broker_flight=0,
    alone=3,
    peer_flight=0,
    wider=0,
    budget=60.0,
    broker=False,
    idle=0.5,
    groups=200,
    listing=0.5,
    boot=0.2,
)


class Run:
    """One run of everything."""

    def __init__(self, plan: Plan, progress: Console) -> None:
        self._plan = plan
        self._progress = progress
        self._found = Samples()
        self._loads: list[float] = []
        self._cals: list[float] = []
        self._began = time.monotonic()

    def report(self) -> Report:
        """Run it."""
        rounds = 0
        longest = 0.0
        while rounds < self._plan.rounds and self._spent() + longest < self._plan.budget:
            rounds += 1
            before = self._spent()
            self._round(rounds)
            longest = max(longest, self._spent() - before)
        chosen = settings.EMBEDDED + (settings.ON_RABBITMQ if self._plan.broker else ())
        return Report(
            lines=figures.lines(self._found, chosen),
            cal=(1e6 * min(self._cals), 1e6 * max(self._cals)),
            load=(min(self._loads), max(self._loads)),
            cores=os.cpu_count() or 1,
            rounds=rounds,
            seconds=self._spent(),
            notes=_NOTES,
        )

    def _spent(self) -> float:
        return time.monotonic() - self._began

    def _round(self, number: int) -> None:
        plan = self._plan
        with ground.folder() as home:
            sample = home / "sample.db"
            for index, setting in enumerate(settings.EMBEDDED):
                for shape in pipelines.SHAPES:
                    keep = sample if index == 0 and shape == next(iter(pipelines.SHAPES)) else None
                    self._setting(setting, shape, settings.Size(plan.flight, plan.alone), keep)
            self._limits(limits.rows(sample))
            if plan.wider:
                for shape, count in zip(pipelines.WIDER, (plan.wider, plan.wider // 10), strict=True):
                    self._setting(settings.EMBEDDED[0], shape, settings.Size(count, 0))
        for name, seconds in evaluations.measure().items():
            self._note(f"evaluation/{name}", seconds)
        self._inventory()
        self._deployments()
        if plan.broker:
            self._broker()
        self._daemon()
        self._progress.print(f"round {number}: {self._spent():.0f} s")

    def _broker(self) -> None:
        plan = self._plan
        for setting in settings.ON_RABBITMQ:
            for shape in pipelines.SHAPES:
                if setting.engines > 1 and shape != next(iter(pipelines.SHAPES)):
                    continue
                self._setting(setting, shape, settings.Size(plan.broker_flight, plan.alone // 2))
            if setting.postgres and setting.engines == 1:
                self._setting(setting, next(iter(pipelines.EVALUATED)), settings.Size(plan.broker_flight, 0))
            self._peers()
        self._note("RabbitMQ/round trip", limits.round_trips())
        self._note("RabbitMQ/messages", limits.messages())

    def _setting(self, setting: settings.Setting, shape: str, size: settings.Size, keep: Path | None = None) -> None:
        self._look()
        measured = settings.measure(setting, shape, size, keep)
        name = f"{setting.name}/{shape}"
        self._note(f"{name}/rate", measured.rate)
        self._note(f"{name}/accepted", measured.accepted)
        self._note(f"{name}/cpu", measured.cpu + measured.servers)
        self._found.extend(f"{name}/spans", measured.spans)
        self._found.extend(f"{name}/alone", measured.alone)

    def _peers(self) -> None:
        for name in peers.NAMES:
            measured = peers.measure(name, self._plan.peer_flight, self._plan.alone // 2)
            self._note(f"{name}/rate", measured.rate)
            self._note(f"{name}/cpu", measured.cpu)
            self._found.extend(f"{name}/alone", measured.alone)

    def _limits(self, rows: limits.Rows) -> None:
        for synchronous in ("NORMAL", "FULL"):
            raw = limits.sqlite(rows, synchronous)
            self._note(f"SQLite {synchronous}/append", raw.append)
            self._note(f"SQLite {synchronous}/everything", raw.everything)
            self._note(f"SQLite {synchronous}/one", raw.one)
        self._note("hop", limits.hop())
        if self._plan.broker:
            server = limits.postgres(rows)
            self._note("PostgreSQL/everything", server.everything)
            self._note("PostgreSQL/one", server.one)

    def _inventory(self) -> None:
        self._look()
        measured = inventory.measure(self._plan.groups, self._plan.listing)
        self._found.extend("inventory/list", measured.lists)
        self._note("inventory/first", measured.first)
        self._found.extend("inventory/look", measured.looks)

    def _deployments(self) -> None:
        self._look()
        for boot_s in (0.0, self._plan.boot):
            measured = deployments.measure(boot_s)
            for strategy, seconds in measured.whole.items():
                kind = "whole" if boot_s else "bare"
                self._note(f"deployments/{strategy}/{kind}", seconds)
                if boot_s:
                    self._note(f"deployments/{strategy}/cloud", measured.cloud[strategy])

    def _daemon(self) -> None:
        self._look()
        self._note("imports", limits.imports(times=1 if self._plan.idle < 1 else 3))
        idle = startup.measure(self._plan.idle)
        self._note("daemon/first", idle.first)
        self._note("daemon/seconds", idle.seconds)
        self._note("daemon/resident", idle.resident)
        self._note("daemon/cpu", idle.cpu)

    def _note(self, name: str, value: float) -> None:
        self._found.add(name, value)

    def _look(self) -> None:
        self._loads.append(load.average())
        self._cals.append(load.cal())
        self._note("cal", self._cals[-1])


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--small", action="store_true", help="a few seconds without servers: shows that it works, measures nothing"
    )
    parser.add_argument("--rounds", type=int, help="most rounds")
    parser.add_argument("--json", type=Path, help="write the report to this file as well")
    given = parser.parse_args()
    plan = SMALL if given.small else FULL
    if given.rounds:
        plan = Plan(**{**{name: getattr(plan, name) for name in plan.__struct_fields__}, "rounds": given.rounds})
    report = Run(plan, Console(stderr=True)).report()
    report.show(Console(width=None if sys.stdout.isatty() else 190))
    if given.json:
        given.json.write_bytes(report.as_json())


if __name__ == "__main__":
    main()
