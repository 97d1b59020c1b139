"""Everything that happens because of the time: polls, retries, limits, hand-outs without an answer (rules 8, 14).

Separate because `due_at` and `tick` must agree: whatever is due is done by the tick, and nothing is due that a tick does not settle.
"""

from typing import Any

from gennaker.core.engine.calls import MOST_SENDS, call, number, send_again
from gennaker.core.engine.executions import EXPIRED, finish
from gennaker.core.engine.outcome import failure_status, problem, truth
from gennaker.core.engine.stages import finish_stage
from gennaker.core.engine.tasks import clean_up, finish_task, stopped, take_values
from gennaker.core.engine.turn import Turn
from gennaker.core.engine.window import time_in_window
from gennaker.core.engine.work import asked, carrier
from gennaker.core.model import events as e
from gennaker.core.model.execution import Execution, Stage, Stopping
from gennaker.core.model.messages import Outcome
from gennaker.core.model.stage_type import StageTypes, TaskType, find
from gennaker.core.model.status import Status


def due_at(execution: Execution, types: StageTypes) -> int | None:
    """When the execution next has to be looked at, in epoch milliseconds; None = only when it is told something."""
    found: list[int] = []
    if execution.slot == "waiting" and execution.start_time_expiry is not None and not execution.status.complete:
        found.append(execution.start_time_expiry + 1)
    for id_ in execution.active:
        stage = execution.stages[id_]
        if execution.status is Status.PAUSED and not stage.cleaning:
            continue
        if stage.handout is not None:
            found.append(stage.handout.answer_by)
        elif stage.due is not None:
            found.append(stage.due)
        if (limit := time_limit(execution, stage, types)) is not None:
            found.append(limit)
    return min(found, default=None)


def tick(turn: Turn) -> None:
    """Do all that is due; anything else stays as it is, so a lost or doubled tick is harmless."""
    x = turn.x
    expiry = x.start_time_expiry
    if x.slot == "waiting" and not x.status.complete and expiry is not None and turn.now > expiry:
        turn.emit(e.ExecutionCanceled(user="spinnaker", reason=EXPIRED))
        finish(turn, Status.CANCELED)
    for id_ in x.active:
        if id_ in turn.x.active:
            _tick_stage(turn, id_)


def _tick_stage(turn: Turn, id_: str) -> None:
    stage = turn.stage(id_)
    if turn.x.status is Status.PAUSED and not stage.cleaning:
        return
    if stage.handout is not None and stage.handout.answer_by <= turn.now:
        _unanswered(turn, stage)
    elif stage.handout is None and stage.due is not None and stage.due <= turn.now:
        if stage.cleaning and not stage.status.halts:
            clean_up(turn, id_)
        else:
            call(turn, id_)
    stage = turn.stage(id_)
    limit = time_limit(turn.x, stage, turn.types)
    if limit is not None and limit <= turn.now:
        _timed_out(turn, stage)


def _unanswered(turn: Turn, stage: Stage) -> None:
    """Nobody answered in time: send the same attempt again, or give it up as lost."""
    handout = stage.handout
    if handout is None:
        return
    if stage.stopping is not None:
        stopped(turn, stage.id)
        return
    if handout.sends < MOST_SENDS:
        send_again(turn, stage.id)
        return
    reason = f"No worker answered for {handout.kind} '{handout.name}' of stage '{stage.name}': lost after {handout.sends} tries."
    lost = problem(turn.now, "Lost", reason, operation=handout.name)
    if stage.cleaning and handout.kind == "cancel":
        turn.emit(e.StageCleaned(stage=stage.id, error=lost))
    elif stage.cleaning:
        turn.emit(e.TaskAnswered(stage=stage.id, due=turn.now))
        clean_up(turn, stage.id)
    elif handout.kind == "evaluate":
        mine = asked(stage, carrier(turn.types, stage))
        take_values(turn, stage.id, {each.key: {"error": reason} for each in mine})
    elif handout.kind == "plan":
        turn.emit(e.TaskAnswered(stage=stage.id))
        finish_stage(turn, stage.id, failure_status(stage.context), exception=lost)
    else:
        finish_task(turn, stage.id, Outcome(status=Status.TERMINAL, error=lost))


def time_limit(execution: Execution, stage: Stage, types: StageTypes) -> int | None:
    """When the current task of a stage has had its time, by the stage's limit or its own (reference §2.3)."""
    if stage.status is not Status.RUNNING or stage.phase != "tasks" or stage.stopping is not None or not stage.tasks:
        return None
    if execution.status is Status.PAUSED:
        return None
    found: list[float] = []
    holder, own = stage, number(stage.context.get("stageTimeoutMs"))
    while own is None and holder.parent is not None:
        holder = execution.stages[holder.parent]
        own = number(holder.context.get("stageTimeoutMs"))
    if own is not None:
        found.append((holder.start_time or 0) + holder.paused + time_in_window(execution, holder) + own)
    task = stage.tasks[stage.task]
    declared = _declared(types, stage, task.name)
    if declared is not None and declared.timeout is not None and not (declared.overridable and own is not None):
        paused = stage.paused - task.paused_before
        found.append((task.start_time or 0) + paused + declared.timeout * 1000)
    return round(min(found)) if found else None


def _declared(types: StageTypes, stage: Stage, name: str) -> TaskType | None:
    type_ = find(types, stage.type, stage.context)
    return next((task for task in type_.tasks if task.name == name), None) if type_ else None


def _timed_out(turn: Turn, stage: Stage) -> None:
    """The time is up: end the task, after the answer that is still out (rule 16)."""
    elapsed = (turn.now - (stage.start_time or turn.now) - stage.paused) / 1000
    reason = f"Stage '{stage.name}' timed out after {elapsed:.0f} seconds"
    well = truth(stage.context.get("markSuccessfulOnTimeout"))
    error: dict[str, Any] | None = None if well else problem(turn.now, "TimeoutException", reason, operation=stage.type)
    status = Status.SUCCEEDED if well else Status.TERMINAL
    if stage.handout is not None:
        stopping = Stopping(status=status, reason=reason, exception=error)
        turn.emit(e.StageStopping(stage=stage.id, stopping=stopping))
        return
    if stage.child is not None and not stage.child.detached:
        turn.emit(e.ChildCancelRequested(stage=stage.id, child=stage.child.id, reason=reason))
    finish_task(turn, stage.id, Outcome(status=status, error=error))
