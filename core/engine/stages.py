"""The life of a stage: start, phases of synthetic stages, end, and what may start after it.

Separate from `tasks` because these rules are about the graph. Source: reference §2.1 StartStage, ContinueParentStage, CompleteStage, SkipStage.
"""

from typing import Any, Literal

from gennaker.core.engine.calls import call
from gennaker.core.engine.fan import copies, gathered
from gennaker.core.engine.outcome import determine, failure_status, problem
from gennaker.core.engine.shape import children, upstream
from gennaker.core.engine.turn import Turn
from gennaker.core.engine.window import WINDOW, window_stage
from gennaker.core.evaluation.starting import refreshed, starting
from gennaker.core.model import events as e
from gennaker.core.model.execution import Execution, Phase, Stage
from gennaker.core.model.stage_type import StageType
from gennaker.core.model.status import Status
from gennaker.core.model.truth import truth


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
    """Begin a stage, unless its time is over or nobody knows its type."""
    stage = turn.stage(id_)
    if stage.start_time_expiry is not None and turn.now > stage.start_time_expiry:
        finish_stage(turn, id_, Status.SKIPPED)
        return
    type_ = turn.type_of(stage)
    if type_ is None or type_.functions or type_.refusal:
        turn.emit(e.StageStarted(stage=id_))
        reason = f"{_missing(turn, stage)} (stage '{stage.name}', refId {stage.ref_id})."
        error = problem(turn.now, "NoSuchStageDefinitionBuilderException", reason, operation=stage.type)
        finish_stage(turn, id_, failure_status(stage.context), exception=error)
        return
    begin_stage(turn, id_, type_)


def _missing(turn: Turn, stage: Stage) -> str:
    """Why a stage has no type that could run it."""
    type_ = turn.type_of(stage)
    if type_ is not None and type_.refusal:
        return f"It cannot run: {type_.refusal}"
    provider = stage.context.get("cloudProvider")
    others = sorted(each.provider for each in turn.types.values() if each.type == stage.type and each.provider)
    if others and provider:
        return f"No plugin provides the stage type '{stage.type}' for the cloud '{provider}'; there is: {', '.join(others)}"
    return f"No plugin provides the stage type '{stage.type}'"


def begin_stage(turn: Turn, id_: str, type_: StageType) -> None:
    """Evaluate its definition; ask for values from outside first, when that needs any (rule 15)."""
    stage = turn.stage(id_)
    found = starting(turn.x, stage, type_, turn.types, turn.now)
    if found.wanted:
        turn.emit(e.StageEvaluating(stage=id_, wanted=found.wanted))
        call(turn, id_)
        return
    goes_on = found.enabled and not found.problem
    context = found.context if found.context is not None else stage.context
    runs = goes_on and found.fan is None
    window = goes_on and stage.parent is None and WINDOW in turn.types and truth(context.get(WINDOW))
    turn.emit(
        e.StageStarted(
            stage=id_,
            tasks=tuple(task.name for task in type_.tasks) if runs else (),
            context=_marked(context, type_, stage.context),
            plan=runs and type_.before and not window,
            raw=found.raw,
            unresolved=found.unresolved,
            fan=found.fan,
            window=window,
        )
    )
    if not found.enabled:
        finish_stage(turn, id_, Status.SKIPPED)
    elif found.problem:
        error = problem(turn.now, "ExpressionEvaluationFailed", found.problem, operation=stage.type)
        finish_stage(turn, id_, failure_status(context), exception=error)
    elif window:
        turn.emit(e.StagePlanned(stage=id_, phase="window", stages=(window_stage(turn.x, turn.stage(id_)),)))
        proceed(turn, id_)
    else:
        _go_on(turn, id_)


def _marked(context: dict[str, Any], type_: StageType, before: dict[str, Any]) -> dict[str, Any] | None:
    """The context that a stage starts with; None when it is what it was."""
    if type_.skippable and truth(context.get("skippable")):
        context = {**context, "canManuallySkip": True}
    return None if context is before else context


def _go_on(turn: Turn, id_: str) -> None:
    """It may start by the clock: the copies of a fan-out, before-stages, or tasks."""
    stage = turn.stage(id_)
    type_ = turn.type_of(stage)
    if stage.fan is not None:
        turn.emit(e.StagePlanned(stage=id_, phase="before", stages=copies(turn.x, stage)))
        proceed(turn, id_)
    elif type_ is not None and type_.before:
        if stage.phase != "before":
            turn.emit(e.StagePhase(stage=id_, phase="before"))
        call(turn, id_)
    else:
        start_tasks(turn, id_)


def start_tasks(turn: Turn, id_: str) -> None:
    """Its first task, or what comes after the tasks."""
    stage = turn.stage(id_)
    if stage.tasks:
        start_task(turn, id_, 0)
    else:
        tasks_ended(turn, id_)


def start_task(turn: Turn, id_: str, index: int) -> None:
    """Make a task the current one and hand it out; what its context could not say before may have a value by now."""
    _refresh(turn, id_)
    turn.emit(e.TaskStarted(stage=id_, task=turn.stage(id_).tasks[index].name))
    call(turn, id_)


def _refresh(turn: Turn, id_: str) -> None:
    stage = turn.stage(id_)
    if stage.unresolved and (found := refreshed(turn.x, stage, turn.types, turn.now)) is not None:
        turn.emit(e.StageEvaluated(stage=id_, context=found.context or {}, unresolved=found.unresolved))


def tasks_ended(turn: Turn, id_: str) -> None:
    """Nothing is left of the tasks (or before-stages): go on with after-stages, on-failure stages, or the end."""
    _refresh(turn, id_)
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
            if may_start(turn.x, child) and _has_room(turn.x, stage):
                start_stage(turn, child.id)
    stage = turn.stage(id_)
    mine = children(turn.x, stage, phase)
    broken = _broken(turn.x, stage, phase)
    if any(child.status is Status.RUNNING for child in mine) or (
        not broken and any(may_start(turn.x, child) for child in mine)
    ):
        return
    if phase == "window" and not broken:
        _go_on(turn, id_)
    elif phase == "before" and not broken:
        start_tasks(turn, id_)
    else:
        tasks_ended(turn, id_)


def _has_room(execution: Execution, stage: Stage) -> bool:
    """A fan-out has room for another copy."""
    if stage.fan is None or not stage.fan.limit:
        return True
    return sum(execution.stages[id_].status is Status.RUNNING for id_ in stage.children) < stage.fan.limit


def _broken(execution: Execution, stage: Stage, phase: Phase) -> bool:
    """One of the phase's stages ended so that its siblings must not start."""
    tolerant = stage.fan is not None or truth(stage.context.get("allowSiblingStagesToContinueOnFailure"))
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
    outputs = gathered(turn.x, turn.stage(id_))
    turn.emit(e.StageFinished(stage=id_, status=status, exception=exception, cleaning=cleaning, outputs=outputs))
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
