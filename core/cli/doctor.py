"""`gennaker doctor`: looks at everything the daemon needs and says what to do about what is wrong.

Separate because it must work when nothing else does: each check catches its own failures and none needs another's success.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import click

from gennaker.config.load import load
from gennaker.config.mask import mask_url
from gennaker.config.problems import ConfigError
from gennaker.config.settings import Settings
from gennaker.core.cli.client import daemon, remote_options
from gennaker.core.cli.output import chosen, dump, output_option, paint, printable
from gennaker.core.cli.root import FAILED, Told
from gennaker.core.services import Json

#: Clocks of machines may differ by so many seconds before leases suffer.
SKEW = 5.0
OK, PROBLEM = "ok", "problem"

Finding = tuple[str, str, str]


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--home", type=click.Path(path_type=Path), help="The home folder.")
@output_option
@remote_options
@click.pass_context
def doctor(ctx: click.Context, path: Path | None, home: Path | None) -> None:
    """Check Python, home folder, configuration, database, bus, plugins, daemon and clock.

    Leaves with 1 when there is a problem.
    """
    rows = [_row(*found) for found in _findings(ctx, path, home)]
    if chosen(ctx) != "table":
        dump(ctx, rows)
    for row in rows if chosen(ctx) == "table" else []:
        click.echo(f"{row['check']:<13}  {paint(row['status'])}  {printable(row['found'])}")
        if row["advice"]:
            click.echo(f"               → {printable(row['advice'])}")
    if any(row["status"] == PROBLEM for row in rows):
        ctx.exit(FAILED)


def _row(check: str, found: str, advice: str) -> Json:
    return {"check": check, "status": PROBLEM if advice else OK, "found": found, "advice": advice}


def _findings(ctx: click.Context, path: Path | None, home: Path | None) -> Iterator[Finding]:
    yield guarded("python", _python)
    try:
        settings = load(path, home=home, environ=os.environ)
    except ConfigError as error:
        for problem in error.problems:
            yield "configuration", str(problem), "put it right, then `gennaker config check`"
    else:
        yield "configuration", str(settings.file or "none; defaults"), ""
        for name, check in (("home", _home), ("database", _database), ("bus", _bus), ("plugins", _plugins)):
            yield guarded(name, partial(check, settings))
    yield from _daemon(ctx)


def guarded(name: str, check: Callable[[], tuple[str, str]]) -> Finding:
    """A check that raises is a finding too."""
    try:
        return (name, *check())
    except Exception as error:
        return name, f"{type(error).__name__}: {error}", "read the message; the reason is in it"


def _python() -> tuple[str, str]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return version, "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"


def _home(settings: Settings) -> tuple[str, str]:
    folder = settings.home
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return f"{settings.home}: {error.strerror}", "make it writable, or name another with GENNAKER_HOME"
    return str(settings.home) + ("" if settings.home.exists() else " (made by `gennaker up`)"), ""


def _database(settings: Settings) -> tuple[str, str]:
    from gennaker.core.store.database import Database

    url = settings.database.url
    shown = mask_url(url)
    if url.startswith("sqlite:") and not Path(url.partition(":///")[2]).exists():
        return f"{shown} (made by `gennaker up`)", ""
    try:
        database = Database.open(url, migrate=False)
        try:
            database.ping()
        finally:
            database.close()
    except Exception as error:
        return (
            f"{shown}: {mask_url(str(error))}",
            "start it, correct database.url, or let `gennaker up` bring it up to date",
        )
    return shown, ""


def _bus(settings: Settings) -> tuple[str, str]:
    from gennaker.bus.open import open_bus

    shown = mask_url(settings.bus.url)
    try:
        transport = open_bus(settings.bus.url, settings.bus.prefix, name="gennaker doctor")
    except ValueError as error:
        return str(error), "correct bus.url"
    try:
        health = transport.health()
        until = time.monotonic() + 5
        while not health.up and time.monotonic() < until:
            time.sleep(0.1)
            health = transport.health()
    finally:
        transport.close(timeout=1)
    if health.blocked:
        return f"{shown}: the broker holds publishers back: {health.reason}", "free memory or disk on the broker"
    return (shown, "") if health.up else (f"{shown}: {health.reason}", "start the broker, or correct bus.url")


def _plugins(settings: Settings) -> tuple[str, str]:
    from gennaker.core.plugins import load as load_plugins

    plugins = load_plugins(settings)
    if plugins.broken:
        reasons = "; ".join(f"{one.name} {one.version}: {one.reason}" for one in plugins.broken)
        return reasons, "`gennaker plugin list` says more; a broken plugin is left out, the others run"
    return ", ".join(one.name for one in plugins.loaded) or "none", ""


def _daemon(ctx: click.Context) -> Iterator[Finding]:
    client = daemon(ctx)
    try:
        health, date = client.health()
    except Told as error:
        yield "daemon", error.message, "`gennaker up` starts one; --server names another"
        return
    down = [name for name, part in health.get("components", {}).items() if part.get("status") != "UP"]
    state = str(health.get("status", "no status"))
    advice = f"look at {', '.join(down) or 'its log'}: `curl {client.server}/health`"
    yield "daemon", f"{client.server}: {state}", "" if state == "UP" else advice
    if date:
        yield ("clock", *clock(date))


def clock(date: str) -> tuple[str, str]:
    """How far this clock is from that of an HTTP date."""
    skew = abs(parsedate_to_datetime(date).timestamp() - time.time())
    return f"{skew:.0f} s from the daemon's", "set the time on both machines (NTP)" if skew > SKEW else ""
