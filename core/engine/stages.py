"""The life of a stage: start, phases of synthetic stages, end, and what may start after it.

Separate from `tasks` because these rules are about the graph. Source: reference §2.1 StartStage, ContinueParentStage, CompleteStage, SkipStage.
"""

from typing import Any, Literal

from gennaker.core.engine.calls import call
from gennaker.core.engine.outcome import determine, failure_status, problem, truth
from gennaker.core.engine.shape import children, upstream
from gennaker.core.engine.turn import Turn
from gennaker.core.expressions import evaluate
from gennaker.core.model import events as e
from gennaker.core.model.execution import Execution, Phase, Stage
from gennaker.core.model.stage_type import StageType
from gennaker.core.model.status import Status


def may_start(execution: Execution, stage: Stage) -> bool:
    """It has not started and everything that it requires lets it."""
    return stage.status is Status.NOT_STARTED and all(
        other.status.lets_downstream_start for other in upstream(execution, stage)
    )


def start_if_ready(turn: Turn, id_: str) -> None:
    """Start a stage whose requisites are all there."""
    if turn.x.status in (Status.RUNNING, Status.PAUSED) and may_start(turn.x, turn.stage(id_)):
        start_stage(turn, id_)


def start_stage(turn: Turn, id_: str) -> None:
    """Evaluate its context, then plan its before-stages or run its tasks."""
    stage = turn.stage(id_)
    if stage.start_time_expiry is not None and turn.now > stage.start_time_expiry:
        finish_stage(turn, id_, Status.SKIPPED)
        return
    type_ = turn.type_of(stage)
    if type_ is None:
        turn.emit(e.StageStarted(stage=id_))
        reason = f"No plugin provides the stage type '{stage.type}' (stage '{stage.name}', refId {stage.ref_id})."
        error = problem(turn.now, "NoSuchStageDefinitionBuilderException", reason, operation=stage.type)
        finish_stage(turn, id_, failure_status(stage.context), exception=error)
        return
    names = tuple(task.name for task in type_.tasks)
    turn.emit(e.StageStarted(stage=id_, tasks=names, context=_evaluated(turn, stage, type_), plan=type_.before))
    if type_.before:
        call(turn, id_)
    else:
        start_tasks(turn, id_)


def _evaluated(turn: Turn, stage: Stage, type_: StageType) -> dict[str, Any] | None:
    """The context with its expressions evaluated; None when there is nothing to change. Synthetic stages get it from their parent."""
    context = stage.context
    if stage.parent is None:
        trigger = turn.x.trigger
        context, failures = evaluate(context, {"trigger": trigger, "parameters": trigger.get("parameters") or {}})
        if failures:
            summary: dict[str, list[dict[str, Any]]] = {}
            for failure in failures:
                told = {"level": "ERROR", "description": failure.reason, "timestamp": turn.now}
                summary.setdefault(failure.expression.strip("${}"), []).append(told)
            context = {**context, "expressionEvaluationSummary": summary}
    if type_.skippable and truth(context.get("skippable")):
        context = {**context, "canManuallySkip": True}
    return None if context is stage.context else context


def start_tasks(turn: Turn, id_: str) -> None:
    """Its first task, or what comes after the tasks."""
    stage = turn.stage(id_)
    if stage.tasks:
        start_task(turn, id_, 0)
    else:
        tasks_ended(turn, id_)


def start_task(turn: Turn, id_: str, index: int) -> None:
    """Make a task the current one and hand it out."""
    turn.emit(e.TaskStarted(stage=id_, task=turn.stage(id_).tasks[index].name))
    call(turn, id_)


def tasks_ended(turn: Turn, id_: str) -> None:
    """Nothing is left of the tasks (or before-stages): go on with after-stages, on-failure stages, or the end."""
    stage = turn.stage(id_)
    status = determine(turn.x, stage)
    type_ = turn.type_of(stage)
    phase: Literal["after", "on_failure"] | None = None
    if status.lets_downstream_start:
        phase = "after" if type_ and type_.after and "after" not in stage.planned else None
    elif status in (Status.TERMINAL, Status.STOPPED):
        phase = "on_failure" if type_ and type_.on_failure and "on_failure" not in stage.planned else None
    if phase:
        turn.emit(e.StagePhase(stage=id_, phase=phase))
        call(turn, id_)
    else:
        finish_stage(turn, id_, status)


def proceed(turn: Turn, id_: str) -> None:
    """A phase was planned, or one of its stages ended: start what may start, or leave the phase."""
    stage = turn.stage(id_)
    if stage.status is not Status.RUNNING or stage.phase == "tasks" or stage.phase not in stage.planned:
        return
    phase = stage.phase
    if not _broken(turn.x, stage, phase):
        for child in children(turn.x, stage, phase):
            if may_start(turn.x, child):
                start_stage(turn, child.id)
    stage = turn.stage(id_)
    mine = children(turn.x, stage, phase)
    broken = _broken(turn.x, stage, phase)
    if any(child.status is Status.RUNNING for child in mine) or (
        not broken and any(may_start(turn.x, child) for child in mine)
    ):
        return
    if phase == "before" and not broken:
        start_tasks(turn, id_)
    else:
        tasks_ended(turn, id_)


def _broken(execution: Execution, stage: Stage, phase: Phase) -> bool:
    """One of the phase's stages ended so that its siblings must not start."""
    tolerant = truth(stage.context.get("allowSiblingStagesToContinueOnFailure"))
    return any(
        child.status.halts or (child.status is Status.FAILED_CONTINUE and not tolerant)
        for child in children(execution, stage, phase)
    )


def finish_stage(turn: Turn, id_: str, status: Status, exception: dict[str, Any] | None = None) -> None:
    """End a stage. What it leaves to clean up is cleaned up before the execution lets go of it (rule 16)."""
    stage = turn.stage(id_)
    if stage.status.complete:
        return
    for child in stage.children:
        if turn.stage(child).status is Status.RUNNING:
            finish_stage(turn, child, Status.SKIPPED if status is Status.SKIPPED else Status.CANCELED)
    type_ = turn.type_of(stage)
    open_ = stage.handout is not None
    started = stage.status is Status.RUNNING
    cleaning = open_ or (started and status.halts and type_ is not None and type_.cancel)
    turn.emit(e.StageFinished(stage=id_, status=status, exception=exception, cleaning=cleaning))
    if cleaning:
        call(turn, id_)
    if status.halts and stage.child is not None and not stage.child.detached:
        reason = turn.x.cancellation_reason or f"Stage '{stage.name}' of the parent pipeline ended {status}."
        turn.emit(e.ChildCancelRequested(stage=id_, child=stage.child.id, reason=reason))
    if stage.parent is not None:
        turn.then(proceed, stage.parent)
        return
    turn.unsettled = True
    if status.lets_downstream_start:
        for after in turn.x.downstream.get(id_, ()):
            turn.then(start_if_ready, after)
