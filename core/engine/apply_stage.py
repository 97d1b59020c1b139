"""Fold the facts about stages and their tasks.

Separate from `apply` because these touch one stage, the others the execution.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from gennaker.core.engine.shape import stage_from
from gennaker.core.model import events as e
from gennaker.core.model.execution import Child, Execution, Lock, Stage, Task
from gennaker.core.model.status import Status

Changes = dict[str, Any]


def _with(x: Execution, stage: Stage, **changes: Any) -> Changes:
    return {"stages": {**x.stages, stage.id: replace(stage, **changes)}}


def paused_now(x: Execution, stage: Stage, stamp: int) -> int:
    """Milliseconds of the present pause that a stage has seen: it may have started in the middle of it."""
    if x.status is not Status.PAUSED or x.paused is None:
        return 0
    since: int = max(x.paused["pauseTime"], stage.start_time or 0)
    return stamp - since


def needs_worker(stage: Stage) -> bool:
    """It does not wait for a child or a lock."""
    return stage.child is None and not stage.locking


def _planned(x: Execution, event: e.StagePlanned, _stamp: int) -> Changes:
    parent = x.stages[event.stage]
    children = {spec.id: stage_from(spec, parent.id, event.phase) for spec in event.stages}
    parent = replace(
        parent,
        planned=(*parent.planned, event.phase),
        children=(*parent.children, *children),
        handout=None,
        due=None,
        attempts=0,
        failures=0,
    )
    return {
        "stages": {**x.stages, parent.id: parent, **children},
        "stage_count": x.stage_count + len(children),
    }


def _evaluating(x: Execution, event: e.StageEvaluating, stamp: int) -> Changes:
    stage = x.stages[event.stage]
    started = stage.start_time if stage.phase == "evaluate" else stamp
    changes = _with(
        x, stage, status=Status.RUNNING, phase="evaluate", start_time=started, wanted=event.wanted, due=stamp
    )
    return changes if stage.id in x.active else {**changes, "active": (*x.active, stage.id)}


def _values(x: Execution, event: e.ValuesArrived, _stamp: int) -> Changes:
    stage = x.stages[event.stage]
    values = {**stage.values, **event.values}
    # Not back to 0: a late answer to this call must not pass for one to the next.
    return _with(x, stage, values=values, wanted=(), handout=None, due=None, attempts=stage.attempts + 1, failures=0)


def _evaluated(x: Execution, event: e.StageEvaluated, _stamp: int) -> Changes:
    return _with(x, x.stages[event.stage], context=event.context, unresolved=event.unresolved)


def _started(x: Execution, event: e.StageStarted, stamp: int) -> Changes:
    stage = x.stages[event.stage]
    context = stage.context if event.context is None else event.context
    tasks = tuple(Task(name=name) for name in event.tasks)
    changes = _with(
        x,
        stage,
        status=Status.RUNNING,
        phase="window" if event.window else "before",
        start_time=stage.start_time if stage.phase == "evaluate" else stamp,
        tasks=tasks,
        context=context,
        raw=event.raw,
        unresolved=event.unresolved,
        wanted=(),
        fan=event.fan,
        due=stamp if event.plan else None,
        attempts=0,
    )
    return changes if stage.id in x.active else {**changes, "active": (*x.active, stage.id)}


def _phase(x: Execution, event: e.StagePhase, stamp: int) -> Changes:
    return _with(x, x.stages[event.stage], phase=event.phase, due=stamp, attempts=0, failures=0)


def _changed(x: Execution, event: e.StageChanged, stamp: int) -> Changes:
    stage = x.stages[event.stage]
    modified = {"user": event.user, "allowedAccounts": [], "lastModifiedTime": stamp}
    context = {**stage.context, **event.context, "lastModifiedBy": event.user}
    given = {**stage.given, **event.context} if stage.status is Status.NOT_STARTED else stage.given
    waits = stage.status is Status.RUNNING and stage.phase == "tasks" and bool(stage.tasks) and needs_worker(stage)
    due = stamp if waits and stage.handout is None else stage.due
    return _with(x, stage, context=context, given=given, last_modified=modified, changed=True, due=due)


def _stopping(x: Execution, event: e.StageStopping, _stamp: int) -> Changes:
    return _with(x, x.stages[event.stage], stopping=event.stopping)


def _finished(x: Execution, event: e.StageFinished, stamp: int) -> Changes:
    stage = x.stages[event.stage]
    context = {**stage.context, "exception": event.exception} if event.exception else stage.context
    tasks = stage.tasks
    if event.status.complete:
        tasks = tuple(
            replace(task, status=Status.CANCELED, end_time=stamp) if task.status is Status.RUNNING else task
            for task in tasks
        )
    changes = _with(
        x,
        stage,
        status=event.status,
        end_time=stamp,
        context=context,
        tasks=tasks,
        cleaning=event.cleaning,
        lock="" if stage.locking else stage.lock,
        locking=False,
        outputs={**stage.outputs, **event.outputs} if event.outputs else stage.outputs,
        due=stamp if event.cleaning else None,
        stopping=None,
        attempts=stage.attempts if stage.handout else 0,
        failures=0,
    )
    if not event.cleaning:
        changes["active"] = tuple(id_ for id_ in x.active if id_ != stage.id)
    return changes


def _cleaned(x: Execution, event: e.StageCleaned, _stamp: int) -> Changes:
    stage = x.stages[event.stage]
    context = {**stage.context, "cleanUpError": event.error} if event.error else stage.context
    changes = _with(x, stage, cleaning=False, handout=None, due=None, context=context)
    return {**changes, "active": tuple(id_ for id_ in x.active if id_ != stage.id)}


def _task_started(x: Execution, event: e.TaskStarted, stamp: int) -> Changes:
    stage = x.stages[event.stage]
    index = next(i for i, task in enumerate(stage.tasks) if task.name == event.task)
    tasks = list(stage.tasks)
    before = stage.paused + paused_now(x, stage, stamp)
    tasks[index] = replace(tasks[index], status=Status.RUNNING, start_time=stamp, end_time=None, paused_before=before)
    # The child of an earlier task has ended, and this one does not wait for it.
    return _with(x, stage, phase="tasks", tasks=tuple(tasks), task=index, due=stamp, attempts=0, failures=0, child=None)


def _handed_out(x: Execution, event: e.TaskHandedOut, _stamp: int) -> Changes:
    return _with(x, x.stages[event.stage], handout=event.handout, due=None, changed=False)


def _progressed(x: Execution, event: e.TaskProgressed, _stamp: int) -> Changes:
    stage = x.stages[event.stage]
    if event.answer_by is None or stage.handout is None:
        return {}
    return _with(x, stage, handout=replace(stage.handout, answer_by=event.answer_by))


def _answered(x: Execution, event: e.TaskAnswered, stamp: int) -> Changes:
    stage = x.stages[event.stage]
    return _with(
        x,
        stage,
        handout=None,
        due=stamp if stage.changed else event.due,
        context={**stage.context, **event.context} if event.context else stage.context,
        outputs={**stage.outputs, **event.outputs} if event.outputs else stage.outputs,
        attempts=stage.attempts + 1,
        failures=stage.failures + 1 if event.error else 0,
    )


def _task_finished(x: Execution, event: e.TaskFinished, stamp: int) -> Changes:
    stage = x.stages[event.stage]
    context = {**stage.context, **event.context} if event.context else stage.context
    if event.exception:
        context = {**context, "exception": event.exception}
    tasks = list(stage.tasks)
    for index, task in enumerate(tasks):
        if task.name == event.task:
            tasks[index] = replace(task, status=event.status, end_time=stamp, exception=event.exception)
    return _with(
        x,
        stage,
        tasks=tuple(tasks),
        handout=None,
        due=stamp if stage.cleaning else None,
        stopping=None,
        locking=False,
        context=context,
        outputs={**stage.outputs, **event.outputs} if event.outputs else stage.outputs,
        attempts=0,
        failures=0,
    )


def _looped(x: Execution, event: e.TasksLooped, _stamp: int) -> Changes:
    stage = x.stages[event.stage]
    tasks = tuple(Task(name=t.name) if i >= event.to else t for i, t in enumerate(stage.tasks))
    return _with(x, stage, tasks=tasks, round=stage.round + 1)


def _child_requested(x: Execution, event: e.ChildRequested, _stamp: int) -> Changes:
    stage = x.stages[event.stage]
    child = Child(
        id=event.child,
        application=event.application,
        pipeline=event.pipeline,
        parameters=event.parameters,
        detached=event.detached,
        discard_outputs=event.discard_outputs,
    )
    return _with(x, stage, child=child, handout=None, due=None)


def _child_started(x: Execution, event: e.ChildStarted, _stamp: int) -> Changes:
    stage = x.stages[event.stage]
    context = {**stage.context, "executionId": event.child, "executionName": event.name}
    return _with(x, stage, context=context)


def _lock_requested(x: Execution, event: e.LockRequested, _stamp: int) -> Changes:
    known = x.locks.get(event.key)
    held = known is not None and known.held
    changes = _with(x, x.stages[event.stage], lock=event.key, locking=not held, handout=None, due=None)
    locks = x.locks if known else {**x.locks, event.key: Lock(round=event.round)}
    return {**changes, "locks": locks, "lock_count": max(x.lock_count, event.round)}


def _lock_taken(x: Execution, event: e.LockTaken, _stamp: int) -> Changes:
    return {"locks": {**x.locks, event.key: replace(x.locks[event.key], held=True)}}


def _lock_released(x: Execution, event: e.LockReleased, _stamp: int) -> Changes:
    known = x.locks.get(event.key)
    if known is None or known.round != event.round:
        return {}
    return {"locks": {key: lock for key, lock in x.locks.items() if key != event.key}}


STAGE_EVENTS: dict[type, Callable[[Execution, Any, int], Changes]] = {
    e.StagePlanned: _planned,
    e.StageEvaluating: _evaluating,
    e.ValuesArrived: _values,
    e.StageEvaluated: _evaluated,
    e.StageStarted: _started,
    e.StagePhase: _phase,
    e.StageChanged: _changed,
    e.StageStopping: _stopping,
    e.StageFinished: _finished,
    e.StageCleaned: _cleaned,
    e.TaskStarted: _task_started,
    e.TaskHandedOut: _handed_out,
    e.TaskProgressed: _progressed,
    e.TaskAnswered: _answered,
    e.TaskFinished: _task_finished,
    e.TasksLooped: _looped,
    e.LockRequested: _lock_requested,
    e.LockTaken: _lock_taken,
    e.LockReleased: _lock_released,
    e.ChildRequested: _child_requested,
    e.ChildStarted: _child_started,
}
