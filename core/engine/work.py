"""The message that hands out what a stage needs: complete in itself, a worker has no database.

Separate because it is built from warm state when it is sent, never stored.
"""

from typing import Any

from gennaker.core.model.ancestry import ancestors, children, execution_context
from gennaker.core.model.execution import Execution, Stage, Wanted
from gennaker.core.model.stage_type import StageType, StageTypes, find
from gennaker.core.model.work import LOOKUP_TYPE, Work

__all__ = ["asked", "carrier", "effect_key", "execution_context", "visible_context", "work_for"]

_MARGIN = 5_000


def carrier(types: StageTypes, stage: Stage) -> StageType | None:
    """The type whose workers take what a stage has handed out: its own, or for its expressions the one that brings the function."""
    if stage.handout is None or stage.handout.kind != "evaluate" or not stage.wanted:
        return find(types, stage.type, stage.context)
    name = stage.wanted[0].function
    theirs = (type_ for type_ in types.values() if name in type_.functions)
    return next(theirs, types.get(LOOKUP_TYPE))


def effect_key(execution: str, stage: str, task: str, round_: int) -> str:
    """What names an effect on the world outside: the same for every repeat (rule 10)."""
    return f"{execution}/{stage}/{task}/{round_}"


def work_for(execution: Execution, stage: Stage, type_: StageType | None, shard: int, *, again: bool = False) -> Work:
    """The work of a stage's outstanding hand-out. Raises ValueError when nothing is handed out."""
    handout = stage.handout
    if handout is None:
        raise ValueError(f"stage {stage.id} has handed out nothing")
    hidden = _hidden(execution, stage)
    task = stage.tasks[stage.task] if handout.kind == "task" and stage.tasks else None
    return Work(
        execution=execution.id,
        stage=stage.id,
        kind=handout.kind,
        name=handout.name,
        round=stage.round,
        attempt=handout.attempt,
        again=handout.again or again,
        key=effect_key(execution.id, stage.id, handout.name, stage.round),
        at=handout.at,
        answer_by=handout.answer_by,
        not_after=handout.answer_by + _MARGIN,
        shard=shard,
        type=LOOKUP_TYPE if handout.kind == "evaluate" else stage.type,
        provider=type_.provider if type_ else "",
        application=execution.application,
        execution_name=execution.name,
        execution_kind=execution.kind,
        user=execution.user,
        trigger=execution.trigger,
        stage_name=stage.name,
        ref_id=stage.ref_id,
        context=visible_context(execution, stage),
        outputs=stage.outputs,
        parts=tuple(one.outputs for one in children(execution, stage, "before") if one.outputs) if task else (),
        hidden_artifacts=hidden["artifacts"],
        hidden_expected=hidden["resolvedExpectedArtifacts"],
        stage_start=stage.start_time or 0,
        task_start=(task.start_time if task else stage.start_time) or 0,
        paused=stage.paused,
        task_paused=stage.paused - (task.paused_before if task else 0),
        last_modified=stage.last_modified,
        wanted=asked(stage, type_) if handout.kind == "evaluate" else (),
        reason=execution.cancellation_reason,
    )


_NOTHING_HIDDEN: dict[str, tuple[dict[str, Any], ...]] = {"artifacts": (), "resolvedExpectedArtifacts": ()}


def _hidden(execution: Execution, stage: Stage) -> dict[str, tuple[dict[str, Any], ...]]:
    """What the context cannot show: it holds the nearest list under a key, and lists of artifacts count together."""
    if not any(key in other.outputs for other in execution.stages.values() for key in _NOTHING_HIDDEN):
        return _NOTHING_HIDDEN
    before = ancestors(execution, stage)
    return {
        key: tuple(one for other in before for one in other.outputs.get(key) or () if isinstance(one, dict))
        for key in _NOTHING_HIDDEN
    }


def asked(stage: Stage, type_: StageType | None) -> tuple[Wanted, ...]:
    """The calls that go to the same workers as the first."""
    theirs = type_.functions if type_ is not None else ()
    return tuple(each for each in stage.wanted if each.function in theirs) or stage.wanted[:1]


def visible_context(execution: Execution, stage: Stage) -> dict[str, Any]:
    """A stage's context over the outputs of its ancestors, nearest first (reference §1.5)."""
    if not any(other.outputs for other in execution.stages.values()):
        return stage.context
    seen: dict[str, Any] = {}
    for other in reversed(ancestors(execution, stage)):
        seen.update(other.outputs)
    return {**seen, **stage.context} if seen else stage.context
