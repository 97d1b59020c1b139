"""Bring a database to this release's schema, under a lock, in two halves (rule 22).

Separate from `database` because Alembic is only loaded when there is something to do.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from gennaker.core.errors import Refused
from gennaker.core.store import engines
from gennaker.core.store.locks import lock
from gennaker.core.store.migrations import CONTRACTED, EXPANDED
from gennaker.core.store.statement import Sql

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_HERE = Path(__file__).parent / "migrations"
_VERSIONS = _HERE / "versions"
#: A process that was not heard of for so long is gone.
_SILENT_MS = 60_000
_PREFIX = "revision:"
_KEEP = Sql("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")


def expanded(connection: Connection) -> bool:
    """Whether the additive half has been run already. Raises Refused when a later release has taken away what this one needs."""
    done = _done(connection)
    if unknown := [each for each, half in done.items() if half == "contract" and each not in CONTRACTED]:
        raise Refused(
            f"a later release has finished its upgrade of the database ({', '.join(unknown)}); this one cannot use it any more"
        )
    return EXPANDED in done


def revisions(connection: Connection) -> tuple[str, ...]:
    """The revisions that were run; none for an empty database."""
    return tuple(_done(connection))


def upgrade(connection: Connection, *, finish: bool = False, versions: Path = _VERSIONS) -> tuple[str, ...]:
    """Run the additive half, with `finish` also the half that takes old things away; returns the revisions afterwards.

    Runs in the caller's transaction. Two processes that start at once wait for one another: SQLite by the caller's
    BEGIN IMMEDIATE, PostgreSQL by an advisory lock.
    """
    lock(connection, "schema")
    if finish or not expanded(connection):
        _run(connection, "heads" if finish else "expand@head", versions)
    return revisions(connection)


def finish(connection: Connection, *, version: str, now: int, versions: Path = _VERSIONS) -> tuple[str, ...]:
    """Run the half that takes old things away too. Raises Refused while a process of another version is alive."""
    others = [each for each in engines.live(connection, now, _SILENT_MS) if each.version != version]
    if others:
        named = ", ".join(f"{each.id} on {each.host} ({each.version})" for each in others)
        raise Refused(
            f"a release other than {version} is still running: {named}; stop it, or wait a minute after it ended"
        )
    return upgrade(connection, finish=True, versions=versions)


def pending(connection: Connection, *, versions: Path = _VERSIONS) -> tuple[str, ...]:
    """Revisions of this release that were not run yet, oldest first."""
    done = _done(connection)
    return tuple(
        each.revision for each in reversed(list(_script(versions).walk_revisions())) if each.revision not in done
    )


def _run(connection: Connection, target: str, versions: Path) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    script = _script(versions)
    with EnvironmentContext(Config(), script, fn=lambda now, _: script._upgrade_revs(target, now)) as context:
        context.configure(connection=connection)
        context.run_migrations()
    # Alembic remembers the newest only, and an earlier release would not know it: keep each, with its half.
    for each in script.iterate_revisions(target, "base"):
        half = "contract" if "contract" in each.branch_labels else "expand"
        _KEEP(connection, f"{_PREFIX}{each.revision}", half)


def _done(connection: Connection) -> dict[str, str]:
    """The revisions that were run, oldest first, with their half."""
    if not inspect(connection).has_table("setting"):
        return {}
    rows = connection.execute(
        text("SELECT name, value FROM setting WHERE name LIKE 'revision:%' ORDER BY value DESC, name")
    )
    return {name.removeprefix(_PREFIX): half for name, half in rows}


def _script(versions: Path) -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(_HERE), version_locations=[str(versions)])
