"""Judges what the recording plugin wrote down: which calls reached the outside world, and whether each repeat said that it was one.

Separate from `history` because this is the outside's view, and the log is ours.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kill.history import History


@dataclass
class Effects:
    """The records of all daemons, in the order in which they were written."""

    calls: list[dict[str, Any]]
    facts: list[dict[str, Any]]
    wrong: list[str] = field(default_factory=list)
    #: Key to the numbers of the lines that say: began, and performed or found.
    began: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    done: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: Calls that were made before: the same attempt once more.
    repeats: int = 0
    #: First calls that a marked copy has overtaken, so that they came second.
    overtaken: int = 0
    #: Calls that began and never came to their effect, because their process died.
    interrupted: int = 0

    @classmethod
    def read(cls, folder: Path) -> "Effects":
        """Read the records and judge them by themselves."""
        found = cls(_lines(folder / "calls"), _lines(folder / "facts"))
        performed: Counter[str] = Counter()
        unmarked: Counter[str] = Counter()
        attempts: set[tuple[str, int]] = set()
        for number, line in enumerate(found.calls):
            key = line["key"]
            if line["what"] == "began":
                found.repeats += (key, line["attempt"]) in attempts
                found.overtaken += bool(found.began[key]) and not line["again"]
                attempts.add((key, line["attempt"]))
                found.interrupted += 1
                unmarked[key] += not line["again"]
                found.began[key].append(number)
            else:
                found.interrupted -= 1
                performed[key] += line["what"] == "performed"
                found.done[key].append(number)
        found.wrong += [f"{key}: performed {count} times" for key, count in performed.items() if count > 1]
        found.wrong += [
            f"{key}: {count} calls are not marked as repeats" for key, count in unmarked.items() if count > 1
        ]
        return found

    def check(self, history: History) -> None:
        """What the log says was done was done, and in the order of the log."""
        for id_, steps in history.steps.items():
            latest, last = -1, ""
            for step in steps:
                if step.what == "finished":
                    if not self.done.get(step.key):
                        self.wrong.append(f"{step.key} succeeded without its effect")
                        continue
                    first = self.done[step.key][0]
                    if first > latest:
                        latest, last = first, step.key
                elif self.began.get(step.key, [latest + 1])[0] < latest:
                    self.wrong.append(f"{id_}: {step.key} began before the effect of {last} was there")
        known = set(history.states)
        once = {id_ for state in history.states.values() for id_, stage in state.stages.items() if stage.type == "once"}
        for line in self.calls:
            if line["what"] == "began" and line["stage"] in once and line["again"]:
                self.wrong.append(f"{line['key']}: what may be done once at most was done again")
        strange = {line["execution"] for line in self.calls if line["what"] == "began"} - known
        self.wrong += [f"work was done for {id_}, which is not in the log" for id_ in sorted(strange)]

    def check_facts(self, history: History) -> None:
        """Subscribers heard every fact at least once, and nothing that is not in the log (rules 4, 20)."""
        told = {line["id"] for line in self.facts}
        wanted = {id_ for id_, type_ in history.facts.items() if type_.startswith("execution.")}
        self.wrong += [f"nobody was told of {history.facts[id_]} {id_}" for id_ in sorted(wanted - told)]
        self.wrong += [f"{id_} was told and is not in the log" for id_ in sorted(told - set(history.facts))]


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
