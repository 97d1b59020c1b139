"""Follows an execution to its end: redrawn on a terminal, a line for each change elsewhere.

Separate because `pipeline run --wait`, `execution watch` and `execution restart --wait` show the same. It asks the daemon again and
again, and goes on asking while the daemon is restarted.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import click

from gennaker.core.cli.client import Answered, Daemon, Unreachable, errors_of
from gennaker.core.cli.output import chosen, dump, duration, paint, printable, terminal
from gennaker.core.cli.root import FAILED, TIMED_OUT, Told
from gennaker.core.services import Json

#: Execution and stage states that are final.
OVER = frozenset({"SUCCEEDED", "FAILED_CONTINUE", "TERMINAL", "CANCELED", "STOPPED", "SKIPPED"})
_BAD = frozenset({"FAILED_CONTINUE", "TERMINAL", "STOPPED", "CANCELED"})
#: Seconds for which a daemon may be away before watching gives up.
PATIENCE = 60.0
INTERRUPTED = 130


def read_execution(client: Daemon, execution: str) -> Json:
    """An execution of either kind. Raises Answered (404)."""
    found = client.find("pipelines", execution)
    if found is None:
        task = client.find("tasks", execution)
        if task is None:
            raise Answered(f"there is no execution {execution!r}; `gennaker execution list` shows those there are", 404)
        found = task["execution"]
    return dict(found)


def follow(ctx: click.Context, client: Daemon, execution: str, *, limit: float | None) -> None:
    """Show the execution until it ends and leave with the exit code that its end deserves. `limit` is in seconds."""
    try:
        if terminal() and chosen(ctx) == "table":
            last = _redrawn(_states(client, execution, limit))
        else:
            last = _line_by_line(_states(client, execution, limit), errors=chosen(ctx) != "table")
    except KeyboardInterrupt:
        raise Told(f"no longer watching; execution {execution} goes on", INTERRUPTED) from None
    if chosen(ctx) != "table":
        dump(ctx, last)
    else:
        _summarise(last)
    if last["status"] != "SUCCEEDED":
        ctx.exit(FAILED)


def after(client: Daemon, execution: str, changed: Callable[[Json], bool], *, limit: float = 15.0) -> None:
    """Wait until an accepted request shows in the execution. Raises Told when that takes longer than `limit` seconds."""
    until = time.monotonic() + limit
    while not changed(read_execution(client, execution)):
        if time.monotonic() > until:
            raise Told(
                f"accepted, but {execution} has not changed in {limit:.0f} s: `gennaker execution why {execution}`, and "
                "`gennaker doctor` for the daemon",
                TIMED_OUT,
            )
        time.sleep(0.1)


def _states(client: Daemon, execution: str, limit: float | None) -> Iterator[Json]:
    """Each state that is seen, ending with the final one."""
    until = None if limit is None else time.monotonic() + limit
    silent_since: float | None = None
    pause, sequence = 0.05, None
    while True:
        try:
            state = read_execution(client, execution)
            silent_since = None
        except Unreachable:
            silent_since = silent_since or time.monotonic()
            if time.monotonic() - silent_since > PATIENCE:
                raise
        else:
            pause = 0.05 if state.get("sequence") != sequence else min(pause * 1.5, 1.0)
            sequence = state.get("sequence")
            yield state
            if state["status"] in OVER and not state.get("cleaning"):
                return
        if until is not None and time.monotonic() > until:
            raise Told(f"execution {execution} has not ended after {limit:g} s; it goes on", TIMED_OUT)
        time.sleep(pause)


def _line_by_line(states: Iterator[Json], *, errors: bool) -> Json:
    """A line per change of a stage; on stderr when stdout is for the result."""
    seen: dict[str, str] = {}
    state: Json = {}
    for state in states:
        for at, stage in sorted(_changes(state, seen), key=lambda change: change[0]):
            click.echo(_line(at, stage, state["id"]), err=errors)
    return state


def _changes(state: Json, seen: dict[str, str]) -> Iterator[tuple[int, Json]]:
    for stage in state.get("stages", []):
        known, status = seen.get(stage["id"], "NOT_STARTED"), stage["status"]
        if status != known:
            seen[stage["id"]] = status
            yield stage.get("endTime") or stage.get("startTime") or 0, stage


def _line(at: int, stage: Json, execution: str) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(at / 1000 if at else None))
    indent = "  " if stage.get("parentStageId") else ""
    line = f"{clock}  {paint(stage['status'])}  {indent}{printable(stage['name'])}"
    if stage.get("endTime") and stage.get("startTime"):
        line += f"  ({duration(stage['startTime'], stage['endTime'])})"
    notes = errors_of(stage) if stage["status"] in _BAD else _question(stage, execution)
    return "\n".join([line, *(f"          {printable(note)}" for note in notes)])


def _question(stage: Json, execution: str) -> list[str]:
    """What a stage asks of a person."""
    if stage["type"] != "manualJudgment" or stage["status"] != "RUNNING":
        return []
    asked = [str(stage["context"]["instructions"])] if stage.get("context", {}).get("instructions") else []
    return [*asked, f"answer with: gennaker execution judge {execution} continue|stop --stage {stage['refId']}"]


def _redrawn(states: Iterator[Json]) -> Json:
    from rich.live import Live

    state: Json = {}
    with Live(refresh_per_second=8, transient=False) as live:
        for state in states:
            live.update(_drawing(state))
    return state


def _drawing(state: Json) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    colours = {"SUCCEEDED": "green", "RUNNING": "cyan", "PAUSED": "yellow", "NOT_STARTED": "bright_black"}
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, title=Text(f"{_title(state)}  {state['id']}"), title_justify="left"
    )
    for column in ("stage", "type", "status", "time", ""):
        table.add_column(column, overflow="fold")
    now = int(time.time() * 1000)
    for stage in state.get("stages", []):
        status = stage["status"]
        took = duration(stage.get("startTime"), stage.get("endTime") or now)
        notes = errors_of(stage) if status in _BAD else _question(stage, state["id"])
        cells = [("  " if stage.get("parentStageId") else "") + stage["name"], stage["type"], status, took]
        style = colours.get(status, "red" if status in _BAD else "")
        table.add_row(
            *(Text(printable(cell), style=style if cell == status else "") for cell in cells),
            Text(printable("\n".join(notes))),
        )
    return table


def _title(state: Json) -> str:
    return printable(f"{state.get('application', '')}/{state.get('name') or state.get('description') or ''}")


def _summarise(state: Json) -> None:
    took = duration(state.get("startTime") or state.get("buildTime"), state.get("endTime"))
    click.echo(f"{_title(state)} {state['id']}: {paint(state['status'])}" + (f" after {took}" if took else ""))
    if state.get("cancellationReason"):
        click.echo(f"  {printable(str(state['cancellationReason']))}")
