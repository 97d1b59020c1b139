"""How commands show what they have: `-o table|json|yaml`, colours on a terminal only.

Separate so that every command prints alike. JSON and YAML hold everything; a table holds what fits.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click
import msgspec

from gennaker.core.services import Json

F = TypeVar("F", bound=Callable[..., Any])
#: A key of the row, or what makes the cell.
Cell = str | Callable[[Json], object]

FORMATS = ("table", "json", "yaml")
_KEY = "gennaker.output"
_COLOURS = {
    "SUCCEEDED": "green",
    "RUNNING": "cyan",
    "PAUSED": "yellow",
    "CANCELED": "yellow",
    "SKIPPED": "bright_black",
    "NOT_STARTED": "bright_black",
    "TERMINAL": "red",
    "STOPPED": "red",
    "FAILED_CONTINUE": "red",
    "UP": "green",
    "DOWN": "red",
    "ok": "green",
    "problem": "red",
}


def output_option(command: F) -> F:
    """Give a command `-o`; the last one given on the line holds."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(FORMATS),
        expose_value=False,
        callback=_remember,
        help="How to print: table (default), json or yaml.",
    )(command)


def _remember(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta[_KEY] = value


def chosen(ctx: click.Context) -> str:
    """The form asked for: table, json or yaml."""
    form: str = ctx.meta.get(_KEY, "table")
    return form


def terminal() -> bool:
    """Whether someone looks at a screen that can show colours and be redrawn."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def show(ctx: click.Context, rows: Iterable[Json], columns: Sequence[str] | Mapping[str, Cell]) -> None:
    """Print rows; `columns` is title to key (or to a function of the row) and concerns the table only."""
    rows = list(rows)
    if chosen(ctx) != "table":
        dump(ctx, rows)
        return
    makers = dict(columns) if isinstance(columns, Mapping) else {title: title for title in columns}
    cells = [[_cell(row, maker) for maker in makers.values()] for row in rows]
    if terminal():
        _rich_table(list(makers), cells)
    else:
        _plain_table(list(makers), cells)


def show_one(ctx: click.Context, value: Json) -> None:
    """Print one object: key and value per line in a table."""
    if chosen(ctx) != "table":
        dump(ctx, value)
        return
    width = max((len(key) for key in value), default=0)
    for key, item in value.items():
        click.echo(f"{key:<{width}}  {paint(text(item))}")


def done(ctx: click.Context, message: str, **facts: Any) -> None:
    """Tell what was done: the sentence, or the facts for a program."""
    if chosen(ctx) == "table":
        click.echo(printable(message))
    else:
        dump(ctx, {"message": message, **facts})


def dump(ctx: click.Context, value: Any) -> None:
    """Print a value whole, as JSON or (when asked for) YAML."""
    if chosen(ctx) == "yaml":
        click.echo(msgspec.yaml.encode(value).decode(), nl=False)
    else:
        click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def paint(cell: str) -> str:
    """The cell in the colour of the status that it names; click takes colours off where they cannot be shown."""
    return click.style(cell, fg=_COLOURS[cell]) if cell in _COLOURS else cell


def moment(value: object) -> str:
    """An epoch in milliseconds as local time."""
    if value in (None, ""):
        return ""
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(value)


def duration(start: object, end: object) -> str:
    """The time between two epochs in milliseconds, such as `1m 05s`."""
    if not isinstance(start, int) or not isinstance(end, int):
        return ""
    seconds = max(0, end - start) / 1000
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"


def printable(value: str) -> str:
    """Text that cannot steer the terminal: control characters are shown, line ends kept."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in value)


def text(value: object) -> str:
    """A value as one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list | tuple):
        return printable(msgspec.json.encode(value).decode())
    return printable(str(value)).replace("\n", " ")


def _cell(row: Json, maker: Cell) -> str:
    return text(row.get(maker) if isinstance(maker, str) else maker(row))


def _plain_table(titles: list[str], cells: list[list[str]]) -> None:
    widths = [max(len(line[i]) for line in [titles, *cells]) for i in range(len(titles))]
    for line in [[title.upper() for title in titles], *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _rich_table(titles: list[str], cells: list[list[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for line in cells:
        table.add_row(*(Text(cell, style=_COLOURS.get(cell, "")) for cell in line))
    Console().print(table)
