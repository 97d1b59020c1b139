"""What a new owner finds: who is active, what is due, what was not confirmed, which slots nobody holds any more.

Separate from the owner because it reads everything at once and decides nothing (rules 4, 8, 17).
"""

from collections.abc import Mapping

from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.engine import slots as rules
from gennaker.core.model.events import TaskHandedOut
from gennaker.core.model.execution import Execution
from gennaker.core.model.ids import shard_of
from gennaker.core.model.slot import LOCK, Slot
from gennaker.core.runtime.commit import drop_claims
from gennaker.core.store import commands, entries, executions, slots
from gennaker.core.store import shards as leases
from gennaker.core.store.commands import Told
from gennaker.core.store.database import Database
from gennaker.core.store.entries import Entry
from gennaker.core.store.shards import Shard

_AT_ONCE = 1000


class Takeover(Struct, frozen=True):
    """The state of a shard as its new owner finds it."""

    epoch: int
    position: int
    warm: dict[str, Execution]
    due: list[tuple[str, int]]
    #: Entries that the broker may not have.
    entries: list[Entry]
    #: (execution, stage) handed out in those entries.
    unpublished: list[tuple[str, str]]
    #: Shards whose executions were told something.
    told_shards: frozenset[int]


def take_over(database: Database, shard: Shard, published_upto: int, now: int) -> Takeover:
    """Read a shard. Raises Unavailable."""
    with database.reading() as connection:
        current = next(each for each in leases.read(connection) if each.id == shard.id)
        ids = executions.active(connection, shard.id)
        warm = executions.load_many(connection, ids)
        due = executions.due(connection, shard.id)
        unconfirmed = _unconfirmed(connection, shard.id, published_upto)
        held = slots.everything(connection)
    handed_out = [
        (entry.execution, event.stage)
        for entry in unconfirmed
        if ":" not in entry.execution
        for event in entries.decode(entry)
        if isinstance(event, TaskHandedOut)
    ]
    told: tuple[Told, ...] = ()
    gone, again = _claims(held, warm, shard.id, database.shards)
    if gone or again:
        told = database.transact(lambda connection: _settle(connection, gone, again, now))
    return Takeover(
        epoch=current.epoch,
        position=current.position,
        warm=warm,
        due=due,
        entries=unconfirmed,
        unpublished=list(dict.fromkeys(handed_out)),
        told_shards=frozenset(shard_of(each.execution, database.shards) for each in told),
    )


def _unconfirmed(connection: Connection, shard: int, upto: int) -> list[Entry]:
    found: list[Entry] = []
    while page := entries.after(connection, shard, found[-1].position if found else upto, _AT_ONCE):
        found += page
    return found


def _claims(
    held: list[Slot], warm: Mapping[str, Execution], shard: int, shards: int
) -> tuple[dict[str, set[tuple[str, int]]], list[Told]]:
    """Claims that their executions know nothing of, and grants that were not answered."""
    gone: dict[str, set[tuple[str, int]]] = {}
    again: list[Told] = []
    for slot in held:
        for id_, round_ in (*slot.holders, *slot.waiters):
            if shard_of(id_, shards) != shard:
                continue
            execution = warm.get(id_)
            if execution is None or not _claims_it(execution, slot.pipeline, round_):
                gone.setdefault(slot.pipeline, set()).add((id_, round_))
            elif (id_, round_) in slot.holders and not _has_it(execution, slot.pipeline):
                grant = rules.grant_message(slot.pipeline, round_)
                again.append(Told(execution=id_, message=grant, id=rules.grant_id(slot.pipeline, id_, round_)))
    return gone, again


def _claims_it(execution: Execution, slot: str, round_: int) -> bool:
    if slot.startswith(LOCK):
        lock = execution.locks.get(slot.removeprefix(LOCK))
        return lock is not None and lock.round == round_
    return bool(execution.slot) and execution.round == round_


def _has_it(execution: Execution, slot: str) -> bool:
    if slot.startswith(LOCK):
        return execution.locks[slot.removeprefix(LOCK)].held
    return execution.slot != "waiting"


def _settle(
    connection: Connection, gone: dict[str, set[tuple[str, int]]], again: list[Told], now: int
) -> tuple[Told, ...]:
    if again:
        commands.put_all(connection, again, now)
    return (*again, *drop_claims(connection, gone, now))
