"""Commands of people: cancel, pause, resume, restart, patch.

Separate because each is handled once, by its id, and answered visibly even when it is refused (rule 7).
"""

from collections.abc import Callable
from typing import Any

from gennaker.core.engine.calls import call
from gennaker.core.engine.executions import begin, stop_stages
from gennaker.core.engine.stages import finish_stage, start_if_ready
from gennaker.core.engine.turn import Turn
from gennaker.core.model import events as e
from gennaker.core.model.ancestry import top_of
from gennaker.core.model.execution import Stage, Stopping
from gennaker.core.model.messages import Cancel, Command, Patch, Pause, Restart, Resume
from gennaker.core.model.status import Status
from gennaker.core.model.truth import truth


def command(turn: Turn, message: Command) -> None:
    """Do what was asked for, or say why not."""
    if message.id in turn.x.handled:
        return
    refused = _COMMANDS[type(message)](turn, message)
    name = type(message).__name__.lower()
    turn.emit(e.CommandHandled(id=message.id, command=name, refused=refused))


def _cancel(turn: Turn, message: Cancel) -> str | None:
    x = turn.x
    if x.canceled or x.status.complete:
        return f"The execution has already ended {x.status}."
    turn.emit(e.ExecutionCanceled(user=message.user, reason=message.reason))
    stop_stages(turn)
    turn.emit(e.ExecutionFinished(status=Status.CANCELED))
    return None


def _pause(turn: Turn, message: Pause) -> str | None:
    if turn.x.status is not Status.RUNNING:
        return f"Only a running execution can be paused; this one is {turn.x.status}."
    turn.emit(e.ExecutionPaused(user=message.user))
    return None


def _resume(turn: Turn, message: Resume) -> str | None:
    if turn.x.status is not Status.PAUSED:
        return f"Only a paused execution can be resumed; this one is {turn.x.status}."
    turn.emit(e.ExecutionResumed(user=message.user))
    for id_ in turn.x.active:
        due = turn.stage(id_).due
        if due is not None and due <= turn.now:
            call(turn, id_)
    return None


def _patch(turn: Turn, message: Patch) -> str | None:
    stage = turn.x.stages.get(message.stage)
    if stage is None:
        return f"The execution has no stage {message.stage}."
    if stage.status.complete:
        return f"Stage '{stage.name}' has already ended {stage.status}."
    skips = truth(message.context.get("manualSkip"))
    type_ = turn.type_of(stage)
    if skips and not (type_ and type_.skippable and truth(stage.context.get("skippable"))):
        return "Cannot manually skip stage."
    turn.emit(e.StageChanged(stage=stage.id, context=message.context, user=message.user))
    if skips:
        _skip(turn, stage, message.user)
    else:
        call(turn, stage.id)
    return None


def _skip(turn: Turn, stage: Stage, user: str) -> None:
    """End a stage SKIPPED, after the answer that is still out (rule 16)."""
    if stage.handout is not None and stage.phase == "tasks":
        stopping = Stopping(status=Status.SKIPPED, reason=f"skipped by {user}")
        turn.emit(e.StageStopping(stage=stage.id, stopping=stopping))
    else:
        child = stage.child
        finish_stage(turn, stage.id, Status.SKIPPED)
        if child is not None and not child.detached:
            turn.emit(e.ChildCancelRequested(stage=stage.id, child=child.id, reason=f"skipped by {user}"))


def _restart(turn: Turn, message: Restart) -> str | None:
    x = turn.x
    stage = x.stages.get(message.stage)
    if stage is None:
        return f"The execution has no stage {message.stage}."
    stage = top_of(x, stage)
    if x.kind != "PIPELINE":
        return "Only the stages of a pipeline can be restarted."
    if message.seen is not None and message.seen != stage.round:
        return f"Stage '{stage.name}' was restarted in the meantime (it is in round {stage.round}, not {message.seen})."
    if not (stage.status.complete or stage.status is Status.NOT_STARTED):
        return f"Stage '{stage.name}' is {stage.status}: only a stage that has ended can be restarted."
    reset = _with_downstream(turn, stage.id)
    for id_ in reset:
        other = turn.stage(id_)
        if other.status is Status.RUNNING:
            return f"Stage '{other.name}', which comes after it, is still running."
    busy = [turn.stage(id_) for id_ in x.active if top_of(x, turn.stage(id_)).id in reset or x.status.complete]
    if busy:
        return f"Stage '{busy[0].name}' is still cleaning up; restart once that is done."
    clears = {id_: type_.restart_clears for id_ in reset if (type_ := turn.type_of(turn.stage(id_)))}
    again = x.status.complete
    turn.emit(
        e.StageRestarted(
            stage=stage.id, reset=reset, clears=clears, user=message.user, context=_known(turn, message.context)
        )
    )
    if again:
        begin(turn)
    else:
        start_if_ready(turn, stage.id)
        turn.unsettled = True
    return None


def _known(turn: Turn, context: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {id_: values for id_, values in context.items() if id_ in turn.x.stages}


def _with_downstream(turn: Turn, id_: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    todo = [id_]
    while todo:
        current = todo.pop()
        if current not in found:
            found[current] = None
            todo.extend(turn.x.downstream.get(current, ()))
    return tuple(found)


_COMMANDS: dict[type[Command], Callable[[Turn, Any], str | None]] = {
    Cancel: _cancel,
    Pause: _pause,
    Resume: _resume,
    Patch: _patch,
    Restart: _restart,
}
