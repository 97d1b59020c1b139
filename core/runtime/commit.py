"""The one transaction of a batch: the fence, the facts, the slots, the messages sent on.

Separate from the owner because it runs inside the database, perhaps more than once (a deadlock), and changes nothing else.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from gennaker.core.engine import slots as rules
from gennaker.core.model import messages as m
from gennaker.core.model.execution import Execution
from gennaker.core.model.slot import Slot
from gennaker.core.store import batch as batches
from gennaker.core.store import commands, slots
from gennaker.core.store.batch import Batch
from gennaker.core.store.commands import Told

SlotEvents = Sequence[tuple[Execution, rules.SlotEvent]]


class Committed(Struct, frozen=True):
    """What came of a batch."""

    #: The shard's last position.
    position: int
    #: Executions that were told something because of a slot.
    told: tuple[str, ...]


def commit(connection: Connection, batch: Batch, slot_events: SlotEvents) -> Committed | None:
    """Write a batch and settle the slots it touches; None when another owner has the shard."""
    position = batches.commit(connection, batch)
    if position is None:
        return None
    told = settle_slots(connection, slot_events, batch.at) if slot_events else ()
    return Committed(position, tuple(each.execution for each in (*batch.tell, *told)))


def settle_slots(connection: Connection, slot_events: SlotEvents, at: int) -> tuple[Told, ...]:
    """Apply requests and releases, then fill what is free. Grants and cancels become rows of `command` (rule 17)."""
    found = slots.load(connection, sorted({rules.name_of(event) for _, event in slot_events}))
    for execution, event in slot_events:
        name = rules.name_of(event)
        found[name] = rules.settled(found.get(name) or Slot(pipeline=name), execution, event)
    return _fill(connection, found.values(), at)


def _fill(connection: Connection, found: Iterable[Slot], at: int) -> tuple[Told, ...]:
    told: list[Told] = []
    filled = []
    for slot in found:
        after, granted, superseded = rules.grant(slot)
        filled.append(after)
        for execution, round_ in granted:
            id_ = rules.grant_id(slot.pipeline, execution, round_)
            told.append(Told(execution=execution, message=rules.grant_message(slot.pipeline, round_), id=id_))
        for execution, round_ in superseded:
            id_ = f"{execution}/superseded/{round_}"
            cancel = m.Cancel(id=id_, user="spinnaker", execution=execution, reason=rules.SUPERSEDED)
            told.append(Told(execution=execution, message=cancel, id=id_))
    slots.save(connection, filled)
    if told:
        commands.put_all(connection, told, at)
    return tuple(told)


def drop_claims(connection: Connection, gone: dict[str, set[tuple[str, int]]], at: int) -> tuple[Told, ...]:
    """Take claims of executions that hold none any more out of their slots (checked at every take-over)."""
    found = slots.load(connection, sorted(gone))
    for pipeline, claims in gone.items():
        for claim in claims:
            if slot := found.get(pipeline):
                found[pipeline] = rules.released(slot, claim)
    return _fill(connection, found.values(), at)
