"""Executions as they were at some point, so that a load is one read and a short tail.

Separate from `executions` because a snapshot may be thrown away at any time (rule 22).
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from gennaker.core.model.execution import FOLD_VERSION, Execution
from gennaker.core.store.statement import Insert, Sql, update_all
from gennaker.core.store.tables import snapshot as table

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Execution)
_UPSERT = Insert(table, on_conflict=f"(execution) DO UPDATE SET {update_all(('sequence', 'fold_version', 'body'))}")


def write(connection: Connection, executions: Sequence[Execution]) -> None:
    """Keep the state of each, in place of what was kept."""
    _UPSERT(connection, [(each.id, each.sequence, FOLD_VERSION, _encoder.encode(each)) for each in executions])


def read(connection: Connection, ids: Sequence[str], upto: int | None = None) -> dict[str, Execution]:
    """The kept states, those of this release's fold only; with `upto`, those not after that sequence."""
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    limit = "" if upto is None else f" AND sequence <= {int(upto)}"
    found = Sql(f"SELECT execution, body FROM snapshot WHERE execution IN ({marks}) AND fold_version = ?{limit}")
    return {id_: _decoder.decode(body) for id_, body in found(connection, *ids, FOLD_VERSION)}
