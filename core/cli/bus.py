"""`gennaker bus`: what travels, and what could not be handled.

Separate because it is for whoever operates the daemon, not for whoever ships with it.
"""

from collections.abc import Mapping
from typing import Any

import click

from gennaker.core.cli.client import daemon, remote_options
from gennaker.core.cli.output import Cell, chosen, done, dump, moment, output_option, show, show_one


@click.group()
def bus() -> None:
    """See queues and dead letters."""


@bus.command()
@output_option
@remote_options
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show the bus and its queues. A number that the transport cannot tell is left out."""
    found = daemon(ctx).get("bus")
    if chosen(ctx) != "table":
        dump(ctx, found)
        return
    facts = {
        "transport": found["transport"],
        "status": "UP" if found["up"] else "DOWN",
        "reason": found.get("reason"),
        "unconfirmed": found.get("outstanding"),
    }
    show_one(ctx, {name: value for name, value in facts.items() if value not in (None, "")})
    click.echo()
    show(ctx, found["queues"], {"queue": "name", "messages": "messages", "consumers": "consumers"})


@bus.group("dead-letters")
def dead_letters() -> None:
    """See, try again or forget the messages that could not be handled."""


@dead_letters.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many, oldest first.")
@output_option
@remote_options
@click.pass_context
def list_letters(ctx: click.Context, limit: int) -> None:
    """List dead letters, oldest first."""
    columns: Mapping[str, Cell] = {
        "id": "id",
        "queue": "queue",
        "type": "type",
        "subject": "subject",
        "at": lambda row: moment(row.get("at")),
        "reason": "reason",
    }
    show(ctx, daemon(ctx).get("bus", "deadLetters", limit=limit), columns)


@dead_letters.command("show")
@click.argument("id_", metavar="ID")
@output_option
@remote_options
@click.pass_context
def show_letter(ctx: click.Context, id_: str) -> None:
    """Show a dead letter whole, with its body and traceback."""
    found = daemon(ctx).get("bus", "deadLetters", id_)
    if chosen(ctx) != "table":
        dump(ctx, found)
        return
    trace, body = found.pop("traceback", ""), found.pop("body", None)
    show_one(ctx, {**found, "at": moment(found.get("at"))})
    for title, content in (("Body", body), ("Traceback", trace)):
        if content:
            click.echo(f"\n{title}:")
            _whole(ctx, content)


def _whole(ctx: click.Context, content: Any) -> None:
    if isinstance(content, str):
        done(ctx, content)
    else:
        dump(ctx, content)


@dead_letters.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@output_option
@remote_options
@click.pass_context
def requeue(ctx: click.Context, ids: tuple[str, ...]) -> None:
    """Try dead letters again. For stage work the engine is asked for a new attempt."""
    count = daemon(ctx).call("POST", "bus", "deadLetters", "requeue", body={"ids": list(ids)})["requeued"]
    done(ctx, f"{count} of {len(ids)} dead letters are tried again", requeued=count)


@dead_letters.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@output_option
@remote_options
@click.pass_context
def drop(ctx: click.Context, ids: tuple[str, ...]) -> None:
    """Forget dead letters."""
    service = daemon(ctx)
    for id_ in ids:
        service.call("DELETE", "bus", "deadLetters", id_)
    done(ctx, f"{len(ids)} dead letters are forgotten", dropped=len(ids))
