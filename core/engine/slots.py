"""Who gets a place when one is free: a fold over requests and releases, and the grants that follow.

Separate because it is about several executions; its row is locked in the transaction that decides. Source: reference §2.1 StartWaitingExecutions.
"""

from msgspec.structs import replace

from gennaker.core.engine.executions import slot_limit
from gennaker.core.model import events as e
from gennaker.core.model.execution import Execution
from gennaker.core.model.messages import Granted, LockGranted
from gennaker.core.model.slot import LOCK, Claim, Slot

SlotEvent = e.SlotRequested | e.SlotReleased | e.LockRequested | e.LockReleased
SUPERSEDED = (
    "This execution was queued but then canceled because a newer queued execution superceded it. "
    "This pipeline is configured to automatically cancel waiting executions."
)


def settled(slot: Slot, execution: Execution, event: SlotEvent) -> Slot:
    """The slot after a request or a release. A lock is a slot with one place, where nobody is superseded."""
    if isinstance(event, e.LockReleased | e.SlotReleased):
        return released(slot, (execution.id, event.round))
    slot = requested(slot, (execution.id, event.round))
    if isinstance(event, e.LockRequested):
        return replace(slot, limit=1, keep_waiting=True)
    return replace(slot, limit=max(1, slot_limit(execution)), keep_waiting=execution.keep_waiting)


def name_of(event: SlotEvent) -> str:
    """The slot that an event is about."""
    return f"{LOCK}{event.key}" if isinstance(event, e.LockRequested | e.LockReleased) else event.pipeline


def grant_message(slot: str, round_: int) -> Granted | LockGranted:
    """What the holder of a place is told."""
    if slot.startswith(LOCK):
        return LockGranted(key=slot.removeprefix(LOCK), round=round_)
    return Granted(round=round_)


def grant_id(slot: str, execution: str, round_: int) -> str:
    """The id of that message."""
    where = f"/{slot}" if slot.startswith(LOCK) else ""
    return f"{execution}/granted{where}/{round_}"


def requested(slot: Slot, claim: Claim) -> Slot:
    """Someone wants a place."""
    if claim in slot.holders or claim in slot.waiters:
        return slot
    return replace(slot, waiters=(*slot.waiters, claim))


def released(slot: Slot, claim: Claim) -> Slot:
    """Someone gives a place, or the place in the queue, back."""
    return replace(
        slot,
        holders=tuple(each for each in slot.holders if each != claim),
        waiters=tuple(each for each in slot.waiters if each != claim),
    )


def grant(slot: Slot) -> tuple[Slot, tuple[Claim, ...], tuple[Claim, ...]]:
    """Fill free places. Returns the slot, who was granted one, and who is superseded and to be cancelled."""
    free = slot.limit - len(slot.holders)
    if free <= 0 or not slot.waiters:
        return slot, (), ()
    if slot.keep_waiting or len(slot.waiters) <= free:
        chosen = slot.waiters[:free]
        return replace(slot, holders=slot.holders + chosen, waiters=slot.waiters[free:]), chosen, ()
    chosen = slot.waiters[-free:]
    return replace(slot, holders=slot.holders + chosen, waiters=()), chosen, slot.waiters[:-free]
