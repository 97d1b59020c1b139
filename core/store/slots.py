"""How many executions of a pipeline may run, and which do (rule 17).

Separate from the executions because a limit belongs to all of them. Sets of `(execution, round)`, never counts.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from gennaker.core.model.slot import Claim, Slot
from gennaker.core.store.locks import lock
from gennaker.core.store.statement import Insert, Sql, update_all
from gennaker.core.store.tables import slot as table

_encoder = msgspec.json.Encoder()
_holders = msgspec.json.Decoder(tuple[Claim, ...])
_COLUMNS = "pipeline, most, keep_waiting, holders, waiters"
_UPSERT = Insert(
    table, on_conflict=f"(pipeline) DO UPDATE SET {update_all(('most', 'keep_waiting', 'holders', 'waiters'))}"
)
_EVERYTHING = Sql(f"SELECT {_COLUMNS} FROM slot ORDER BY pipeline")


def load(connection: Connection, pipelines: Sequence[str]) -> dict[str, Slot]:
    """The slots of these pipelines, those without one left out; nobody else changes any of them until the transaction ends."""
    if not pipelines:
        return {}
    lock(connection, "tell")
    marks = ", ".join("?" * len(pipelines))
    rows = Sql(f"SELECT {_COLUMNS} FROM slot WHERE pipeline IN ({marks})")(connection, *pipelines)
    return {slot.pipeline: slot for slot in map(_slot, rows)}


def save(connection: Connection, slots: Sequence[Slot]) -> None:
    """Write slots that were loaded, or looked for, in this transaction; of several for one pipeline the last counts, and one
    with nobody in it is removed."""
    newest = {each.pipeline: each for each in slots}.values()
    if used := [each for each in newest if each.holders or each.waiters]:
        _UPSERT(
            connection,
            [
                (
                    each.pipeline,
                    each.limit,
                    each.keep_waiting,
                    _encoder.encode(each.holders),
                    _encoder.encode(each.waiters),
                )
                for each in used
            ],
        )
    if empty := [each.pipeline for each in newest if not each.holders and not each.waiters]:
        Sql(f"DELETE FROM slot WHERE pipeline IN ({', '.join('?' * len(empty))})")(connection, *empty)


def everything(connection: Connection) -> list[Slot]:
    """Every slot, without a lock."""
    return [_slot(row) for row in _EVERYTHING(connection)]


def _slot(row: Any) -> Slot:
    pipeline, most, keep_waiting, holders, waiters = row
    return Slot(
        pipeline=pipeline,
        limit=most,
        keep_waiting=bool(keep_waiting),
        holders=_holders.decode(holders),
        waiters=_holders.decode(waiters),
    )
