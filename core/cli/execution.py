"""`gennaker execution`: what runs and what ran: shown, watched, steered."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from gennaker.core.cli.client import daemon, errors_of, remote_options
from gennaker.core.cli.output import Cell, chosen, done, dump, duration, moment, output_option, show, show_one
from gennaker.core.cli.progress import after, follow, read_execution
from gennaker.core.cli.stage_choice import SKIPS, choose, restartable, waiting_judgment, waiting_skip
from gennaker.core.model.status import Status
from gennaker.core.services import Json


@click.group()
def execution() -> None:
    """Watch and steer what runs. An execution is named by its id."""


def _command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command about one execution."""

    def made(function: Callable[..., None]) -> click.Command:
        decorated: Any = click.pass_context(function)
        for decorate in (remote_options, output_option, click.argument("id_", metavar="ID")):
            decorated = decorate(decorated)
        return execution.command(name)(decorated)

    return made


@execution.command("list")
@click.option("-a", "--application", default="*", help="Only of this application.")
@click.option("-n", "--pipeline", default="", help="Only of the pipeline of this name.")
@click.option(
    "-s",
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in Status], case_sensitive=False),
    help="Only in this state; may be given several times.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@output_option
@remote_options
@click.pass_context
def list_executions(ctx: click.Context, application: str, pipeline: str, statuses: tuple[str, ...], limit: int) -> None:
    """List executions of pipelines, newest first."""
    found = daemon(ctx).get(
        "applications",
        application,
        "executions",
        "search",
        pipelineName=pipeline,
        statuses=",".join(statuses),
        size=limit,
        expand="false",
    )
    columns: Mapping[str, Cell] = {
        "id": "id",
        "application": "application",
        "name": lambda row: row.get("name") or row.get("description"),
        "status": "status",
        "started": lambda row: moment(row.get("startTime") or row.get("buildTime")),
        "took": lambda row: duration(row.get("startTime"), row.get("endTime")),
        "user": lambda row: row.get("authentication", {}).get("user"),
    }
    show(ctx, found, columns)


@_command("get")
def get_execution(ctx: click.Context, id_: str) -> None:
    """Show an execution and its stages."""
    found = read_execution(daemon(ctx), id_)
    if chosen(ctx) != "table":
        dump(ctx, found)
        return
    trigger = found.get("trigger", {})
    facts = {
        "id": found["id"],
        "pipeline": f"{found.get('application')}/{found.get('name') or found.get('description')}",
        "status": found["status"],
        "trigger": f"{trigger.get('type', '')} by {found.get('authentication', {}).get('user', '')}",
        "parameters": trigger.get("parameters") or None,
        "started": moment(found.get("startTime")),
        "took": duration(found.get("startTime"), found.get("endTime")),
        "reason": found.get("cancellationReason"),
    }
    show_one(ctx, {key: value for key, value in facts.items() if value})
    click.echo()
    columns: Mapping[str, Cell] = {
        "ref": "refId",
        "stage": "name",
        "type": "type",
        "status": "status",
        "took": lambda row: duration(row.get("startTime"), row.get("endTime")),
        "remark": lambda row: "; ".join(errors_of(row)),
    }
    show(ctx, found.get("stages", []), columns)


@_command("watch")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Watch no longer than this.")
def watch_execution(ctx: click.Context, id_: str, timeout: float | None) -> None:
    """Show progress until the end; leaves with 0 only when it succeeded."""
    client = daemon(ctx)
    read_execution(client, id_)  # who is not there at first is not waited for
    follow(ctx, client, id_, limit=timeout)


@_command("cancel")
@click.option("--reason", default="", help="Why; kept with the execution.")
def cancel_execution(ctx: click.Context, id_: str, reason: str) -> None:
    """End an execution: no new work, what runs is cleaned up."""
    daemon(ctx).call("PUT", "pipelines", id_, "cancel", params={"reason": reason})
    done(ctx, f"Cancelling execution {id_}", id=id_)


@_command("pause")
def pause_execution(ctx: click.Context, id_: str) -> None:
    """Hand out no new work until it is resumed."""
    daemon(ctx).call("PUT", "pipelines", id_, "pause")
    done(ctx, f"Pausing execution {id_}", id=id_)


@_command("resume")
def resume_execution(ctx: click.Context, id_: str) -> None:
    """Go on after a pause."""
    daemon(ctx).call("PUT", "pipelines", id_, "resume")
    done(ctx, f"Resuming execution {id_}", id=id_)


@_command("delete")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_execution(ctx: click.Context, id_: str, yes: bool) -> None:
    """Remove a finished execution."""
    if not yes:
        click.confirm(f"Delete execution {id_}?", abort=True, err=True)
    daemon(ctx).call("DELETE", "pipelines", id_)
    done(ctx, f"Deleted execution {id_}", id=id_)


@_command("restart")
@click.option("--stage", "wanted", help="Stage to run again, by name, refId or id; the failed one when left out.")
@click.option("--wait", is_flag=True, help="Show progress and leave with 0 only when it succeeded.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait no longer than this.")
def restart_execution(ctx: click.Context, id_: str, wanted: str | None, wait: bool, timeout: float | None) -> None:
    """Run a stage and everything after it again."""
    client = daemon(ctx)
    found = read_execution(client, id_)
    stage = choose(found, wanted, restartable(found), "failed")
    client.call("PUT", "pipelines", id_, "stages", stage["id"], "restart", params={"seen": stage.get("round", 0)})
    if not wait and timeout is None:
        done(ctx, f"Restarting stage {stage['name']} of execution {id_}", id=id_, stage=stage["id"])
        return
    after(client, id_, lambda state: state.get("sequence") != found.get("sequence"))
    follow(ctx, client, id_, limit=timeout)


@_command("judge")
@click.argument("verdict", type=click.Choice(["continue", "stop"]))
@click.option("--stage", "wanted", help="The judgment, by name, refId or id; the waiting one when left out.")
@click.option("--input", "choice", help="One of the options that the stage offers.")
def judge_execution(ctx: click.Context, id_: str, verdict: str, wanted: str | None, choice: str | None) -> None:
    """Answer a manual judgment."""
    client = daemon(ctx)
    stage = choose(read_execution(client, id_), wanted, waiting_judgment, "waiting manual judgment")
    body = {"judgmentStatus": verdict} | ({"judgmentInput": choice} if choice is not None else {})
    client.call("PATCH", "pipelines", id_, "stages", stage["id"], body=body)
    done(ctx, f"Answered {stage['name']}: {verdict}", id=id_, stage=stage["id"], **body)


@_command("skip")
@click.option("--stage", "wanted", help="The stage, by name, refId or id; the waiting one when left out.")
def skip_wait(ctx: click.Context, id_: str, wanted: str | None) -> None:
    """End a wait or an execution window now, or skip a stage that allows it."""
    client = daemon(ctx)
    stage = choose(read_execution(client, id_), wanted, waiting_skip, "waiting (or skippable)")
    body = {SKIPS.get(stage["type"], "manualSkip"): True}
    client.call("PATCH", "pipelines", id_, "stages", stage["id"], body=body)
    done(ctx, f"Skipping {stage['name']}", id=id_, stage=stage["id"])


@_command("why")
def why_execution(ctx: click.Context, id_: str) -> None:
    """Say what an execution waits for, and until when."""
    answer: Json = daemon(ctx).get("pipelines", id_, "why")
    done(ctx, answer["why"], id=id_, **answer)
