"""What traffic and capacity were like over time: from the log of the load, and from what the supervisor saw."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from gennaker.plugins.local.region import Folder

#: So many answers in a row come from every instance that has traffic: the balancer deals them out in turn.
_RUN = 60
_COLUMN_S = 0.5
_BARS = " ▁▂▃▄▅▆▇█"


class Answer(NamedTuple):
    """One request: times in seconds since the epoch; no version when it was lost."""

    asked: float
    at: float
    version: str
    instance: str


class Moment(NamedTuple):
    """How many instances of each server group had traffic and were healthy."""

    at: float
    serving: dict[str, int]


class Watch:
    """Looks at a region all the time, in a thread."""

    def __init__(self, region: Path) -> None:
        self.moments: list[Moment] = []
        self._folder = Folder(region)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.03):
            there = self._folder.seen().instances
            serving = Counter(one.group for one in there if one.serves and one.state == "Up")
            self.moments.append(Moment(time.time(), dict(serving)))


T = TypeVar("T", Answer, Moment)


class Timeline(NamedTuple):
    """All of it."""

    answers: Sequence[Answer]
    moments: Sequence[Moment]

    @property
    def lost(self) -> int:
        """Requests that nobody of the application answered."""
        return sum(not one.version for one in self.answers)

    @property
    def fewest_serving(self) -> int:
        """The fewest healthy instances that had traffic at one moment, as the supervisor saw it."""
        return min(sum(moment.serving.values()) for moment in self.moments)

    @property
    def fewest_answering(self) -> int:
        """The fewest instances that answered a run of requests, as those who asked saw it."""
        told = [one.instance for one in sorted(self.answers, key=lambda one: one.at) if one.version]
        recent = Counter(told[:_RUN])
        fewest = len(recent)
        for old, new in zip(told, told[_RUN:], strict=False):
            recent[new] += 1
            recent[old] -= 1
            if not recent[old]:
                del recent[old]
            fewest = min(fewest, len(recent))
        return fewest

    def draw(self) -> str:
        """A chart in letters: a column for each half second; instances of each group, answers of each version, what was lost."""
        began = self.moments[0].at
        rows: dict[str, list[str]] = {}
        for name in sorted({name for moment in self.moments for name in moment.serving}):
            rows[name] = [
                str(min((moment.serving.get(name, 0) for moment in column), default="·")).replace("0", " ")
                for column in _columns(self.moments, began)
            ]
        columns = list(_columns(self.answers, began))
        most = max((len(column) for column in columns), default=1)
        for version in sorted({one.version for one in self.answers}):
            counts = [sum(one.version == version for one in column) for column in columns]
            rows[version or "LOST"] = [_BARS[-(-count * 8 // most)] for count in counts]
        width = max(len(name) for name in rows)
        head = f"{'':{width}} {len(columns) * _COLUMN_S:.0f} s, {len(self.answers)} requests, {self.lost} lost"
        return "\n".join([head, *(f"{name:>{width}} {''.join(row)}" for name, row in rows.items())])


def answers(log: Path) -> list[Answer]:
    """Read what the load has written down."""
    found = []
    for line in log.read_text().splitlines():
        asked, at, version, instance = line.split()
        found.append(Answer(float(asked), float(at), version.strip("-"), instance.strip("-")))
    return found


def _columns(of: Sequence[T], began: float) -> Iterator[list[T]]:
    end = max(one.at for one in of)
    for number in range(int((end - began) / _COLUMN_S) + 1):
        since = began + number * _COLUMN_S
        yield [one for one in of if since <= one.at < since + _COLUMN_S]
