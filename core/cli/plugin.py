"""`gennaker plugin`: which plugins there are, what is wrong with one, and how a new one begins.

Separate because it looks at plugins the way the daemon does, without needing one to run.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec

from gennaker.config.load import load as load_settings
from gennaker.config.settings import Settings
from gennaker.core.cli.output import Cell, chosen, done, dump, output_option, show, show_one
from gennaker.core.cli.root import FAILED
from gennaker.core.cli.scaffold import write_plugin
from gennaker.core.discovery import Candidate, from_file, from_project, installed
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.plugins import Loaded, Plugins, load
from gennaker.core.services import Definitions, Json, Services
from gennaker.core.stage import key_of
from gennaker.core.stage_page import reference_page
from gennaker.core.testing import check_stage


@click.group()
def plugin() -> None:
    """List, check and write plugins."""


def _configured(command: Any) -> Any:
    """Give a command the options that say which plugins there are."""
    for option in (
        click.option("--home", type=click.Path(path_type=Path), help="The home folder."),
        click.option("--config", "path", type=click.Path(path_type=Path), help="The configuration file."),
    ):
        command = option(command)
    return output_option(click.pass_context(command))


@plugin.command(name="list")
@_configured
def list_(ctx: click.Context, path: Path | None, home: Path | None) -> None:
    """List the plugins: those that run, those that are broken, those that are left out."""
    plugins = load(_settings(path, home))
    rows: list[Json] = [
        {**_row(one), "stages": [key_of(stage) for stage in one.stages], "reason": ""} for one in plugins.loaded
    ]
    broken = [{"name": one.name, "version": one.version, "reason": one.reason} for one in plugins.broken]
    rows += [{**one, "state": "broken", "source": "", "stages": []} for one in broken]
    left_out: Json = {"version": "", "state": "disabled", "source": "", "stages": [], "reason": ""}
    rows += [{**left_out, "name": name} for name in plugins.disabled]
    columns: dict[str, Cell] = {
        **{key: key for key in ("name", "version", "state")},
        "stages": lambda row: " ".join(row["stages"]),
        "reason": "reason",
    }
    show(ctx, rows, columns)


@plugin.command(name="show")
@click.argument("name")
@_configured
def show_(ctx: click.Context, name: str, path: Path | None, home: Path | None) -> None:
    """Show a plugin: its hooks, stage types and settings; where it failed, if it is broken."""
    plugins = load(_settings(path, home))
    for one in plugins.loaded:
        if one.name == name:
            stages = {key_of(stage): plugins.types[key_of(stage)].description for stage in one.stages}
            schema = msgspec.json.schema(type(one.settings)) if one.settings is not None else None
            show_one(ctx, {**_row(one), "hooks": list(one.hooks), "stages": stages, "settings": schema})
            return
    for failed in plugins.broken:
        if failed.name == name:
            told = {"name": name, "version": failed.version, "state": "broken", "reason": failed.reason}
            show_one(ctx, told)
            if chosen(ctx) == "table" and name in plugins.tracebacks:
                click.echo(plugins.tracebacks[name], nl=False)
            ctx.exit(FAILED)
    state = "left out by the configuration" if name in plugins.disabled else "not installed"
    raise NotFound(f"the plugin {name!r} is {state}")


@plugin.command()
@click.argument("target")
@_configured
def check(ctx: click.Context, target: str, path: Path | None, home: Path | None) -> None:
    """Check a plugin that is installed, by name, or one in a file or folder.

    Its stage types are run with work that comes twice, in another order, and after a crash. Leaves with 1 when something is wrong.
    """
    settings = _settings(path, home)
    wanted, plugins = _with_target(target, settings)
    problems = [f"{one.name}: {one.reason}" for one in plugins.broken if one.name in wanted]
    ours = [one for one in plugins.loaded if one.name in wanted]
    checked = [key_of(stage) for one in ours for stage in one.stages]
    with _definitions() as definitions:
        for one in ours:
            services = plugins.services_for(one.name, Services(definitions=definitions))
            for stage in one.stages:
                problems += map(str, check_stage(stage, list(plugins.stages.values()), services=services))
    if chosen(ctx) != "table":
        dump(ctx, {"stages": checked, "problems": problems})
    for problem in problems if chosen(ctx) == "table" else ():
        click.echo(problem)
    if problems:
        ctx.exit(FAILED)
    if chosen(ctx) == "table":
        click.echo(f"{', '.join(sorted(wanted))}: nothing is wrong ({', '.join(checked) or 'no stage types'})")


@plugin.command()
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where to write it.")
@output_option
@click.pass_context
def new(ctx: click.Context, name: str, folder: Path) -> None:
    """Write the package of a new plugin: it installs, runs a stage and passes its own tests."""
    written = write_plugin(name, folder)
    root = written[0].parent
    told = f"{root} is written. Next: cd {root} && pip install -e '.[dev]' && pytest"
    done(ctx, told, files=[str(path) for path in written])


@plugin.command()
@_configured
def reference(_ctx: click.Context, path: Path | None, home: Path | None) -> None:
    """Print the reference page of the stage types that are installed, as Markdown."""
    plugins = load(_settings(path, home))
    click.echo(reference_page(plugins.described()), nl=False)


def _settings(path: Path | None, home: Path | None) -> Settings:
    return load_settings(path, home=home, environ=os.environ)


@contextmanager
def _definitions() -> Iterator[Definitions]:
    """Definitions that stage types may change: those of an empty database that is thrown away."""
    from gennaker.core.store.database import Database
    from gennaker.core.store.definitions import SqlDefinitions

    with TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/check.db", synchronous="NORMAL")
        try:
            yield SqlDefinitions(database, lambda: time.time_ns() // 1_000_000)
        finally:
            database.close()


def _row(one: Loaded) -> Json:
    return {"name": one.name, "version": one.version, "state": "loaded", "source": one.source}


def _with_target(target: str, settings: Settings) -> tuple[set[str], Plugins]:
    """The names to check, and the plugins of this machine with the ones at a path among them."""
    path = Path(target)
    if not path.exists():
        plugins = load(settings)
        known = {one.name for one in plugins.loaded} | {one.name for one in plugins.broken}
        if target not in known:
            raise NotFound(f"{target!r} is neither an installed plugin ({', '.join(sorted(known))}) nor a path")
        return {target}, plugins
    own = _at(path)
    names = {candidate.name for candidate in own}
    others = [candidate for candidate in installed() if candidate.name not in names]
    return names, load(settings, only=[*others, *own])


def _at(path: Path) -> list[Candidate]:
    if (path / "pyproject.toml").is_file():
        return from_project(path)
    if path.suffix == ".py" or (path / "__init__.py").is_file():
        return [from_file(path)]
    raise InvalidRequest(
        f"{path} is no plugin: expected a .py file, a package folder, or a folder with a pyproject.toml", "TARGET"
    )
