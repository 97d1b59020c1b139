"""Remove what is old and finished (rule 23).

Separate from `executions` because it looks at everything that may still hold an execution.
"""

from functools import partial

from sqlalchemy import Connection

from gennaker.core.store import entries, slots, tombstones
from gennaker.core.store.database import Database
from gennaker.core.store.locks import lock
from gennaker.core.store.statement import Sql

_AT_ONCE = 200
_OLD = """
SELECT id FROM execution AS x
WHERE shard = ? AND build_time < ? AND NOT active AND end_time < ?
AND NOT EXISTS (SELECT 1 FROM entry JOIN shard ON shard.id = entry.shard
                WHERE entry.execution = x.id AND entry.position > shard.published_upto)
AND NOT EXISTS (SELECT 1 FROM command WHERE command.execution = x.id)
AND NOT EXISTS (SELECT 1 FROM execution AS parent WHERE parent.id = x.parent AND parent.active)
{but}ORDER BY build_time, id LIMIT ?
"""


def prune(database: Database, *, before: int, at: int) -> int:
    """Remove the executions that ended before an instant, each leaving a tombstone; returns how many. Epoch milliseconds.

    Kept are those with entries that are still to be published, with messages that wait, with a slot, and with a parent that runs.
    Works in small transactions, so that owners are not held up.
    """
    removed = 0
    for shard in range(database.shards):
        while some := database.transact(partial(_prune, shard=shard, before=before, at=at)):
            removed += some
    database.transact(partial(tombstones.sweep, at=at))
    return removed


def _prune(connection: Connection, *, shard: int, before: int, at: int) -> int:
    # With both locks nothing can begin to happen to what is found to be over.
    entries.lock(connection, shard)
    lock(connection, "tell")
    held = {id_ for slot in slots.everything(connection) for id_, _ in (*slot.holders, *slot.waiters)}
    but = f"AND id NOT IN ({', '.join('?' * len(held))}) " if held else ""
    rows = Sql(_OLD.format(but=but))(connection, shard, before, before, *sorted(held), _AT_ONCE)
    ids = [row[0] for row in rows]
    if ids:
        tombstones.replace(connection, ids, at)
    return len(ids)
