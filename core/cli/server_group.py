"""`gennaker server-group`: what runs now, as the daemon saw it last."""

from collections.abc import Mapping

import click

from gennaker.core.cli.client import daemon, remote_options
from gennaker.core.cli.output import Cell, chosen, dump, moment, output_option, show, show_one
from gennaker.core.cli.root import REFUSED, Told
from gennaker.core.services import Json


@click.group("server-group")
def server_group() -> None:
    """List and show server groups."""


@server_group.command("list")
@click.argument("application")
@output_option
@remote_options
@click.pass_context
def list_server_groups(ctx: click.Context, application: str) -> None:
    """List the server groups of an APPLICATION, with how many of their instances are up."""
    columns: Mapping[str, Cell] = {
        "account": "account",
        "region": "region",
        "name": "name",
        "state": _state,
        "up": _up,
        "desired": lambda row: row["capacity"]["desired"],
        "image": _image,
        "created": lambda row: moment(row["createdTime"]),
    }
    show(ctx, daemon(ctx).get("applications", application, "serverGroups"), columns)


@server_group.command("get")
@click.argument("account")
@click.argument("region")
@click.argument("name")
@output_option
@remote_options
@click.pass_context
def get_server_group(ctx: click.Context, account: str, region: str, name: str) -> None:
    """Show a server group of an ACCOUNT and REGION by its NAME; json and yaml have all of it."""
    found = daemon(ctx).find("serverGroups", account, region, name)
    if not found:
        raise Told(f"there is no server group {name!r} in {account}/{region}, as far as was seen", REFUSED)
    if chosen(ctx) != "table":
        dump(ctx, found)
        return
    capacity = found["capacity"]
    shown: Json = {
        "name": found["name"],
        "cloud": found["cloudProvider"],
        "where": f"{account}/{region}",
        "state": _state(found),
        "created": moment(found["createdTime"]),
        "image": _image(found),
        "capacity": f"{capacity['min']} to {capacity['max']}, {capacity['desired']} wanted",
        "up": _up(found),
        "balancers": " ".join([*found["loadBalancers"], *found["targetGroups"]]),
    }
    shown |= {one["name"]: f"{one['healthState']} {one['zone'] or ''}" for one in found["instances"]}
    show_one(ctx, shown)


def _state(group: Json) -> str:
    return "disabled" if group["disabled"] else "enabled"


def _up(group: Json) -> str:
    counts = group["instanceCounts"]
    return f"{counts['up']}/{counts['total']}"


def _image(group: Json) -> str:
    image = group.get("image") or {}
    return str(image.get("name") or image.get("imageId") or "")
