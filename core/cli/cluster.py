"""`gennaker cluster`: what an application runs, by account and name."""

from collections.abc import Iterator, Mapping

import click

from gennaker.core.cli.client import daemon, remote_options
from gennaker.core.cli.output import Cell, moment, output_option, show
from gennaker.core.services import Json


@click.group()
def cluster() -> None:
    """List an application's clusters."""


@cluster.command("list")
@click.argument("application")
@output_option
@remote_options
@click.pass_context
def list_clusters(ctx: click.Context, application: str) -> None:
    """List the clusters of an APPLICATION, each with its server groups, its instances and its newest server group."""
    groups = daemon(ctx).get("applications", application, "serverGroups")
    columns: Mapping[str, Cell] = {
        "account": "account",
        "cluster": "name",
        "cloud": "cloudProvider",
        "regions": lambda row: " ".join(row["regions"]),
        "server groups": "serverGroups",
        "up": lambda row: f"{row['up']}/{row['total']}",
        "newest": "newest",
        "created": lambda row: moment(row["created"]),
    }
    show(ctx, _clusters(groups), columns)


def _clusters(groups: list[Json]) -> Iterator[Json]:
    found: dict[tuple[str, str, str], list[Json]] = {}
    for group in groups:
        found.setdefault((group["account"], group["cluster"], group["cloudProvider"]), []).append(group)
    for (account, name, provider), same in sorted(found.items()):
        newest = max(same, key=lambda group: (group["createdTime"], group["name"]))
        yield {
            "account": account,
            "name": name,
            "cloudProvider": provider,
            "regions": sorted({group["region"] for group in same}),
            "serverGroups": len(same),
            "up": sum(group["instanceCounts"]["up"] for group in same),
            "total": sum(group["instanceCounts"]["total"] for group in same),
            "newest": newest["name"],
            "created": newest["createdTime"],
        }
