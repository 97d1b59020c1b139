"""The shape of an execution: how stages come from specifications and what follows what.

Separate because both sides of the engine, rules and fold, need the same shape.
"""

from gennaker.core.model.ancestry import children, upstream
from gennaker.core.model.events import StageSpec
from gennaker.core.model.execution import Phase, Stage

__all__ = ["children", "downstream_of", "stage_from", "upstream"]


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
