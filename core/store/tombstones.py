"""One line for each execution that was removed, so that it never comes back (rules 6 and 23).

Separate from `executions` because both a person and the pruning remove them.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from gennaker.core.store.statement import Sql

_MONTH_MS = 30 * 24 * 3600 * 1000
_EXISTS = Sql("SELECT 1 FROM tombstone WHERE execution = ?")
_PUBLISHED = "position <= (SELECT published_upto FROM shard WHERE shard.id = entry.shard)"


def exists(connection: Connection, execution: str) -> bool:
    """Whether an execution was there once and was removed."""
    return _EXISTS(connection, execution).first() is not None


def replace(connection: Connection, executions: Sequence[str], at: int) -> None:
    """Put a tombstone in the place of each execution. Entries that are still to be published stay until `sweep` (rule 4)."""
    marks = ", ".join("?" * len(executions))
    Sql(
        "INSERT INTO tombstone (execution, application, pipeline_config_id, status, build_time, removed_at) "
        "SELECT id, application, pipeline_config_id, status, build_time, CAST(? AS BIGINT) FROM execution "
        f"WHERE id IN ({marks})"
    )(connection, at, *executions)
    Sql(f"DELETE FROM execution WHERE id IN ({marks})")(connection, *executions)
    Sql(f"DELETE FROM snapshot WHERE execution IN ({marks})")(connection, *executions)
    Sql(f"DELETE FROM entry WHERE execution IN ({marks}) AND {_PUBLISHED}")(connection, *executions)


def sweep(connection: Connection, at: int) -> None:
    """Remove the entries that were still to be published when their execution was removed, in the last month, and are by now."""
    Sql(
        f"DELETE FROM entry WHERE {_PUBLISHED} AND execution IN (SELECT execution FROM tombstone WHERE removed_at > ?)"
    )(connection, at - _MONTH_MS)
