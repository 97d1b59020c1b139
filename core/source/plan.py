"""What has to be done so that what is stored is what the files say.

Separate because it is pure: `plan` shows it to people before `apply` does it, and a follower does the same again and again. What a source
saved it marks, with a digest of what it saved: so it deletes nothing of others, and knows what was changed by hand since.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from gennaker.config.problems import Problem
from gennaker.core.services import Json
from gennaker.core.source.diff import Change, changes, digest
from gennaker.core.source.kinds import KINDS, SERVER_KEYS, Kind
from gennaker.core.source.read import Item, Reading

Action = Literal["create", "change", "delete", "keep", "unchanged"]


class Source(Struct, frozen=True, kw_only=True):
    """Where files come from; `id` is what pipelines are marked with."""

    id: str
    type: Literal["git", "directory"] = "directory"
    version: str = ""


class Policy(Struct, frozen=True, kw_only=True):
    """What a source may do."""

    #: Delete what it saved and no longer holds.
    prune: bool = False
    #: Replace what was made by hand, or changed by hand since it was saved.
    overwrite: bool = False


class Step(Struct, frozen=True, kw_only=True):
    """What becomes of one definition."""

    action: Action
    kind: Kind
    #: What would be saved; what is stored where nothing would be.
    definition: Json
    file: str = ""
    line: int | None = None
    changes: tuple[Change, ...] = ()
    #: Why it is as it is, when that is not plain.
    note: str = ""

    @property
    def label(self) -> str:
        """How people call the definition."""
        return self.kind.label(self.definition)

    def to_json(self) -> Json:
        """For programs."""
        definition = self.definition
        named = {key: definition.get(key) for key in ("application", "name", "id")}
        told = {"action": self.action, "kind": self.kind.name, "label": self.label, **named}
        return {**told, "file": self.file, "line": self.line, "changes": list(self.changes), "note": self.note}


class Plan(Struct, frozen=True, kw_only=True):
    """Every definition of the source and of those that it saved, and what is wrong."""

    source: Source
    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def todo(self) -> tuple[Step, ...]:
        """The steps that do something, in the order in which they do no harm: what is taken away comes last, what others need after them."""
        saved = [step for kind in KINDS for action in ("change", "create") for step in self._of(kind, action)]
        return (*saved, *(step for kind in reversed(KINDS) for step in self._of(kind, "delete")))

    def _of(self, kind: Kind, action: str) -> list[Step]:
        return [step for step in self.steps if step.kind is kind and step.action == action]

    def count(self, action: Action) -> int:
        """How many steps are of a kind."""
        return sum(step.action == action for step in self.steps)


def plan(source: Source, reading: Reading, stored: Mapping[str, list[Json]], policy: Policy) -> Plan:
    """Compare. `stored` has the definitions of each kind, by the kind's name."""
    steps: list[Step] = []
    problems = list(reading.problems)
    for kind in KINDS:
        comparison = _Comparison(source, reading, policy, kind, stored.get(kind.name, []))
        steps += sorted(comparison.steps(), key=lambda step: (step.label.lower(), str(step.definition.get("id"))))
        problems += comparison.problems
    return Plan(source=source, steps=tuple(steps), problems=tuple(problems), warnings=reading.warnings)


class _Comparison:
    """The definitions of one kind."""

    def __init__(self, source: Source, reading: Reading, policy: Policy, kind: Kind, stored: list[Json]) -> None:
        self.source = source
        self.reading = reading
        self.policy = policy
        self.kind = kind
        self.problems: list[Problem] = []
        self._items = [item for item in reading.items if item.kind is kind]
        self._by_id = {one["id"]: one for one in stored}
        self._by_key = {kind.key(one): one for one in stored}
        #: Id of what an item is about; an id is there once.
        self._taken: dict[str, Item] = {}
        #: What stays although no item is about it, because one with a problem may be.
        self._protected: set[str] = set()

    def steps(self) -> Iterator[Step]:
        """What becomes of each."""
        # Those that say their id first: another may have got the name that one of these had.
        for item in sorted(self._items, key=lambda item: not item.definition.get("id")):
            self._take(item)
        for id_, item in self._taken.items():
            if self._free(id_, item) and (step := self._step(id_, item)):
                yield step
        for id_, one in self._by_id.items():
            if id_ not in self._taken and (mark := self._mark(one)) and mark["id"] == self.source.id:
                yield self._left(one, mark)

    def _take(self, item: Item) -> None:
        """Find which definition an item is about."""
        given = item.definition.get("id")
        namesake = self._by_key.get(self.kind.key(item.definition))
        if given:
            id_ = given
        elif namesake is not None and namesake["id"] not in self._taken:
            id_ = namesake["id"]
        else:
            id_ = self._new_id(item)
        if id_ in self._taken:
            other = self._taken[id_].place
            self._add(item, "id", f"would be {id_!r}, which {other} says already", "an id of its own")
        else:
            self._taken[id_] = item

    def _new_id(self, item: Item) -> str:
        """The same whoever creates it first (rule 6)."""
        parts = ("source", self.source.id, self.kind.name, *self.kind.key(item.definition))
        return str(uuid.uuid5(uuid.NAMESPACE_OID, "\x1f".join(parts)))

    def _free(self, id_: str, item: Item) -> bool:
        """Whether the name is not that of another definition, which stays as it is."""
        holder = self._by_key.get(self.kind.key(item.definition))
        if holder is None or holder["id"] == id_ or holder["id"] in self._taken:
            return True
        self._protected.add(holder["id"])
        label = self.kind.label(item.definition)
        self._add(item, "name", f"{label!r} is stored with the id {holder['id']!r}", "that id, or none, or a free name")
        return False

    def _step(self, id_: str, item: Item) -> Step | None:
        stored = self._by_id.get(id_)
        after = self.kind.content(item.definition)
        plain = {key: value for key, value in item.definition.items() if key not in SERVER_KEYS}
        wanted = {**plain, "id": id_, "source": self._marked(id_, item, after)}
        if stored is None:
            return _step("create", item, wanted)
        mark = self._mark(stored)
        if mark and mark["id"] != self.source.id:
            label = self.kind.label(item.definition)
            self._add(item, "name", f"{label!r} belongs to the source {mark['id']!r}", "that source, or another name")
            return None
        found = changes(before := self.kind.content(stored), after)
        by_hand = "" if mark and mark["digest"] == digest(before) else _by_hand(stored, mark)
        if not found and mark and mark.get("file") == item.file and not by_hand:
            return _step("unchanged", item, stored)
        if by_hand and not self.policy.overwrite and (found or not mark):
            return _step("keep", item, stored, found, by_hand)
        wanted |= {key: stored[key] for key in ("lastModified", "updateTs") if key in stored}
        return _step("change", item, self.kind.fitted(wanted, stored), found, by_hand)

    def _left(self, stored: Json, mark: Json) -> Step:
        """What the source saved and no item is about."""
        file = str(mark.get("file", ""))
        by_hand = "" if mark["digest"] == digest(self.kind.content(stored)) else _by_hand(stored, mark)
        if self.reading.unknown(file) or stored["id"] in self._protected:
            action, note = "keep", "its file has a problem"
        elif not self.policy.prune:
            action, note = "keep", "no longer in the source; prune would delete it"
        elif by_hand and not self.policy.overwrite:
            action, note = "keep", f"no longer in the source, but {by_hand}"
        else:
            action, note = "delete", by_hand
        return Step(action=action, kind=self.kind, definition=stored, file=file, note=note)  # type: ignore[arg-type]

    def _marked(self, id_: str, item: Item, content: Json) -> Json:
        source = {"id": self.source.id, "type": self.source.type, "version": self.source.version}
        return {**source, "file": item.file, "digest": digest(content), "of": id_}

    def _mark(self, stored: Json) -> Json | None:
        """What a source left in a definition: not in a copy of it, and other programs have other uses for the key."""
        mark: Any = stored.get("source")
        if not isinstance(mark, dict) or mark.get("of") != stored["id"]:
            return None
        return mark if all(isinstance(mark.get(key), str) for key in ("id", "digest")) else None

    def _add(self, item: Item, key: str, message: str, expected: str) -> None:
        self.problems.append(Problem(file=item.file, line=item.line, key=key, message=message, expected=expected))


def _step(action: Action, item: Item, definition: Json, changes: tuple[Change, ...] = (), note: str = "") -> Step:
    return Step(
        action=action,
        kind=item.kind,
        definition=definition,
        file=item.file,
        line=item.line,
        changes=changes,
        note=note,
    )


def _by_hand(stored: Json, mark: Json | None) -> str:
    who = stored.get("lastModifiedBy") or "somebody"
    if mark is None:
        return f"made by {who}, not by a source"
    return f"changed by {who} since the source saved it"
