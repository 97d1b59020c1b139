"""`gennaker pipeline`: what runs are made from: saved, validated, started."""

import os
from collections.abc import Mapping

import click

from gennaker.core.cli.client import Daemon, daemon, remote_options
from gennaker.core.cli.definition_file import read_all, read_one
from gennaker.core.cli.output import Cell, chosen, done, dump, moment, output_option, printable, show
from gennaker.core.cli.parameter import parameter
from gennaker.core.cli.progress import follow
from gennaker.core.cli.root import FAILED, REFUSED, USAGE, Told
from gennaker.core.cli.source import apply_source, plan_source
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.services import Json


@click.group()
def pipeline() -> None:
    """Save, run and validate pipelines. Files are JSON or YAML in Spinnaker's format."""


pipeline.add_command(plan_source)
pipeline.add_command(apply_source)


@pipeline.command("save")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@output_option
@remote_options
@click.pass_context
def save_pipelines(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Create pipelines, or replace those of the same application and name; - is standard input.

    A file holds one pipeline or a list. All files are read before the first is saved.
    """
    wanted = [(path, item) for path in files for item in read_all(path)]
    for path, item in wanted:
        for key in ("application", "name"):
            if not isinstance(item.get(key), str) or not item[key].strip():
                raise Told(f"{path}: a pipeline needs {key!r}, a text", USAGE)
    client = daemon(ctx)
    saved = [_save(client, item) for _, item in wanted]
    if chosen(ctx) == "table":
        for row in saved:
            verb = "Created" if row["created"] else "Saved"
            click.echo(printable(f"{verb} pipeline {row['application']}/{row['name']} ({row['id']})"))
            for warning in row.get("warnings", ()):
                click.echo(printable(f"Warning: {warning}"), err=True)
    else:
        dump(ctx, saved)


def _save(client: Daemon, item: Json) -> Json:
    known = client.find("applications", item["application"], "pipelineConfigs", item["name"])
    warnings = client.save("pipelines", body={**item, "id": known["id"]} if known else item)
    stored = client.get("applications", item["application"], "pipelineConfigs", item["name"])
    return {
        "application": stored["application"],
        "name": stored["name"],
        "id": stored["id"],
        "created": not known,
        **({"warnings": warnings} if warnings else {}),
    }


@pipeline.command("get")
@click.argument("application")
@click.argument("name")
@output_option
@remote_options
@click.pass_context
def get_pipeline(ctx: click.Context, application: str, name: str) -> None:
    """Print a pipeline, by name or id, as JSON (or YAML with -o yaml): what `save` reads."""
    dump(ctx, _existing(daemon(ctx), application, name))


@pipeline.command("list")
@click.argument("application", required=False)
@output_option
@remote_options
@click.pass_context
def list_pipelines(ctx: click.Context, application: str | None) -> None:
    """List the pipelines of an application, or all."""
    client = daemon(ctx)
    rows = client.get("applications", application, "pipelineConfigs") if application else client.get("pipelineConfigs")
    columns: Mapping[str, Cell] = {
        "application": "application",
        "name": "name",
        "stages": lambda row: len(row.get("stages") or []),
        "disabled": lambda row: bool(row.get("disabled")),
        "changed": lambda row: moment(row.get("updateTs")),
        "id": "id",
    }
    show(ctx, rows, columns)


@pipeline.command("history")
@click.argument("application")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@output_option
@remote_options
@click.pass_context
def pipeline_history(ctx: click.Context, application: str, name: str, limit: int) -> None:
    """List the revisions of a pipeline."""
    client = daemon(ctx)
    rows = client.get("pipelineConfigs", _existing(client, application, name)["id"], "history", limit=limit)
    columns: Mapping[str, Cell] = {
        "changed": lambda row: moment(row.get("updateTs")),
        "by": "lastModifiedBy",
        "name": "name",
        "stages": lambda row: len(row.get("stages") or []),
    }
    show(ctx, rows, columns)


@pipeline.command("delete")
@click.argument("application")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@remote_options
@click.pass_context
def delete_pipeline(ctx: click.Context, application: str, name: str, yes: bool) -> None:
    """Delete a pipeline; its executions and revisions stay."""
    client = daemon(ctx)
    found = _existing(client, application, name)
    if not yes:
        click.confirm(f"Delete pipeline {application}/{found['name']}?", abort=True, err=True)
    client.call("DELETE", "pipelines", application, found["name"])
    done(ctx, f"Deleted pipeline {application}/{found['name']}", id=found["id"])


@pipeline.command("run")
@click.argument("application")
@click.argument("name")
@click.option(
    "-p",
    "--param",
    "--parameter",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter; KEY:=JSON for what is not a text.",
)
@click.option("--param-file", type=click.Path(), help="Parameters as a JSON or YAML object; --param goes before it.")
@click.option("--key", help="The same key again starts nothing and names the first execution.")
@click.option("--wait", is_flag=True, help="Show progress and leave with 0 only when it succeeded.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait no longer than this.")
@output_option
@remote_options
@click.pass_context
def run_pipeline(
    ctx: click.Context,
    application: str,
    name: str,
    params: tuple[str, ...],
    param_file: str | None,
    key: str | None,
    wait: bool,
    timeout: float | None,
) -> None:
    """Start a pipeline, by name or id."""
    values = (read_one(param_file) if param_file else {}) | dict(parameter(text) for text in params)
    trigger = {"type": "manual", "parameters": values}
    client = daemon(ctx)
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.call("POST", "pipelines", application, name, body=trigger, headers=headers)
    execution = str(answer["ref"]).rsplit("/", 1)[-1]
    if wait or timeout is not None:
        click.echo(f"Started execution {execution}", err=chosen(ctx) != "table")
        follow(ctx, client, execution, limit=timeout)
        return
    done(ctx, f"Started execution {execution}; `gennaker execution watch {execution}` shows it", id=execution, **answer)


@pipeline.command("validate")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@output_option
@click.pass_context
def validate_pipelines(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Check pipelines in files without a daemon: shapes, refIds, requisites, cycles, and what the clouds of the configuration cannot do."""
    types = _types()
    reports = [_report(path, item, types) for path in files for item in read_all(path)]
    if chosen(ctx) == "table":
        for report in reports:
            _print_report(report)
    else:
        dump(ctx, reports)
    if any(report["problems"] for report in reports):
        ctx.exit(FAILED)


def _types() -> StageTypes:
    """The stage types of the plugins that are configured here; none when the configuration cannot be read."""
    from gennaker.config.load import load
    from gennaker.config.problems import ConfigError
    from gennaker.core.plugins import load as load_plugins

    try:
        return load_plugins(load(None, environ=os.environ)).types
    except ConfigError:
        return {}


def _report(path: str, item: Json, types: StageTypes) -> Json:
    from gennaker.core.check import check_expressions, check_pipeline
    from gennaker.core.cloud.warnings import cloud_warnings
    from gennaker.core.templates import check_config, is_templated

    problems, warnings = (check_config(item), ()) if is_templated(item) else check_pipeline(item)
    return {
        "file": path,
        "name": item.get("name"),
        "problems": [{"where": problem.where, "message": problem.message} for problem in problems],
        "warnings": [*warnings, *(() if problems else (*check_expressions(item), *cloud_warnings(item, types)))],
    }


def _print_report(report: Json) -> None:
    place = f"{report['file']} ({report['name']})" if report["name"] else report["file"]
    for problem in report["problems"]:
        where = f" {problem['where']}:" if problem["where"] else ""
        click.echo(printable(f"{place}:{where} {problem['message']}"))
    for warning in report["warnings"]:
        click.echo(printable(f"{place}: warning: {warning}"))
    if not report["problems"]:
        click.echo(printable(f"{place}: ok"))


def _existing(client: Daemon, application: str, name: str) -> Json:
    found = client.find("applications", application, "pipelineConfigs", name)
    if not found:
        raise Told(
            f"application {application!r} has no pipeline {name!r}; `gennaker pipeline list {application}` shows those it has",
            REFUSED,
        )
    return dict(found)
