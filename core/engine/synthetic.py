"""Synthetic stages from a plan: what a plugin computed, as specifications with ids, refIds and an order.

Separate because a plan comes from a plugin and must be checked before it becomes part of an execution.
"""

from typing import Any

from gennaker.core.engine.shape import children
from gennaker.core.engine.window import WINDOW, WINDOW_DATA
from gennaker.core.model.events import StageSpec
from gennaker.core.model.execution import Execution, Phase, Stage
from gennaker.core.model.ids import ulid

_MOST = 500


def specifications(
    execution: Execution, stage: Stage, phase: Phase, planned: tuple[dict[str, Any], ...]
) -> tuple[StageSpec, ...]:
    """The stages of a phase, named `<ref><n` before and `<ref>>n` after their parent.

    Stages that say nothing of requisites follow one another; requisites are the `refId`s that the plan itself uses.
    Raises ValueError naming the place when the plan is no list of stages.
    """
    if len(planned) > _MOST:
        raise ValueError(f"a plan of {len(planned)} stages is more than the {_MOST} that are allowed")
    mark = "<" if phase == "before" else ">"
    earlier = [child for part in ("after", "on_failure") for child in children(execution, stage, part)]
    first = 1 if phase == "before" else len(earlier) + 1
    refs = {str(each.get("refId", i)): f"{stage.ref_id}{mark}{first + i}" for i, each in enumerate(planned)}
    if len(refs) != len(planned):
        raise ValueError(f"the plan of '{stage.name}' uses a refId twice")
    explicit = phase != "on_failure" and any("requisiteStageRefIds" in each for each in planned)
    names = list(refs.values())
    return tuple(
        _specification(execution, stage, phase, i, each, refs, explicit, names) for i, each in enumerate(planned)
    )


def _specification(
    execution: Execution,
    stage: Stage,
    phase: Phase,
    index: int,
    planned: dict[str, Any],
    refs: dict[str, str],
    explicit: bool,
    names: list[str],
) -> StageSpec:
    type_ = planned.get("type")
    if not isinstance(type_, str) or not type_:
        raise ValueError(f"stage {index} of the plan of '{stage.name}' has no type")
    if explicit:
        wanted = planned.get("requisiteStageRefIds") or ()
        requisites = tuple(refs[str(ref)] for ref in wanted if str(ref) in refs)
    else:
        requisites = (names[index - 1],) if index else ()
    own = {"type", "name", "refId", "requisiteStageRefIds", WINDOW, WINDOW_DATA}
    return StageSpec(
        id=ulid(stage.start_time or 0, execution.id, stage.id, stage.round, execution.stage_count + index),
        ref_id=names[index],
        type=type_,
        name=str(planned.get("name") or type_),
        requisites=requisites,
        context={key: value for key, value in planned.items() if key not in own},
        owner="STAGE_BEFORE" if phase == "before" else "STAGE_AFTER",
    )
