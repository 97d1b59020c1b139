"""`gennaker database`: look after the database that the configuration names.

Separate because it works on the database itself, with or without a daemon.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import click
from sqlalchemy import ColumnElement, Connection, Table, func, select

from gennaker.config.load import load
from gennaker.config.mask import mask_url
from gennaker.config.settings import Settings
from gennaker.core.cli.output import done, moment, output_option, show_one
from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Json
from gennaker.core.store import engines, schema, shards, tables
from gennaker.core.store.database import Database
from gennaker.core.store.prune import prune as prune_executions

_DAY_MS = 24 * 3600 * 1000
#: How long a process that was not heard of still counts as there.
_SILENT_MS = 60_000


@click.group()
@click.option("--config", "path", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--home", type=click.Path(path_type=Path), help="The home folder.")
@click.pass_context
def database(ctx: click.Context, path: Path | None, home: Path | None) -> None:
    """Upgrade, prune and inspect the database that the configuration names."""
    ctx.obj = load(path, home=home, environ=os.environ)


@database.command()
@click.option("--finish", is_flag=True, help="Also take away what only older releases need; none of them may run.")
@output_option
@click.pass_context
def upgrade(ctx: click.Context, finish: bool) -> None:
    """Bring the schema to this release; creates the database when there is none.

    Every start does the additive half of this by itself. With --finish the other half follows, after which older releases cannot use
    the database any more.
    """
    with _opened(ctx.obj, migrate=True) as opened:
        if finish:
            now = _now()
            opened.transact(lambda connection: schema.finish(connection, version=version("gennaker"), now=now))
        with opened.reading() as connection:
            at, left = schema.revisions(connection), schema.pending(connection)
    then = f"; {', '.join(left)} left for --finish" if left else ""
    done(ctx, f"The database is at revision {', '.join(at)}{then}.", revisions=list(at), pending=list(left))


@database.command()
@output_option
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show schema, shards, processes and how much there is."""
    with _opened(ctx.obj, migrate=False) as opened, opened.reading() as connection:
        show_one(ctx, {"url": mask_url(ctx.obj.database.url), **_facts(connection)})


@database.command()
@click.option(
    "--older-than", "days", type=click.IntRange(min=1), help="Days since they ended (default: database.keep_days)."
)
@output_option
@click.pass_context
def prune(ctx: click.Context, days: int | None) -> None:
    """Remove executions that ended long ago.

    Kept are those whose events are not all published, that something waits for, or whose parent still runs.
    """
    days = days or ctx.obj.database.keep_days
    if days is None:
        raise InvalidRequest("nothing says how old is old; give --older-than DAYS or set the key", "database.keep_days")
    now = _now()
    with _opened(ctx.obj, migrate=False) as opened:
        removed = prune_executions(opened, before=now - days * _DAY_MS, at=now)
    done(ctx, f"Removed {removed} executions that ended more than {days} days ago.", removed=removed)


@contextmanager
def _opened(settings: Settings, *, migrate: bool) -> Iterator[Database]:
    given = settings.database
    opened = Database.open(given.url, synchronous=given.synchronous, shards=given.shards, pool=2, migrate=migrate)
    try:
        yield opened
    finally:
        opened.close()


def _facts(connection: Connection) -> Json:
    states = shards.read(connection)
    return {
        "revisions": list(schema.revisions(connection)),
        "pending": list(schema.pending(connection)),
        "executions": _count(connection, tables.execution),
        "active": _count(connection, tables.execution, tables.execution.c.active),
        "entries": _count(connection, tables.entry),
        "waiting commands": _count(connection, tables.command),
        "dead letters": _count(connection, tables.dead_letter),
        "shards": [
            f"{each.id}: {each.owner or 'nobody'}, epoch {each.epoch}, position {each.position}, "
            f"{each.position - each.published_upto} to publish"
            for each in states
        ],
        "processes": [
            f"{each.id} on {each.host}, {each.version}, {'+'.join(each.roles)}, seen {moment(each.seen)}"
            for each in engines.live(connection, _now(), _SILENT_MS)
        ],
    }


def _count(connection: Connection, table: Table, where: ColumnElement[bool] | None = None) -> int:
    statement = select(func.count()).select_from(table)
    counted: int = connection.execute(statement if where is None else statement.where(where)).scalar_one()
    return counted


def _now() -> int:
    return time.time_ns() // 1_000_000
