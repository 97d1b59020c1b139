"""What a batch of messages makes of a shard's executions, before anything is written (rule 13).

Separate from the owner because nothing here touches the database or the bus: states in, changes out.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from gennaker.bus.port import Delivery
from gennaker.core.engine.apply import fold
from gennaker.core.engine.deadlines import due_at
from gennaker.core.engine.decide import advance
from gennaker.core.engine.slots import SlotEvent
from gennaker.core.engine.work import execution_context
from gennaker.core.model import events as e
from gennaker.core.model import messages as m
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.status import Status
from gennaker.core.store.batch import Change
from gennaker.core.store.commands import Told

#: A kept state at the end, and every so many events before it.
SNAPSHOT_EVERY = 256


class Item(Struct, frozen=True):
    """A message for an execution, with what is to be settled once it is handled."""

    execution: str
    message: m.AnyMessage
    delivery: Delivery | None = None
    #: Row number of the command.
    row: int = 0
    cause: str = ""


class Failed(Struct, frozen=True):
    """A message that could not be decided."""

    item: Item
    error: Exception


class Decisions(Struct):
    """Everything that one batch leads to."""

    #: Execution to its new state.
    states: dict[str, Execution]
    changes: list[Change]
    failed: list[Failed]
    tell: list[Told]
    #: (execution, stage) where stages asked for children.
    children: list[tuple[Execution, str]]
    #: (execution, event) for requests and releases of slots and locks, in order.
    slots: list[tuple[Execution, SlotEvent]]
    #: Command id to the reason it was refused, or the empty text.
    handled: dict[str, str]


Advance = Callable[[Execution | None, m.AnyMessage, int, StageTypes], tuple[Execution | None, tuple[e.AnyEvent, ...]]]


def decide_all(
    items: Sequence[Item],
    warm: Mapping[str, Execution],
    now: int,
    types: StageTypes,
    advance: Advance = advance,
) -> Decisions:
    """Decide messages one after another; one that raises leaves the batch and fails its execution with that reason."""
    out = Decisions({}, [], [], [], [], [], {})
    for item in items:
        before = out.states.get(item.execution) or warm.get(item.execution)
        try:
            after, events = advance(before, item.message, now, types)
        except Exception as error:
            out.failed.append(Failed(item, error))
            after, events = _failed(before, error, now)
        if events and after is not None:
            _note(out, before, after, events, item.cause, types)
    return out


def _failed(before: Execution | None, error: Exception, now: int) -> tuple[Execution | None, tuple[e.AnyEvent, ...]]:
    """End an execution that the engine cannot go on with; one that has ended stays as it is."""
    if before is None or before.status.complete:
        return before, ()
    reason = f"The engine failed on a message: {type(error).__name__}: {error}"
    cleaned: list[e.AnyEvent] = []
    for id_ in before.active:
        cleaned.append(e.StageFinished(stage=id_, status=Status.TERMINAL))
    cleaned.append(e.ExecutionFinished(status=Status.TERMINAL, reason=reason))
    if before.slot:
        cleaned.append(e.SlotReleased(pipeline=before.pipeline_config_id or "", round=before.round))
    cleaned += [e.LockReleased(key=key, round=lock.round) for key, lock in before.locks.items()]
    return fold(before, cleaned, max(now, before.stamp)), tuple(cleaned)


def _note(
    out: Decisions,
    before: Execution | None,
    after: Execution,
    events: tuple[e.AnyEvent, ...],
    cause: str,
    types: StageTypes,
) -> None:
    idle = after.status.complete and not after.active and not after.slot
    earlier = before.sequence if before else 0
    keep = idle or after.sequence // SNAPSHOT_EVERY != earlier // SNAPSHOT_EVERY
    out.states[after.id] = after
    out.changes.append(Change(execution=after, events=events, cause=cause, due_at=due_at(after, types), snapshot=keep))
    for event in events:
        match event:
            case e.ChildRequested():
                out.children.append((after, event.stage))
            case e.ChildCancelRequested():
                out.tell.append(_cancel_child(after, event))
            case e.SlotRequested() | e.SlotReleased() | e.LockRequested() | e.LockReleased():
                out.slots.append((after, event))
            case e.CommandHandled():
                out.handled[event.id] = event.refused or ""
            case e.ExecutionFinished() if after.parent and after.parent_stage:
                out.tell.append(_tell_parent(after))


def _cancel_child(parent: Execution, event: e.ChildCancelRequested) -> Told:
    id_ = f"{parent.id}/{event.stage}/cancel/{event.child}"
    cancel = m.Cancel(id=id_, user="parent pipeline", execution=event.child, reason=event.reason)
    return Told(execution=event.child, message=cancel, id=id_)


def _tell_parent(child: Execution) -> Told:
    succeeded = child.status is Status.SUCCEEDED
    ended = m.ChildEnded(
        stage=child.parent_stage or "",
        child=child.id,
        status=child.status,
        outputs=execution_context(child) if succeeded else {},
        exception=None if succeeded else _child_exception(child),
        reason=child.cancellation_reason,
    )
    return Told(execution=child.parent or "", message=ended, id=f"{child.id}/ended/{child.round}")


def _child_exception(child: Execution) -> dict[str, object] | None:
    """The first failure of the child, told as Spinnaker's pipeline stage tells it; a stage that only stands for others has none of its own."""
    for index, stage in enumerate(child.stages.values()):
        exception = stage.context.get("exception")
        details = exception.get("details") if isinstance(exception, dict) else None
        errors = details.get("errors") if isinstance(details, dict) else None
        if stage.status.halts and errors:
            first = f"Exception in child pipeline stage ({child.name}: {stage.name}): {errors[0]}"
            source = {
                "executionId": child.id,
                "stageId": stage.id,
                "stageName": stage.name,
                "stageIndex": index,
            }
            return {
                "timestamp": child.stamp,
                "exceptionType": "ChildPipelineFailed",
                "operation": "pipeline",
                "details": {"error": "Child pipeline failed", "errors": [first]},
                "shouldRetry": False,
                "source": source,
            }
    return None
