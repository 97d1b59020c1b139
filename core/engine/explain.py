"""One sentence that says what an execution waits for, and until when: for every state that is not final.

Separate because it reads what the rules wrote and decides nothing.
"""

from datetime import UTC, datetime

from gennaker.core.engine.shape import upstream
from gennaker.core.engine.work import carrier
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.status import Status


def explain(execution: Execution, now: int, types: StageTypes, unroutable: frozenset[str] = frozenset()) -> str:
    """Why the execution is not finished, in words. `now` is epoch milliseconds; `unroutable` names queues that nobody reads."""
    waits = [_stage(execution, execution.stages[id_], now, types, unroutable) for id_ in execution.active]
    told = [wait for wait in waits if wait]
    if execution.status.complete:
        ended = f"It has ended {execution.status}"
        if told:
            return f"{ended}; cleaning up: {'; '.join(told)}."
        if execution.slot:
            return f"{ended}; it still holds a slot of its pipeline, which is being given back."
        return f"{ended}{f': {execution.cancellation_reason}' if execution.cancellation_reason else ''}."
    if execution.status is Status.NOT_STARTED:
        if execution.slot == "waiting":
            limit = 1 if execution.limit_concurrent else execution.max_concurrent
            until = f", until {_time(execution.start_time_expiry)} at the latest" if execution.start_time_expiry else ""
            return f"It waits for a slot: at most {limit} of this pipeline may run at once{until}."
        return "It was accepted and waits for an engine to start it."
    if execution.status is Status.PAUSED:
        who = (execution.paused or {}).get("pausedBy", "someone")
        since = _time((execution.paused or {}).get("pauseTime"))
        return f"It was paused by {who} at {since} and waits to be resumed."
    if told:
        return f"It waits for {'; '.join(told)}."
    left = [stage for stage in execution.top_level() if stage.status is Status.NOT_STARTED]
    if left:
        refs = ", ".join(f"'{other.name}'" for other in upstream(execution, left[0])) or "its turn"
        return f"Stage '{left[0].name}' waits for {refs}."
    return "All its stages have ended; it is about to finish."


def _stage(execution: Execution, stage: Stage, now: int, types: StageTypes, unroutable: frozenset[str]) -> str:
    name = f"stage '{stage.name}'"
    handout = stage.handout
    if handout is not None:
        type_ = carrier(types, stage)
        if type_ is not None and type_.queue in unroutable:
            return f"{name}: no worker for {type_.key} is connected; asked again at {_time(handout.answer_by)}"
        what = {
            "plan": f"the plan of its {handout.name} stages",
            "cancel": "its cancel",
            "evaluate": _looks(stage),
        }.get(handout.kind, f"task {handout.name}")
        tries = f", attempt {handout.attempt}" if handout.attempt > 1 else ""
        sent = f", sent {handout.sends} times" if handout.sends > 1 else ""
        ends = f", then it ends {stage.stopping.status} ({stage.stopping.reason})" if stage.stopping else ""
        return f"{name}: a worker to answer {what}{tries}{sent} until {_time(handout.answer_by)}{ends}"
    if stage.locking:
        return f"{name}: the lock of {stage.lock}, which another execution has"
    if stage.due is not None:
        task = stage.tasks[stage.task].name if stage.tasks and stage.phase == "tasks" else stage.phase
        error = f" after {stage.failures} failed tries" if stage.failures else ""
        return f"{name}: the next look at {task}{error} at {_time(max(stage.due, now))}"
    if stage.child is not None:
        return f"{name}: its child pipeline {stage.child.id} to end"
    if any(execution.stages[id_].status is Status.RUNNING for id_ in stage.children):
        return ""
    if stage.tasks and stage.phase == "tasks":
        limit = stage.context.get("stageTimeoutMs")
        until = f", {limit} ms at most" if limit else ""
        return f"{name}: someone to answer task {stage.tasks[stage.task].name}{until}"
    return f"{name}: its synthetic stages"


def _looks(stage: Stage) -> str:
    return "what " + ", ".join(f"#{name}" for name in dict.fromkeys(each.function for each in stage.wanted)) + " gives"


def _time(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "an unknown time"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
