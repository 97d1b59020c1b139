"""The shape of an execution: how stages come from specifications and what follows what.

Separate because both sides of the engine, rules and fold, need the same shape.
"""

from gennaker.core.model.events import StageSpec
from gennaker.core.model.execution import Execution, Phase, Stage


def stage_from(spec: StageSpec | Stage, parent: str | None = None, part: Phase | None = None) -> Stage:
    """A stage that has not started, from its specification or from one that is reset."""
    return Stage(
        id=spec.id,
        ref_id=spec.ref_id,
        type=spec.type,
        name=spec.name,
        requisites=spec.requisites,
        context=spec.context,
        owner=spec.owner,
        start_time_expiry=spec.start_time_expiry,
        given=spec.given,
        parent=parent,
        part=part,
    )


def downstream_of(stages: dict[str, Stage]) -> dict[str, tuple[str, ...]]:
    """Stage id to the ids of those that require it. A requisite that names no stage counts for nothing."""
    by_ref = {stage.ref_id: stage.id for stage in stages.values()}
    found: dict[str, list[str]] = {}
    for stage in stages.values():
        for ref in stage.requisites:
            if ref in by_ref:
                found.setdefault(by_ref[ref], []).append(stage.id)
    return {stage_id: tuple(after) for stage_id, after in found.items()}


def children(execution: Execution, stage: Stage, part: Phase | None) -> list[Stage]:
    """The synthetic stages of one phase of a stage, in order."""
    return [child for id_ in stage.children if (child := execution.stages[id_]).part == part]


def upstream(execution: Execution, stage: Stage) -> list[Stage]:
    """The stages that a stage requires and that exist."""
    if not stage.requisites:
        return []
    wanted = set(stage.requisites)
    parent = stage.parent
    among = execution.stages.values() if parent is None else children(execution, execution.stages[parent], stage.part)
    return [other for other in among if other.ref_id in wanted and other.parent == parent and other.id != stage.id]


def ancestors(execution: Execution, stage: Stage) -> list[Stage]:
    """The stages whose outputs a stage sees, nearest first, itself left out (Spinnaker's ancestor order)."""
    found: dict[str, Stage] = {}
    queue = [stage]
    while queue:
        current = queue.pop(0)
        near = upstream(execution, current)
        if current.parent is not None:
            parent = execution.stages[current.parent]
            if current.owner == "STAGE_AFTER":
                near += [s for id_ in parent.children if (s := execution.stages[id_]).owner == "STAGE_BEFORE"]
            near.append(parent)
        for other in near:
            if other.id not in found and other.id != stage.id:
                found[other.id] = other
                if other.id != current.parent:
                    found.update((id_, execution.stages[id_]) for id_ in other.children if id_ != stage.id)
                queue.append(other)
    return list(found.values())
