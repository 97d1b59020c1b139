"""`gennaker rollback`: a cluster back to what it was, from anywhere, in one command."""

from collections.abc import Iterable
from typing import Any

import click

from gennaker.core.cli.client import Daemon, daemon, remote_options
from gennaker.core.cli.output import chosen, done, output_option, printable
from gennaker.core.cli.progress import follow, read_execution
from gennaker.core.cli.root import REFUSED, USAGE, Told
from gennaker.core.services import Json


@click.command("rollback")
@click.argument("application")
@click.argument("cluster")
@click.option("--account", default="", help="Account; may be left out when the cluster is in one only.")
@click.option("--region", "regions", multiple=True, help="Region; may be given several times. All when left out.")
@click.option("--cloud", default="", help="Cloud provider; may be left out when the inventory knows the cluster.")
@click.option("--to", "restore", default="", metavar="NAME", help="Server group to go back to; else the newest other.")
@click.option("--reason", default="", help="Why; kept with the task.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Watch no longer than this.")
@click.option("--no-wait", is_flag=True, help="Leave once the rollback is accepted.")
@output_option
@remote_options
@click.pass_context
def rollback(
    ctx: click.Context,
    application: str,
    cluster: str,
    *,
    account: str,
    regions: tuple[str, ...],
    cloud: str,
    restore: str,
    reason: str,
    timeout: float | None,
    no_wait: bool,
) -> None:
    """Give the traffic of a cluster back to the server group before the newest, and tell what was restored and why.

    The cluster is locked meanwhile: a deployment that runs ends first, one that waits comes after.
    """
    client = daemon(ctx)
    if not (account and regions and cloud):
        account, regions, cloud = _located(client, application, cluster, (account, regions, cloud))
    job: Json = {
        "type": "rollbackCluster",
        "name": f"Roll back {cluster}",
        "cloudProvider": cloud,
        "credentials": account,
        "regions": list(regions),
        "cluster": cluster,
        "failIfNothing": True,
        "reason": reason,
        **({"originalServerGroup": restore} if restore else {}),
    }
    about = f"Roll back {cluster}" + (f": {reason}" if reason else "")
    body = {"application": application, "description": about, "job": [job]}
    id_ = str(client.call("POST", "tasks", body=body)["ref"]).rsplit("/", 1)[-1]
    if no_wait:
        done(ctx, f"Rolling back {cluster} in {account}: `gennaker execution watch {id_}`", id=id_)
        return
    follow(ctx, client, id_, limit=timeout)
    if chosen(ctx) == "table":
        for line in _restored(read_execution(client, id_)):
            click.echo(printable(line))


def _restored(execution: Json) -> Iterable[str]:
    """What was given its traffic back in each region, and why."""
    for stage in execution.get("stages") or ():
        for plan in stage.get("context", {}).get("rollbackPlans") or ():
            if plan.get("from"):
                image = f" ({plan['toImage']})" if plan.get("toImage") else ""
                yield f"{plan['region']}: restored {plan['to']}{image} in place of {plan['from']}: {plan['why']}"
            else:
                yield f"{plan['region']}: left as it was: {plan['why']}"


def _located(
    client: Daemon, application: str, cluster: str, given: tuple[str, tuple[str, ...], str]
) -> tuple[str, tuple[str, ...], str]:
    """Account, regions and cloud: what is given, and the rest from the inventory. Raises Told."""
    account, regions, cloud = given
    known = client.find("applications", application, "clusters") or {}
    accounts = sorted(name for name, clusters in known.items() if cluster in clusters)
    if not account and len(accounts) > 1:
        raise Told(f"cluster {cluster} is in the accounts {', '.join(accounts)}; choose with --account", USAGE)
    account = account or next(iter(accounts), "")
    groups = _groups(client, application, account, cluster) if account else []
    if not groups:
        raise Told(
            f"the inventory knows no cluster {cluster} of application {application}"
            f"{f' in {account}' if account else ''}; give --account, --region and --cloud",
            REFUSED,
        )
    clouds = sorted({str(each.get("cloudProvider") or each.get("type")) for each in groups})
    if not cloud and len(clouds) > 1:
        raise Told(f"cluster {cluster} is in the clouds {', '.join(clouds)}; choose with --cloud", USAGE)
    return account, regions or tuple(sorted({str(each["region"]) for each in groups})), cloud or clouds[0]


def _groups(client: Daemon, application: str, account: str, cluster: str) -> list[Json]:
    found: Any = client.find("applications", application, "clusters", account, cluster) or []
    clusters = found if isinstance(found, list) else [found]
    return [group for each in clusters for group in each.get("serverGroups") or () if isinstance(group, dict)]
