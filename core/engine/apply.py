"""Fold facts into state. No rules here: what happened is never judged again.

Separate from `decide` so that an upgrade of the rules cannot change what has happened.
"""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from gennaker.core.engine.apply_stage import STAGE_EVENTS, paused_now
from gennaker.core.engine.shape import downstream_of, stage_from
from gennaker.core.model import events as e
from gennaker.core.model.ancestry import top_of
from gennaker.core.model.execution import Execution
from gennaker.core.model.status import Status

_REMEMBERED_COMMANDS = 64

Changes = dict[str, Any]


def fold(execution: Execution | None, events: Iterable[e.AnyEvent], stamp: int) -> Execution:
    """The state after several facts that were written with one stamp (epoch milliseconds).

    Raises ValueError when the first fact of all is not a request or a tombstone.
    """
    for event in events:
        execution = apply(execution, event, stamp)
    if execution is None:
        raise ValueError("an execution needs at least one event")
    return execution


def apply(execution: Execution | None, event: e.AnyEvent, stamp: int) -> Execution:
    """The state after one fact."""
    if execution is None:
        return _first(event, stamp)
    kind = type(event)
    if on_stage := STAGE_EVENTS.get(kind):
        changes = on_stage(execution, event, stamp)
    else:
        changes = _EXECUTION_EVENTS[kind](execution, event, stamp)
    return replace(execution, sequence=execution.sequence + 1, stamp=stamp, **changes)


def _first(event: e.AnyEvent, stamp: int) -> Execution:
    if isinstance(event, e.ExecutionTombstoned):
        return Execution(
            id=event.id,
            status=Status.CANCELED,
            canceled=True,
            canceled_by=event.user,
            cancellation_reason=event.reason,
            build_time=stamp,
            end_time=stamp,
            sequence=1,
            stamp=stamp,
        )
    if not isinstance(event, e.ExecutionRequested):
        raise ValueError(f"the first event of an execution is a request, not {type(event).__name__}")
    stages = {spec.id: stage_from(spec) for spec in event.stages}
    return Execution(
        id=event.id,
        kind=event.kind,
        application=event.application,
        name=event.name,
        description=event.description,
        pipeline_config_id=event.pipeline_config_id,
        build_time=stamp,
        start_time_expiry=event.start_time_expiry,
        limit_concurrent=event.limit_concurrent,
        max_concurrent=event.max_concurrent,
        keep_waiting=event.keep_waiting,
        stages=stages,
        downstream=downstream_of(stages),
        trigger=event.trigger,
        user=event.user,
        origin=event.origin,
        authentication=event.authentication,
        notifications=event.notifications,
        source=event.source,
        spel_evaluator=event.spel_evaluator,
        template_variables=event.template_variables,
        parent=event.parent,
        parent_stage=event.parent_stage,
        stage_count=len(stages),
        canceled_by="system" if event.failure else None,
        cancellation_reason=f"Failed on startup: {event.failure}" if event.failure else None,
        sequence=1,
        stamp=stamp,
    )


def _slot_requested(_x: Execution, _event: e.SlotRequested, _stamp: int) -> Changes:
    return {"slot": "waiting"}


def _slot_released(x: Execution, event: e.SlotReleased, _stamp: int) -> Changes:
    return {"slot": ""} if event.round == x.round else {}


def _started(_x: Execution, event: e.ExecutionStarted, stamp: int) -> Changes:
    return {
        "status": Status.RUNNING,
        "start_time": stamp,
        "canceled": False,
        "slot": "held" if event.slot else "",
    }


def _paused(_x: Execution, event: e.ExecutionPaused, stamp: int) -> Changes:
    return {"status": Status.PAUSED, "paused": {"pausedBy": event.user, "pauseTime": stamp}}


def _resumed(x: Execution, event: e.ExecutionResumed, stamp: int) -> Changes:
    paused = {**(x.paused or {}), "resumedBy": event.user, "resumeTime": stamp}
    stages = dict(x.stages)
    for stage_id in x.active:
        stage = stages[stage_id]
        stages[stage_id] = replace(stage, paused=stage.paused + paused_now(x, stage, stamp))
    return {"status": Status.RUNNING, "paused": paused, "stages": stages}


def _canceled(_x: Execution, event: e.ExecutionCanceled, _stamp: int) -> Changes:
    return {"canceled": True, "canceled_by": event.user, "cancellation_reason": event.reason}


def _finished(x: Execution, event: e.ExecutionFinished, stamp: int) -> Changes:
    changes: Changes = {"status": event.status, "end_time": stamp}
    if event.reason and not x.cancellation_reason:
        changes["cancellation_reason"] = event.reason
    return changes


def _restarted(x: Execution, event: e.StageRestarted, stamp: int) -> Changes:
    reset = set(event.reset)
    stages = {}
    for stage in x.stages.values():
        if top_of(x, stage).id in reset and stage.parent is not None:
            continue
        if stage.id in reset:
            cleared = {"exception", "expressionEvaluationSummary", *event.clears.get(stage.id, ())}
            written = {**stage.context, **stage.raw}
            context = {key: value for key, value in written.items() if key not in cleared}
            context.update(event.context.get(stage.id, {}))
            if stage.id == event.stage:
                previous = stage.context.get("exception")
                context["restartDetails"] = {
                    "restartedBy": event.user,
                    "restartTime": stamp,
                    "previousException": previous,
                }
            stage = replace(stage_from(stage), context=context, round=stage.round + 1)
        stages[stage.id] = stage
    changes: Changes = {
        "stages": stages,
        "active": tuple(id_ for id_ in x.active if id_ in stages and id_ not in reset),
    }
    if x.status.complete:
        changes |= {
            "status": Status.NOT_STARTED,
            "end_time": None,
            "canceled": False,
            "canceled_by": None,
            "cancellation_reason": None,
            "round": x.round + 1,
        }
    return changes


def _handled(x: Execution, event: e.CommandHandled, _stamp: int) -> Changes:
    handled = {**x.handled, event.id: event.refused or ""}
    while len(handled) > _REMEMBERED_COMMANDS:
        del handled[next(iter(handled))]
    return {"handled": handled}


_EXECUTION_EVENTS: dict[type, Callable[[Execution, Any, int], Changes]] = {
    e.SlotRequested: _slot_requested,
    e.SlotReleased: _slot_released,
    e.ExecutionStarted: _started,
    e.ExecutionPaused: _paused,
    e.ExecutionResumed: _resumed,
    e.ExecutionCanceled: _canceled,
    e.ExecutionFinished: _finished,
    e.StageRestarted: _restarted,
    e.CommandHandled: _handled,
    e.ChildCancelRequested: lambda _x, _event, _stamp: {},
}
