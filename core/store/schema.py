"""Bring a database to this release's schema, under a lock, in two halves (rule 22).

Separate from `database` because Alembic is only loaded when there is something to do.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from gennaker.core.store.migrations import EXPANDED

_HERE = Path(__file__).parent / "migrations"
#: Any number will do, so long as every release takes the same one.
_LOCK = 727_001


def expanded(connection: Connection) -> bool:
    """Whether the additive half has been run already."""
    return EXPANDED in revisions(connection)


def revisions(connection: Connection) -> tuple[str, ...]:
    """The revisions that the database is at; none for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return ()
    rows = connection.execute(text("SELECT version_num FROM alembic_version ORDER BY version_num"))
    return tuple(row[0] for row in rows)


def upgrade(connection: Connection, *, finish: bool = False, versions: Path = _HERE / "versions") -> tuple[str, ...]:
    """Run the additive half, with `finish` also the half that takes old things away; returns the revisions afterwards.

    Runs in the caller's transaction. Two processes that start at once wait for one another: SQLite by the caller's
    BEGIN IMMEDIATE, PostgreSQL by an advisory lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if finish or not expanded(connection):
        _run(connection, "heads" if finish else "expand@head", versions)
    return revisions(connection)


def pending(connection: Connection, *, versions: Path = _HERE / "versions") -> tuple[str, ...]:
    """Revisions that were not run yet, oldest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(_HERE), version_locations=[str(versions)])
    done = {
        each.revision
        for head in revisions(connection)
        for each in script.iterate_revisions(head, "base", inclusive=True, implicit_base=True)
    }
    return tuple(each.revision for each in reversed(list(script.walk_revisions())) if each.revision not in done)


def _run(connection: Connection, target: str, versions: Path) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(_HERE), version_locations=[str(versions)])
    context = EnvironmentContext(Config(), script, fn=lambda now, _: script._upgrade_revs(target, now))
    with context:
        context.configure(connection=connection, target_metadata=None)
        context.run_migrations()
