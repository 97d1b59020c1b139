"""`gennaker load-balancer`: what spreads traffic, and over which server groups."""

from collections.abc import Iterator, Mapping

import click

from gennaker.core.cli.client import daemon, remote_options
from gennaker.core.cli.output import Cell, output_option, show
from gennaker.core.services import Json


@click.group("load-balancer")
def load_balancer() -> None:
    """List load balancers."""


@load_balancer.command("list")
@click.argument("application", required=False)
@output_option
@remote_options
@click.pass_context
def list_load_balancers(ctx: click.Context, application: str | None) -> None:
    """List the load balancers of an APPLICATION with the server groups behind them, or the names of all."""
    columns: dict[str, Cell] = {
        "account": "account",
        "region": "region",
        "name": "name",
        "cloud": "cloudProvider",
        "type": "loadBalancerType",
    }
    if application is None:
        show(ctx, _flat(daemon(ctx).get("loadBalancers")), columns)
        return
    behind: Mapping[str, Cell] = {"server groups": _behind}
    show(ctx, daemon(ctx).get("applications", application, "loadBalancers"), {**columns, **behind})


def _flat(summaries: list[Json]) -> Iterator[Json]:
    for summary in summaries:
        for account in summary["accounts"]:
            for region in account["regions"]:
                yield from region["loadBalancers"]


def _behind(row: Json) -> str:
    return " ".join(
        f"{group['name']}({sum(one['health']['state'] == 'InService' for one in group['instances'])})"
        for group in row["serverGroups"]
    )
