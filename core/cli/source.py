"""Definitions that are kept as files: `gennaker pipeline plan` and `apply`, and the sources that a daemon follows.

Separate from `pipeline` because here a folder is compared with everything that is stored.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from gennaker.config.problems import Problem
from gennaker.core.cli.client import Answered, Daemon, daemon, errors_of, remote_options
from gennaker.core.cli.output import Cell, chosen, done, dump, moment, output_option, printable, show, text
from gennaker.core.cli.parameter import parameter
from gennaker.core.cli.plan import show_plan
from gennaker.core.cli.root import CHANGES, FAILED, USAGE, Told
from gennaker.core.errors import Refused
from gennaker.core.services import Json
from gennaker.core.source.apply import apply, stored_in, unchanged
from gennaker.core.source.diff import Change
from gennaker.core.source.kinds import TEMPLATE
from gennaker.core.source.plan import Plan, Policy, Source, Step, plan
from gennaker.core.source.read import read_tree
from gennaker.core.source.tree import read_place

_SIGNS = {"create": ("+", "green"), "change": ("~", "yellow"), "delete": ("-", "red"), "keep": ("=", "bright_black")}
#: Differences of one definition that are printed; JSON has all.
_MOST = 40
_WIDEST = 80
_TEMPLATES = ("v2", "pipelineTemplates")


@click.command("plan")
@click.argument("target", metavar="DIR|APPLICATION|NAME")
@click.argument("name", required=False)
@click.option("--source", help="What the pipelines are marked with; the folder's name when left out.")
@click.option("--prune", is_flag=True, help="Count as to be deleted what the source saved and no longer holds.")
@click.option("--detailed-exitcode", is_flag=True, help="Leave with 6 when there is something to do.")
@click.option(
    "-p",
    "--param",
    "--parameter",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="With NAME: a parameter of the run.",
)
@output_option
@remote_options
@click.pass_context
def plan_source(
    ctx: click.Context,
    target: str,
    name: str | None,
    source: str | None,
    prune: bool,
    detailed_exitcode: bool,
    params: tuple[str, ...],
) -> None:
    """Show what would happen, and do nothing.

    With DIR, a folder or file: what `apply` would change, every pipeline in it against those that are stored. With APPLICATION and NAME,
    or with a NAME that only one pipeline has: what a run of that pipeline would do.
    """
    if name is not None:
        if source or prune or detailed_exitcode:
            raise click.UsageError(
                "--source, --prune and --detailed-exitcode are for a folder, not for APPLICATION NAME"
            )
        plan_stored(ctx, target, name, params)
        return
    if _may_be_a_name(target) and (found_name := _named(daemon(ctx), target)):
        plan_stored(ctx, *found_name, params)
        return
    if params:
        raise click.UsageError("--param is for APPLICATION NAME, not for a folder")
    found = _compared(Remote(daemon(ctx)), _place(target), source, Policy(prune=prune, overwrite=True))
    if chosen(ctx) == "table":
        _print_plan(found, target)
    else:
        dump(ctx, _json(found))
    if found.problems:
        ctx.exit(FAILED)
    if detailed_exitcode and found.todo:
        ctx.exit(CHANGES)


def _may_be_a_name(target: str) -> bool:
    return os.sep not in target and not target.endswith((".json", ".yaml", ".yml")) and not Path(target).exists()


def _named(client: Daemon, name: str) -> tuple[str, str] | None:
    """The one pipeline of a name, as application and name; None when no pipeline has it. Raises Told when several have."""
    found = [each for each in client.get("pipelineConfigs") if str(each.get("name", "")).lower() == name.lower()]
    if len(found) > 1:
        listed = ", ".join(sorted(f"{each['application']} {each['name']}" for each in found))
        raise Told(f"several pipelines are named {name!r}; say which: {listed}", USAGE)
    return (str(found[0]["application"]), str(found[0]["name"])) if found else None


def plan_stored(ctx: click.Context, application: str, name: str, params: tuple[str, ...]) -> None:
    """Show what a run of a stored pipeline would do; leaves with 1 when it could not even start."""
    if not show_plan(ctx, daemon(ctx), application, name, dict(parameter(text) for text in params)):
        ctx.exit(FAILED)


@click.command("apply")
@click.argument("target", metavar="DIR")
@click.option("--source", help="What the pipelines are marked with; the folder's name when left out.")
@click.option("--version", help="What is noted as the version, such as a commit; a digest of the files when left out.")
@click.option("--prune", is_flag=True, help="Delete what the source saved and no longer holds; needs --source.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@remote_options
@click.pass_context
def apply_source(
    ctx: click.Context, target: str, source: str | None, version: str | None, prune: bool, yes: bool
) -> None:
    """Save the pipelines in DIR, a folder or file, where they differ from those that are stored.

    A file with a problem leaves its pipelines as they are; the others are saved.
    """
    if prune and not source:
        raise click.UsageError("--prune needs --source NAME: what another apply saved under the same name is deleted")
    remote = Remote(daemon(ctx))
    found = _compared(remote, _place(target), source, Policy(prune=prune, overwrite=True), version)
    table = chosen(ctx) == "table"
    if table or not yes:
        _print_plan(found, target, err=not table)
    if found.todo and not yes:
        click.confirm("Do this?", abort=True, err=True)
    results = []
    for one in apply(found, remote):
        results.append({**one.step.to_json(), "error": one.error})
        if table and one.error:
            click.echo(printable(f"! {one.step.label}: {one.error}"))
    refused = sum(bool(result["error"]) for result in results)
    if table and found.todo:
        click.echo(f"{len(results) - refused} of {len(results)} done")
    elif not table:
        dump(ctx, {**_json(found), "done": results})
    if found.problems or refused:
        ctx.exit(FAILED)


@click.group()
def source() -> None:
    """See the sources of definitions that the daemon follows."""


@source.command("list")
@output_option
@remote_options
@click.pass_context
def list_sources(ctx: click.Context) -> None:
    """List the sources that are followed, each with what was found at the last look."""
    rows = daemon(ctx).get("sources")
    columns: Mapping[str, Cell] = {
        "name": "name",
        "state": "state",
        "place": lambda row: " ".join(str(row[key]) for key in ("place", "branch", "path") if row.get(key)),
        "version": "version",
        "definitions": "definitions",
        "checked": lambda row: moment(row.get("checked")),
        "synced": lambda row: moment(row.get("synced")),
    }
    show(ctx, rows, columns)
    if chosen(ctx) == "table":
        for row in rows:
            for problem in [row["reason"]] if row.get("reason") else row.get("problems", []):
                click.echo(printable(f"! {row['name']}: {problem}"))
            for kept in row.get("kept", []):
                click.echo(printable(f"= {row['name']}: {kept}"))


@source.command("forget")
@click.argument("name")
@output_option
@remote_options
@click.pass_context
def forget_source(ctx: click.Context, name: str) -> None:
    """Show a source that nobody follows any more no longer; its pipelines stay."""
    daemon(ctx).call("DELETE", "sources", name)
    done(ctx, f"Forgot source {name}", name=name)


class Remote:
    """A daemon's definitions as a `Target`."""

    def __init__(self, client: Daemon) -> None:
        self._client = client

    def stored(self, kind: str) -> list[Json]:
        """Pipelines, strategies among them; of templates the latest."""
        if kind == TEMPLATE.name:
            return list(self._client.get(*_TEMPLATES))
        return [*self._client.get("pipelineConfigs"), *self._client.get("strategyConfigs")]

    def save(self, kind: str, definition: Json) -> None:
        """Refused when another was saved since it was read."""
        if kind == TEMPLATE.name:
            unchanged(template := self._client.find(*_TEMPLATES, definition["id"]), definition)
            words = ("update", definition["id"]) if template else ("create",)
            params = {"skipPlanDependents": "true"} if template else {}
            self._task(self._call("POST", *_TEMPLATES, *words, params=params, body=definition))
        else:
            self._call("POST", "pipelines", params={"staleCheck": "true"}, body=definition)

    def delete(self, kind: str, definition: Json) -> None:
        """Refused when another was saved since it was read."""
        if kind == TEMPLATE.name:
            unchanged(self._client.find(*_TEMPLATES, definition["id"]), definition)
            self._task(self._call("DELETE", *_TEMPLATES, definition["id"]))
            return
        noun = "strategies" if definition.get("strategy") is True else "pipelines"
        stored = self._client.get("pipelineConfigs", definition["id"], "history", limit=1)
        unchanged(stored[0] if stored else None, definition)
        self._call("DELETE", noun, definition["application"], definition["name"])

    def _task(self, task: Json) -> None:
        """Templates are changed by tasks, which the answer waits for."""
        if task.get("status") != "SUCCEEDED":
            stages = task.get("execution", {}).get("stages", [])
            reasons = [error for stage in stages for error in errors_of(stage)]
            raise Refused("; ".join(reasons) or f"the task that should do it is {task.get('status')}")

    def _call(self, method: str, *path: str, **more: Any) -> Any:
        try:
            return self._client.call(method, *path, **more)
        except Answered as error:
            raise Refused(error.message) from error


def _place(target: str) -> Path:
    if not Path(target).exists():
        raise Told(f"{target}: there is no such folder or file; expected one that holds pipelines", USAGE)
    return Path(target)


def _compared(remote: Remote, place: Path, source: str | None, policy: Policy, version: str | None = None) -> Plan:
    """The plan for a folder, or for what one file of it says."""
    real = place.resolve()
    if policy.prune and real.is_file():
        raise click.UsageError("--prune needs a folder: what other files hold is not in this one")
    name = source or (real if real.is_dir() else real.parent.parent).name or "root"
    tree = read_place(place)
    found = plan(Source(id=name, version=version or tree.digest), read_tree(tree), stored_in(remote), policy)
    return found if real.is_dir() else replace(found, steps=tuple(s for s in found.steps if s.file in tree.files))


def _json(found: Plan) -> Json:
    return {
        "source": found.source,
        "steps": [step.to_json() for step in found.steps],
        "problems": found.problems,
        "warnings": found.warnings,
    }


def _print_plan(found: Plan, target: str, *, err: bool = False) -> None:
    folder = target if Path(target).is_dir() else os.path.dirname(os.path.dirname(os.path.abspath(target)))

    def say(line: str, colour: str | None = None) -> None:
        click.secho(printable(line), fg=colour, err=err)

    for step in found.steps:
        if step.action in _SIGNS:
            sign, colour = _SIGNS[step.action]
            note = f" ({step.note})" if step.note else ""
            say(f"{sign} {step.label}  {_where(step, folder)}{note}", colour)
            for line in _differences(step.changes):
                say(f"    {line}")
    for problem in found.warnings:
        say(f"warning: {_told(problem, folder)}", "yellow")
    for problem in found.problems:
        say(f"! {_told(problem, folder)}", "red")
    words = (("create", "to create"), ("change", "to change"), ("delete", "to delete"), ("unchanged", "unchanged"))
    counts = [f"{found.count(action)} {word}" for action, word in words]  # type: ignore[arg-type]
    if found.problems:
        counts.append(f"{len(found.problems)} problem{'s'[: len(found.problems) > 1]}")
    say(", ".join(counts))


def _where(step: Step, folder: str) -> str:
    place = os.path.join(folder, step.file)
    return f"{place}:{step.line}" if step.line else place


def _told(problem: Problem, folder: str) -> str:
    return str(replace(problem, file=os.path.join(folder, problem.file) if problem.file else folder))


def _differences(changes: tuple[Change, ...]) -> list[str]:
    lines = []
    for change in changes[:_MOST]:
        before, after = (_short(value) for value in (change.before, change.after))
        lines.append(
            {
                "added": f"+ {change.path}: {after}",
                "removed": f"- {change.path}: {before}",
                "changed": f"~ {change.path}: {before} → {after}",
                "moved": f"~ {change.path}: order {before} → {after}",
            }[change.what]
        )
    return lines if len(changes) <= _MOST else [*lines, f"and {len(changes) - _MOST} more"]


def _short(value: Any) -> str:
    shown = text(value) if not isinstance(value, str) else repr(value)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"
