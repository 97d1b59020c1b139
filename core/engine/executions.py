"""The life of an execution: slot, start, end.

Separate from `stages` because these rules are about the whole. Source: reference §2.1 StartExecution, CompleteExecution.
"""

from gennaker.core.engine.stages import finish_stage, may_start, start_stage
from gennaker.core.engine.turn import Turn
from gennaker.core.model import events as e
from gennaker.core.model.execution import Execution
from gennaker.core.model.messages import Granted
from gennaker.core.model.status import Status
from gennaker.core.model.truth import truth

EXPIRED = "Could not begin execution before start time expiry"


def slot_limit(execution: Execution) -> int:
    """How many executions of its pipeline may run at once; 0 = any number."""
    if execution.pipeline_config_id is None:
        return 0
    return 1 if execution.limit_concurrent else execution.max_concurrent


def begin(turn: Turn) -> None:
    """Start what was requested, or queue for a slot of its pipeline (rule 17)."""
    x = turn.x
    if x.status is not Status.NOT_STARTED or x.canceled or x.slot:
        return
    if x.cancellation_reason:
        finish(turn, Status.TERMINAL)
    elif slot_limit(x):
        turn.emit(e.SlotRequested(pipeline=x.pipeline_config_id or "", round=x.round))
    else:
        launch(turn, slot=False)


def granted(turn: Turn, message: Granted) -> None:
    """Take the slot, or give it back: every grant is answered, even by a finished execution."""
    x = turn.x
    if x.slot == "waiting" and message.round == x.round and not x.status.complete:
        launch(turn, slot=True)
    elif x.slot != "held" or message.round != x.round:
        turn.emit(e.SlotReleased(pipeline=x.pipeline_config_id or "", round=message.round))


def launch(turn: Turn, *, slot: bool) -> None:
    """Run: start every stage that nothing holds back."""
    x = turn.x
    if x.start_time_expiry is not None and turn.now > x.start_time_expiry:
        turn.emit(e.ExecutionCanceled(user="spinnaker", reason=EXPIRED))
        finish(turn, Status.CANCELED)
        return
    turn.emit(e.ExecutionStarted(round=x.round, slot=slot))
    if not x.stages:
        finish(turn, Status.TERMINAL, "No initial stages")
        return
    for stage in x.top_level():
        if may_start(x, stage):
            start_stage(turn, stage.id)
    turn.unsettled = True


def settle(turn: Turn) -> None:
    """End the execution when its stages have come to an end, and give its slot back once nothing is left to clean up."""
    x = turn.x
    if turn.unsettled and x.status in (Status.RUNNING, Status.PAUSED):
        found = {stage.status for stage in x.stages.values() if stage.parent is None}
        status = final_status(x, found)
        if status is not None:
            finish(turn, status)
        elif Status.RUNNING not in found:
            left = ", ".join(f"'{stage.name}'" for stage in x.top_level() if stage.status is Status.NOT_STARTED)
            finish(turn, Status.TERMINAL, f"No stage can start any more: {left} wait for one another")
    x = turn.x
    if x.slot and x.status.complete and not x.active:
        turn.emit(e.SlotReleased(pipeline=x.pipeline_config_id or "", round=x.round))


def final_status(execution: Execution, found: set[Status]) -> Status | None:
    """The status of an execution whose top-level stages have these; None while it goes on."""
    if all(status.lets_downstream_start for status in found):
        return Status.SUCCEEDED
    if Status.TERMINAL in found:
        return Status.TERMINAL
    if Status.CANCELED in found:
        return Status.CANCELED
    if Status.STOPPED in found and Status.RUNNING not in found:
        stages = execution.top_level()
        if any(may_start(execution, stage) for stage in stages):
            return None
        fails = (
            stage.status is Status.STOPPED and truth(stage.context.get("completeOtherBranchesThenFail"))
            for stage in stages
        )
        return Status.TERMINAL if any(fails) else Status.SUCCEEDED
    return None


def finish(turn: Turn, status: Status, reason: str | None = None) -> None:
    """End the execution; what still runs is cancelled when it did not succeed."""
    if status is not Status.SUCCEEDED:
        stop_stages(turn)
    turn.emit(e.ExecutionFinished(status=status, reason=reason))


def stop_stages(turn: Turn) -> None:
    """Cancel every stage that runs."""
    for stage in turn.x.top_level():
        if turn.stage(stage.id).status is Status.RUNNING:
            finish_stage(turn, stage.id, Status.CANCELED)
