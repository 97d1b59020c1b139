"""`gennaker bake`: images, by request, and the live log of any bake.

Separate because a bake is watched while it runs, and often from a terminal.
"""

import time

import click

from gennaker.core.cli.client import Daemon, daemon, remote_options
from gennaker.core.cli.output import chosen, done, dump, output_option, printable, show, show_one
from gennaker.core.cli.parameter import parameter
from gennaker.core.cli.root import FAILED
from gennaker.core.services import Json

_LOOK_S = 1.0


@click.group()
def bake() -> None:
    """Bake images, and watch bakes."""


@bake.command()
@output_option
@remote_options
@click.pass_context
def options(ctx: click.Context) -> None:
    """List the base images that are configured."""
    found = daemon(ctx).get("bakery", "options")
    if chosen(ctx) != "table":
        dump(ctx, found)
        return
    rows = [{"provider": each["cloudProvider"], **base} for each in found for base in each["baseImages"]]
    columns = {"provider": "provider", "id": "id", "packages": "packageType", "template": "templateFile"}
    show(ctx, rows, {**columns, "description": "shortDescription"})


@bake.command()
@click.argument("region")
@click.option("--provider", default="local", show_default=True, help="Whose image it is, such as aws or local.")
@click.option("--package", default="", help="Packages to install, separated by blanks.")
@click.option("--base-os", default="", help="Id of a configured base image.")
@click.option("--name", default="", help="Begin of the image's name, in place of the package's.")
@click.option("--attribute", "attributes", multiple=True, metavar="KEY=VALUE", help="A variable for the template.")
@click.option("--rebake", is_flag=True, help="Bake even if there is such an image.")
@click.option("--follow", "-f", is_flag=True, help="Show the log until it has ended; leaves with 1 when it failed.")
@output_option
@remote_options
@click.pass_context
def start(
    ctx: click.Context,
    region: str,
    provider: str,
    package: str,
    base_os: str,
    name: str,
    attributes: tuple[str, ...],
    rebake: bool,
    follow: bool,
) -> None:
    """Bake an image in REGION, or join the bake of the same that runs."""
    body: Json = {"cloud_provider_type": provider, "package": package, "base_os": base_os, "ami_name": name}
    body |= {"extended_attributes": dict(parameter(text) for text in attributes)}
    remote = daemon(ctx)
    status = remote.call("POST", "api", "v1", region, "bake", body=body, params={"rebake": int(rebake)})
    if follow:
        _follow(ctx, remote, region, status["id"])
    else:
        done(ctx, f"Bake {status['id']} in {region} is {status['state']}", **status)


@bake.command()
@click.argument("region")
@click.argument("id_", metavar="ID")
@output_option
@remote_options
@click.pass_context
def status(ctx: click.Context, region: str, id_: str) -> None:
    """Show how a bake is, and the image that it has made."""
    remote = daemon(ctx)
    found = remote.get("api", "v1", region, "status", id_)
    if found["result"] == "SUCCESS":
        found["image"] = remote.get("api", "v1", region, "bake", id_)["ami"]
    if chosen(ctx) == "table":
        show_one(ctx, {key: value for key, value in found.items() if value is not None})
    else:
        dump(ctx, found)


@bake.command()
@click.argument("region")
@click.argument("id_", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Go on until the bake has ended; leaves with 1 when it failed.")
@output_option
@remote_options
@click.pass_context
def logs(ctx: click.Context, region: str, id_: str, follow: bool) -> None:
    """Show what a build has said. ID is `status.id` of the stage, or what `start` told."""
    remote = daemon(ctx)
    if follow:
        _follow(ctx, remote, region, id_)
    else:
        _print(_log(remote, region, id_))


@bake.command()
@click.argument("region")
@click.argument("id_", metavar="ID")
@output_option
@remote_options
@click.pass_context
def cancel(ctx: click.Context, region: str, id_: str) -> None:
    """End a bake; what it made so far is removed. A pipeline's bake ends with its pipeline."""
    found = daemon(ctx).call("PUT", "api", "v1", region, "cancel", id_)
    done(ctx, f"Bake {id_} is {found['state']}", **found)


def _follow(ctx: click.Context, remote: Daemon, region: str, id_: str) -> None:
    """Print lines as they come, until the bake has ended."""
    shown = 0
    while True:
        found: Json = remote.get("api", "v1", region, "status", id_)
        lines = _log(remote, region, id_)
        _print(lines[shown:])
        shown = len(lines)
        if found["state"] != "RUNNING":
            break
        time.sleep(_LOOK_S)
    if found["result"] != "SUCCESS":
        ctx.exit(FAILED)


def _log(remote: Daemon, region: str, id_: str) -> list[str]:
    content = str(remote.get("api", "v1", region, "logs", id_)["logsContent"])
    return content.split("\n") if content else []


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(printable(line))
