"""`gennaker config`: check, show, describe and write the configuration.

Separate from `gennaker.config` because this also asks the plugins for their sections.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from gennaker.config.load import FILE_NAME, default_home, load
from gennaker.config.marks import secret_values
from gennaker.config.schema import schema as json_schema
from gennaker.config.settings import SECTIONS, Settings
from gennaker.config.shape import as_data
from gennaker.config.template import template
from gennaker.core.cli.output import chosen, done, dump, output_option
from gennaker.core.cli.output import show as show_rows
from gennaker.core.cli.root import USAGE, Told
from gennaker.core.plugins import Plugins
from gennaker.core.plugins import load as load_plugins
from gennaker.core.redact import Redactor

_file = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="The configuration file; by default GENNAKER_CONFIG, or gennaker.yaml in the home folder.",
)


@click.group()
def config() -> None:
    """Check, show and write the configuration."""


@config.command()
@_file
@output_option
@click.pass_context
def check(ctx: click.Context, path: Path | None) -> None:
    """Say what is wrong: file, line, key and what was expected. Exit code 2 when anything is."""
    settings = load(path, environ=os.environ)
    plugins = load_plugins(settings)
    if plugins.broken:
        raise Told("\n".join(f"plugin {one.name}: {one.reason}" for one in plugins.broken), USAGE)
    where = str(settings.file) if settings.file else "there is no file; the defaults hold"
    done(ctx, f"The configuration is right ({where}).", file=str(settings.file or ""))


@config.command()
@_file
@output_option
@click.pass_context
def show(ctx: click.Context, path: Path | None) -> None:
    """Print every key in effect and where it was set, without secrets."""
    settings = load(path, environ=os.environ)
    tree = effective(settings, load_plugins(settings))
    if chosen(ctx) != "table":
        dump(ctx, tree)
        return
    rows = [{"key": key, "value": value, "from": _origin(settings, key)} for key, value in _leaves(tree)]
    show_rows(ctx, rows, ("key", "value", "from"))


@config.command()
@_file
def schema(path: Path | None) -> None:
    """Print the JSON Schema of the file, with the sections of the plugins that are installed."""
    document = json_schema(_sections(load_plugins(load(path, environ=os.environ))))
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


@config.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@output_option
@click.pass_context
def init(ctx: click.Context, path: Path | None, force: bool) -> None:
    """Write a file with every key, its default and what it is for. PATH - prints it; by default it goes to the home folder."""
    home = Path(os.environ.get("GENNAKER_HOME") or default_home())
    text = template(_sections(load_plugins(load(None, home=home, environ={"GENNAKER_CONFIG": os.devnull}))))
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    path = path or home / FILE_NAME
    if path.exists() and not force:
        raise Told(f"{path} is there already; --force writes over it", USAGE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise Told(f"{path} cannot be written ({error.strerror})", USAGE) from error
    done(ctx, f"Wrote {path}.", file=str(path))


def effective(settings: Settings, plugins: Plugins) -> dict[str, Any]:
    """What holds, as data without secrets; a plugin's section with its defaults."""
    own = {plugin.name: plugin.settings for plugin in plugins.loaded if isinstance(plugin.settings, msgspec.Struct)}
    secrets = settings.secrets.union(*(secret_values(section) for section in own.values()))
    sections = {name: as_data(section) for name, section in settings.plugins.items()}
    for name, section in own.items():
        sections[name] = {"enabled": True, **msgspec.to_builtins(section)}
    tree = {
        "home": str(settings.home),
        "plugins_dir": str(settings.plugins_dir),
        "roles": settings.roles,
        **{name: msgspec.to_builtins(getattr(settings, name)) for name in SECTIONS},
        "plugins": sections,
    }
    shown: dict[str, Any] = Redactor(secrets).value(tree)
    return shown


def _sections(plugins: Plugins) -> Mapping[str, type[msgspec.Struct]]:
    return {
        plugin.name: type(plugin.settings) for plugin in plugins.loaded if isinstance(plugin.settings, msgspec.Struct)
    }


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and (value or not key):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _origin(settings: Settings, key: str) -> str:
    if key not in settings.origins.places:
        return "default"
    file, line = settings.locate(key)
    return file if line is None else f"{file}:{line}"
