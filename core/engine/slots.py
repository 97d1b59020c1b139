"""Who gets a place when one is free: a fold over requests and releases, and the grants that follow.

Separate because it is about several executions; its row is locked in the transaction that decides. Source: reference §2.1 StartWaitingExecutions.
"""

from msgspec.structs import replace

from gennaker.core.model.slot import Claim, Slot

SUPERSEDED = (
    "This execution was queued but then canceled because a newer queued execution superceded it. "
    "This pipeline is configured to automatically cancel waiting executions."
)


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
