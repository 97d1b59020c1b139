"""Locks: what a stage needs for its execution alone, such as a cluster while it is deployed to.

Separate because a lock outlives the call that asked for it and belongs to the execution, not to one stage: stages of one execution share it.
"""

from gennaker.core.engine.turn import Turn
from gennaker.core.model import events as e
from gennaker.core.model.messages import LockGranted


def ask(turn: Turn, id_: str, key: str) -> bool:
    """Ask for a lock in the name of a stage; True when the execution has it already."""
    known = turn.x.locks.get(key)
    turn.emit(e.LockRequested(stage=id_, key=key, round=known.round if known else turn.x.lock_count + 1))
    return known is not None and known.held


def lock_granted(turn: Turn, message: LockGranted) -> list[str]:
    """Take a lock, or give it back: every grant is answered. The stages that waited for it."""
    known = turn.x.locks.get(message.key)
    if known is None or known.round != message.round:
        turn.emit(e.LockReleased(key=message.key, round=message.round))
        return []
    if known.held:
        return []
    waiting = [id_ for id_ in turn.x.active if turn.stage(id_).locking and turn.stage(id_).lock == message.key]
    turn.emit(e.LockTaken(key=message.key))
    return waiting


def give_back(turn: Turn) -> None:
    """Give back every lock that no stage needs any more."""
    if not turn.x.locks:
        return
    needed = {turn.stage(id_).lock for id_ in turn.x.active}
    for key, lock in turn.x.locks.items():
        if key not in needed:
            turn.emit(e.LockReleased(key=key, round=lock.round))
