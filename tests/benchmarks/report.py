"""What came out, as a table and as JSON: each figure beside its limit, its peer and its goal.

Separate because a figure is nothing without the others of the same run.
"""

from collections.abc import Sequence
from statistics import median
from typing import Literal

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

Way = Literal["at least", "at most"]


class Goal(Struct, frozen=True):
    """What a figure is to reach, as a multiple of something else that was measured, or as a value."""

    text: str
    way: Way
    value: float

    def met(self, figure: float) -> bool:
        """Whether a figure reaches it."""
        return figure >= self.value if self.way == "at least" else figure <= self.value


class Line(Struct, frozen=True):
    """One figure."""

    setting: str
    figure: str
    value: float
    unit: str
    #: What the machine, or somebody else, reaches: name to value, in the same unit.
    limit: tuple[str, float] | None = None
    peer: tuple[str, float] | None = None
    goals: tuple[Goal, ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether every goal is met; None without any."""
        return all(goal.met(self.value) for goal in self.goals) if self.goals else None


class Report(Struct, frozen=True):
    """A whole run."""

    lines: list[Line]
    #: Microseconds of the unit of CPU, least and most in the rounds.
    cal: tuple[float, float]
    #: The load average during the run, least and most.
    load: tuple[float, float]
    cores: int
    rounds: int
    seconds: float
    notes: list[str]

    def as_json(self) -> bytes:
        """For machines."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    def show(self, console: Console) -> None:
        """For people."""
        table = Table(
            title="gennaker: what was measured, beside the limits and the peers of the same run", show_lines=False
        )
        for name in ("setting", "figure"):
            table.add_column(name)
        for name in ("ours", "limit", "of it", "peer", "of it"):
            table.add_column(name, justify="right")
        table.add_column("goals")
        last = ""
        for line in self.lines:
            table.add_row(line.setting if line.setting != last else "", *_cells(line))
            last = line.setting
        console.print(table)
        console.print(
            f"{self.cores} cores; cal {self.cal[0]:.1f} to {self.cal[1]:.1f} µs; load average {self.load[0]:.1f} to {self.load[1]:.1f}; "
            f"{self.rounds} rounds, medians; {self.seconds:.0f} s in all"
        )
        for note in self.notes:
            console.print(f"- {note}")


def _cells(line: Line) -> Sequence[str]:
    cells = [line.figure, f"{number(line.value)} {line.unit}"]
    for other in (line.limit, line.peer):
        if other is None:
            cells += ["", ""]
        else:
            cells += [f"{other[0]} {number(other[1])}", f"{number(line.value / other[1])} ×" if other[1] else ""]
    told = [f"{'[green]met' if goal.met(line.value) else '[red]missed'}[/] {goal.text}" for goal in line.goals]
    return [*cells, "\n".join(told)]


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Samples:
    """The values of several rounds by name; a name's figure is their median."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add(self, name: str, value: float) -> None:
        """One more."""
        self._values.setdefault(name, []).append(value)

    def extend(self, name: str, values: Sequence[float]) -> None:
        """Many more."""
        self._values.setdefault(name, []).extend(values)

    def __contains__(self, name: str) -> bool:
        return bool(self._values.get(name))

    def __getitem__(self, name: str) -> float:
        return median(self._values[name])

    def get(self, name: str) -> float | None:
        """The median, or None when nothing was measured."""
        values = self._values.get(name)
        return median(values) if values else None

    def high(self, name: str, share: float = 0.99) -> float:
        """The value below which so many are."""
        values = sorted(self._values[name])
        return values[min(len(values) - 1, int(len(values) * share))]


def at_least(text: str, value: float | None, factor: float) -> tuple[Goal, ...]:
    """A goal as a multiple of something measured; none when that was not measured."""
    return () if value is None else (Goal(text, "at least", factor * value),)


def at_most(text: str, value: float | None, factor: float = 1.0) -> tuple[Goal, ...]:
    """The same, from above."""
    return () if value is None else (Goal(text, "at most", factor * value),)
