"""`gennaker application`: the applications that pipelines belong to."""

from collections.abc import Mapping

import click

from gennaker.core.cli.client import Daemon, daemon, remote_options
from gennaker.core.cli.definition_file import read_one
from gennaker.core.cli.output import Cell, chosen, done, dump, moment, output_option, show, show_one
from gennaker.core.cli.root import REFUSED, USAGE, Told
from gennaker.core.services import Json


@click.group()
def application() -> None:
    """List, show, save and delete applications."""


@application.command("list")
@output_option
@remote_options
@click.pass_context
def list_applications(ctx: click.Context) -> None:
    """List all applications."""
    columns: Mapping[str, Cell] = {
        "name": "name",
        "email": "email",
        "description": "description",
        "changed": lambda row: moment(row.get("updateTs")),
    }
    show(ctx, daemon(ctx).get("applications"), columns)


@application.command("get")
@click.argument("name")
@output_option
@remote_options
@click.pass_context
def get_application(ctx: click.Context, name: str) -> None:
    """Show one application."""
    found = _existing(daemon(ctx), name)
    if found is None:
        raise Told(f"there is no application {name!r}; `gennaker application list` shows those there are", REFUSED)
    if chosen(ctx) == "table":
        show_one(ctx, found)
    else:
        dump(ctx, found)


@application.command("save")
@click.argument("name", required=False)
@click.option("--email", help="Whom to ask about it.")
@click.option("--description", help="What it is.")
@click.option("--file", "path", type=click.Path(), help="The whole application as JSON or YAML; - is standard input.")
@output_option
@remote_options
@click.pass_context
def save_application(
    ctx: click.Context, name: str | None, email: str | None, description: str | None, path: str | None
) -> None:
    """Create an application, or change the values that are given."""
    wanted: Json = dict(read_one(path)) if path else {}
    given = {"name": name, "email": email, "description": description}
    wanted |= {key: value for key, value in given.items() if value is not None}
    if not wanted.get("name"):
        raise Told("which application? Give its NAME, or a file with a name in it", USAGE)
    client = daemon(ctx)
    known = _existing(client, wanted["name"])
    verb = "Create" if known is None else "Update"
    kind = "createApplication" if known is None else "updateApplication"
    title = f"{verb} application: {wanted['name']}"
    client.task(title, wanted["name"], {"type": kind, "application": wanted})
    done(ctx, f"{verb}d application {wanted['name']}", name=wanted["name"], created=known is None)


@application.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@remote_options
@click.pass_context
def delete_application(ctx: click.Context, name: str, yes: bool) -> None:
    """Delete an application with its pipelines; past executions stay."""
    client = daemon(ctx)
    if _existing(client, name) is None:
        raise Told(f"there is no application {name!r}", REFUSED)
    if not yes:
        click.confirm(f"Delete application {name} and its pipelines?", abort=True, err=True)
    job = {"type": "deleteApplication", "application": {"name": name}}
    client.task(f"Delete application: {name}", name, job)
    done(ctx, f"Deleted application {name}", name=name)


def _existing(client: Daemon, name: str) -> Json | None:
    found = client.find("applications", name, expand="false")
    return None if not found else dict(found.get("attributes") or {"name": found.get("name", name)})
