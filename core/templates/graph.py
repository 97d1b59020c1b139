"""The stages of a planned pipeline: the template's, replaced and added to by the configuration, then the injections.

Separate because only here stages move. Source: reference §9.2 step 5. A circle is found when the planned pipeline is checked.
"""

from msgspec import Struct

from gennaker.core.check import Problem
from gennaker.core.services import Json
from gennaker.core.templates.shape import rules_of


class _Moving(Struct, frozen=True, kw_only=True):
    """A stage that is to be injected, and where it was written."""

    stage: Json
    where: str


def assemble(template: list[Json], configuration: list[Json]) -> tuple[list[Json], list[Problem]]:
    """All stages in order, each with its requisites and none with an injection left; and what is wrong. The lists are valid in shape."""
    graph = _Graph()
    own = {str(stage["refId"]): (i, stage) for i, stage in enumerate(configuration)}
    moving: list[_Moving] = []
    replaced: set[str] = set()
    for i, stage in enumerate(_numbered(template)):
        ref, where = str(stage["refId"]), f"template stages[{i}]"
        if ref in own:
            replaced.add(ref)
            kept: Json = {key: stage[key] for key in ("requisiteStageRefIds", "inject") if key in stage}
            where, stage = f"stages[{own[ref][0]}]", kept | own[ref][1]
        if stage.get("inject"):
            moving.append(_Moving(stage=stage, where=where))
        else:
            graph.append(stage)
    for ref, (i, stage) in own.items():
        if ref in replaced:
            continue
        if stage.get("inject"):
            moving.append(_Moving(stage=stage, where=f"stages[{i}]"))
        elif stage.get("requisiteStageRefIds") is not None:
            graph.append(stage)
        else:
            message = "it replaces no stage of the template and does not say where it belongs; expected requisiteStageRefIds or inject"
            graph.problems.append(Problem(where=f"stages[{i}]", message=message))
    for each in moving:
        graph.inject(each)
    return list(graph.stages.values()), graph.problems


def _numbered(stages: list[Json]) -> list[Json]:
    """Without any refId stages follow one another, as in every pipeline."""
    if any("refId" in stage for stage in stages):
        return stages
    return [
        {**stage, "refId": str(i), "requisiteStageRefIds": [str(i - 1)] if i else []} for i, stage in enumerate(stages)
    ]


class _Graph:
    """Stages by refId, in the order in which they are shown."""

    def __init__(self) -> None:
        self.stages: dict[str, Json] = {}
        self.problems: list[Problem] = []

    def append(self, stage: Json) -> None:
        """Put a stage last; it says itself what it requires."""
        requisites = [str(each) for each in stage.get("requisiteStageRefIds") or ()]
        kept = {key: value for key, value in stage.items() if key != "inject"}
        self.stages[str(stage["refId"])] = {**kept, "requisiteStageRefIds": requisites}

    def inject(self, moving: _Moving) -> None:
        """Put a stage where its rule says, in place of the requisites it may have."""
        inject = moving.stage["inject"]
        (rule,) = rules_of(inject)
        ref = str(moving.stage["refId"])
        targets = [str(each) for each in inject[rule]] if rule in ("before", "after") else []
        if unknown := [each for each in targets if each not in self.stages or each == ref]:
            known = ", ".join(self.stages) or "none"
            message = f"there is no stage {', '.join(map(repr, unknown))} to be injected {rule}; there are: {known}"
            self.problems.append(Problem(where=f"{moving.where}.inject.{rule}", message=message))
            return
        match rule:
            case "first":
                requisites = self._before(ref, [each for each, stage in self.stages.items() if not _needs(stage)])
            case "last":
                needed = {each for stage in self.stages.values() for each in _needs(stage)}
                requisites = [each for each in self.stages if each not in needed]
            case "before":
                requisites = self._before(ref, targets)
            case _:
                requisites = self._after(ref, targets)
        place = 0 if rule == "first" else len(self.stages)
        if rule == "before":
            place = min(list(self.stages).index(each) for each in targets)
        elif rule == "after":
            place = max(list(self.stages).index(each) for each in targets) + 1
        self._insert(place, ref, {**moving.stage, "requisiteStageRefIds": requisites})

    def _before(self, ref: str, targets: list[str]) -> list[str]:
        """The targets require the stage now; returns what they required."""
        requisites = list(dict.fromkeys(each for target in targets for each in _needs(self.stages[target])))
        for target in targets:
            self._require(target, [ref])
        return requisites

    def _after(self, ref: str, targets: list[str]) -> list[str]:
        """Whatever required one of the targets requires the stage now; returns the targets."""
        for other, stage in self.stages.items():
            needs = _needs(stage)
            if not set(targets).isdisjoint(needs):
                self._require(other, [*(each for each in needs if each not in targets), ref])
        return list(dict.fromkeys(targets))

    def _require(self, ref: str, requisites: list[str]) -> None:
        self.stages[ref] = {**self.stages[ref], "requisiteStageRefIds": requisites}

    def _insert(self, place: int, ref: str, stage: Json) -> None:
        items = list(self.stages.items())
        items.insert(place, (ref, {key: value for key, value in stage.items() if key != "inject"}))
        self.stages = dict(items)


def _needs(stage: Json) -> list[str]:
    requisites: list[str] = stage["requisiteStageRefIds"]
    return requisites
