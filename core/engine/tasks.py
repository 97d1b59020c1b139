"""Answers of workers: what one says about a task, a plan or a clean-up.

Separate from `stages` because these rules are about one call. An answer changes the state exactly once (rule 10).
"""

from typing import Any

from gennaker.core.engine.calls import answer_by, call, number, task_type
from gennaker.core.engine.locks import ask
from gennaker.core.engine.outcome import failure_status, problem
from gennaker.core.engine.stages import begin_stage, finish_stage, proceed, start_task, tasks_ended
from gennaker.core.engine.synthetic import specifications
from gennaker.core.engine.turn import Turn
from gennaker.core.engine.work import asked, carrier
from gennaker.core.model import events as e
from gennaker.core.model.execution import Phase, Stage
from gennaker.core.model.ids import ulid
from gennaker.core.model.messages import ChildAccepted, ChildEnded, Outcome, Progress, Reply
from gennaker.core.model.status import Status

_LONGEST_BACKOFF = 120.0
#: Retryable errors in a row of a plan or a cancel.
_OTHER_RETRIES = 10
_ENDS = (
    Status.REDIRECT,
    Status.SUCCEEDED,
    Status.FAILED_CONTINUE,
    Status.TERMINAL,
    Status.CANCELED,
    Status.STOPPED,
    Status.SKIPPED,
)


def reply(turn: Turn, message: Reply) -> None:
    """Take an answer; one to another attempt or round is late and says nothing."""
    stage = turn.x.stages.get(message.stage)
    if stage is None or stage.handout is None or message.round != stage.round:
        return
    handout = stage.handout
    if (handout.kind, handout.name, handout.attempt) != (message.kind, message.name, message.attempt):
        return
    outcome = message.outcome
    if outcome.expired and stage.stopping is None and not stage.cleaning:
        return  # it was sent again by now, or is about to be
    if stage.cleaning:
        _while_cleaning(turn, stage, outcome)
    elif message.kind == "plan":
        _planned(turn, stage, outcome)
    elif message.kind == "evaluate":
        _looked_up(turn, stage, outcome)
    else:
        _answered(turn, stage, outcome)


def progress(turn: Turn, message: Progress) -> None:
    """A call is alive: it gets as long again to answer, unless its stage is to end, which waits no longer than it would have."""
    stage = turn.x.stages.get(message.stage)
    if stage is None or stage.handout is None or message.round != stage.round:
        return
    handout = stage.handout
    if (handout.kind, handout.name, handout.attempt) != (message.kind, message.name, message.attempt):
        return
    ending = stage.stopping is not None or stage.cleaning
    until = None if ending else turn.now + round(answer_by(turn, stage, handout.kind, handout.name) * 1000)
    told = e.TaskProgressed(
        stage=stage.id,
        task=handout.name,
        round=stage.round,
        attempt=handout.attempt,
        number=message.number,
        lines=message.lines,
        answer_by=until if until is not None and until > handout.answer_by else None,
    )
    turn.emit(told)


def _while_cleaning(turn: Turn, stage: Stage, outcome: Outcome) -> None:
    """What was out when the stage was ended is recorded; only then is the clean-up asked for, knowing everything."""
    handout = stage.handout
    if handout is None:
        return
    if handout.kind == "cancel":
        if (outcome.status is Status.RUNNING or outcome.retryable) and stage.failures < _OTHER_RETRIES:
            _again(turn, stage, outcome, outcome.again_in)
        else:
            error = outcome.error if outcome.status is not Status.SUCCEEDED else None
            turn.emit(e.StageCleaned(stage=stage.id, error=error))
        return
    if handout.kind == "task":
        done = e.TaskFinished(
            stage=stage.id,
            task=handout.name,
            status=Status.CANCELED if stage.status.halts else stage.status,
            context=outcome.context,
            outputs=outcome.outputs,
        )
        turn.emit(done)
    else:
        turn.emit(e.TaskAnswered(stage=stage.id, due=turn.now))
    clean_up(turn, stage.id)


def clean_up(turn: Turn, id_: str) -> None:
    """Nothing is out any more: hand out the cancel, or be done with the stage."""
    stage = turn.stage(id_)
    type_ = turn.type_of(stage)
    if stage.status.halts and type_ is not None and type_.cancel:
        call(turn, id_)
    else:
        turn.emit(e.StageCleaned(stage=id_))


def _planned(turn: Turn, stage: Stage, outcome: Outcome) -> None:
    handout = stage.handout
    if handout is None:
        return
    if outcome.retryable and stage.failures < _OTHER_RETRIES:
        _again(turn, stage, outcome, None)
    elif outcome.status is Status.RUNNING:
        _again(turn, stage, outcome, outcome.again_in)
    elif outcome.status is Status.SUCCEEDED:
        phase: Phase = stage.phase if stage.phase in ("after", "on_failure") else "before"
        try:
            specs = specifications(turn.x, stage, phase, outcome.stages)
        except ValueError as error:
            told = problem(turn.now, "InvalidPlan", str(error), operation=f"plan {phase}")
            _plan_failed(turn, stage, told)
            return
        turn.emit(e.StagePlanned(stage=stage.id, phase=phase, stages=specs))
        proceed(turn, stage.id)
    else:
        told = outcome.error or problem(turn.now, "PlanFailed", f"Planning ended {outcome.status}.")
        _plan_failed(turn, stage, told)


def _looked_up(turn: Turn, stage: Stage, outcome: Outcome) -> None:
    """Values from outside for a stage's expressions came, or cannot be had; either way the stage starts now."""
    if outcome.retryable and stage.failures < _OTHER_RETRIES:
        _again(turn, stage, outcome, None)
        return
    details = (outcome.error or {}).get("details") or {}
    missing = {"error": details.get("error") or "no value came"}
    mine = asked(stage, carrier(turn.types, stage))
    take_values(turn, stage.id, {each.key: outcome.context.get(each.key, missing) for each in mine})


def take_values(turn: Turn, id_: str, values: dict[str, Any]) -> None:
    """Keep what calls from expressions gave, and begin the stage again with it."""
    turn.emit(e.ValuesArrived(stage=id_, values=values))
    stage = turn.stage(id_)
    type_ = turn.type_of(stage)
    if type_ is not None:
        begin_stage(turn, id_, type_)


def _plan_failed(turn: Turn, stage: Stage, error: dict[str, Any]) -> None:
    status = failure_status(stage.context) if stage.phase == "before" else Status.TERMINAL
    turn.emit(e.TaskAnswered(stage=stage.id, context={f"{stage.phase}StagePlanningFailed": True}))
    finish_stage(turn, stage.id, status, exception=error)


def _again(turn: Turn, stage: Stage, outcome: Outcome, seconds: float | None) -> None:
    """Wait, then call once more; a retryable error waits longer each time."""
    if seconds is None and outcome.error is None:
        due = None
    else:
        least = (number(stage.context.get("backoffPeriodMs")) or 0.0) / 1000
        if seconds is None:
            declared = task_type(turn, stage, stage.handout.name) if stage.handout else None
            backoff = declared.backoff if declared else 1.0
            seconds = min(backoff * 2 ** min(stage.failures, 16), _LONGEST_BACKOFF)
        due = turn.now + round(max(seconds, least) * 1000)
    error = outcome.error if outcome.retryable else None
    turn.emit(e.TaskAnswered(stage=stage.id, due=due, context=outcome.context, outputs=outcome.outputs, error=error))
    after = turn.stage(stage.id)
    if after.due is not None and after.due <= turn.now:
        call(turn, stage.id)


def _answered(turn: Turn, stage: Stage, outcome: Outcome) -> None:
    if stage.stopping is not None:
        stopped(turn, stage.id, outcome)
        return
    handout = stage.handout
    declared = task_type(turn, stage, handout.name) if handout else None
    if outcome.error and outcome.retryable and stage.failures < (declared.retries if declared else 0):
        _again(turn, stage, outcome, None)
    elif outcome.child is not None:
        _child_wanted(turn, stage, outcome)
    elif outcome.lock:
        if ask(turn, stage.id, outcome.lock):
            finish_task(turn, stage.id, Outcome(status=Status.SUCCEEDED, context=outcome.context))
    elif outcome.status is Status.RUNNING:
        _again(turn, stage, outcome, outcome.again_in)
    elif outcome.status in _ENDS:
        finish_task(turn, stage.id, outcome)
    else:
        told = problem(turn.now, "InvalidOutcome", f"A task cannot end {outcome.status}.", operation=stage.type)
        finish_task(turn, stage.id, Outcome(status=Status.TERMINAL, error=told))


def stopped(turn: Turn, id_: str, outcome: Outcome | None = None) -> None:
    """The outstanding call is settled, one way or another: end the task as was decided meanwhile (rule 16)."""
    stopping = turn.stage(id_).stopping
    if stopping is None:
        return
    end = Outcome(
        status=stopping.status,
        context=outcome.context if outcome else {},
        outputs=outcome.outputs if outcome else {},
        error=stopping.exception,
    )
    finish_task(turn, id_, end)


def finish_task(turn: Turn, id_: str, outcome: Outcome) -> None:
    """End the current task, then loop, end the stage's tasks, or start the next one."""
    stage = turn.stage(id_)
    task = stage.tasks[stage.task]
    status = outcome.status
    if status in (Status.TERMINAL, Status.CANCELED):
        status = failure_status({**stage.context, **outcome.context}, status)
    outputs = {key: value for key, value in outcome.outputs.items() if key != "stageTimeoutMs"}
    skipped = stage.stopping is not None and stage.stopping.status is Status.SKIPPED
    turn.emit(
        e.TaskFinished(
            stage=id_, task=task.name, status=status, context=outcome.context, outputs=outputs, exception=outcome.error
        )
    )
    if skipped:
        finish_stage(turn, id_, Status.SKIPPED)
    elif status is Status.REDIRECT:
        to = _loop_start(turn, stage)
        turn.emit(e.TasksLooped(stage=id_, to=to))
        start_task(turn, id_, to)
    elif status.halts or outcome.status in (Status.TERMINAL, Status.CANCELED) or stage.task + 1 == len(stage.tasks):
        tasks_ended(turn, id_)
    else:
        start_task(turn, id_, stage.task + 1)


def _loop_start(turn: Turn, stage: Stage) -> int:
    type_ = turn.type_of(stage)
    starts = {task.name for task in type_.tasks if task.loop_start} if type_ else set()
    return next((i for i, task in enumerate(stage.tasks) if task.name in starts), 0)


def _child_wanted(turn: Turn, stage: Stage, outcome: Outcome) -> None:
    wanted = outcome.child
    if wanted is None:
        return
    task = stage.tasks[stage.task].name
    child = ulid(stage.start_time or turn.now, turn.x.id, stage.id, task, stage.round)
    turn.emit(
        e.ChildRequested(
            stage=stage.id,
            child=child,
            application=wanted.application,
            pipeline=wanted.pipeline,
            parameters=wanted.parameters,
            user=turn.x.user,
            detached=wanted.detached,
            discard_outputs=wanted.discard_outputs,
        )
    )


def child_accepted(turn: Turn, message: ChildAccepted) -> None:
    """The child exists; a stage that does not wait for it is done."""
    stage = turn.x.stages.get(message.stage)
    if stage is None or stage.child is None or stage.child.id != message.child or stage.status is not Status.RUNNING:
        return
    if stage.context.get("executionId") == message.child:
        return
    turn.emit(e.ChildStarted(stage=stage.id, child=message.child, name=message.name))
    if stage.child.detached:
        finish_task(turn, stage.id, Outcome(status=Status.SUCCEEDED))


def child_ended(turn: Turn, message: ChildEnded) -> None:
    """The child has ended: so does the task, the same way."""
    stage = turn.x.stages.get(message.stage)
    if stage is None or stage.child is None or stage.child.id != message.child or stage.status is not Status.RUNNING:
        return
    if stage.tasks[stage.task].status is not Status.RUNNING:
        return
    status = {Status.SUCCEEDED: Status.SUCCEEDED, Status.CANCELED: Status.CANCELED}.get(message.status, Status.TERMINAL)
    error = message.exception
    if error is None and status is not Status.SUCCEEDED:
        reason = message.reason or f"The child pipeline {message.child} ended {message.status}."
        error = problem(turn.now, "ChildPipelineFailed", reason, operation="pipeline")
    outputs = {} if stage.child.discard_outputs or status is not Status.SUCCEEDED else message.outputs
    finish_task(
        turn, stage.id, Outcome(status=status, context={"status": message.status}, outputs=outputs, error=error)
    )
