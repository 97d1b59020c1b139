"""Clusters: an application's server groups by account and name, and which of them a target means."""

from collections.abc import Iterable

from fastapi import Response

from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.view import (
    cluster_json,
    cluster_summary_json,
    image_summary_json,
    load_balancer_json,
    moniker_of,
    server_group_json,
)
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Gate, Here, answer, needs, routes
from gennaker.plugins.gate.targets import choose

router = routes()
_CLUSTERS = "/applications/{application}/clusters"
_CLUSTER = _CLUSTERS + "/{account}/{cluster}/{type}"
#: What a summary of a target is called.
_SUMMARIES = ("image", "images")


@router.get(_CLUSTERS, tags=["clusters"], **needs("read"))
def cluster_names(here: Here, application: str) -> Response:
    """The names of an application's clusters, by account."""
    return answer(here.inventory.clusters(application))


@router.get(_CLUSTERS + "/{account}", tags=["clusters"], **needs("read"))
def clusters_of_account(here: Here, application: str, account: str) -> Response:
    """An application's clusters in one account, with their server groups."""
    groups = here.inventory.server_groups(Place(application=application, account=account))
    return answer([cluster_json(same) for same in _by_cluster(groups)])


@router.get(_CLUSTERS + "/{account}/{cluster}", tags=["clusters"], **needs("read"))
def get_cluster(here: Here, application: str, account: str, cluster: str, expand: bool = True) -> Response:
    """A cluster of one account, once for each cloud that has it; with `expand=false` its server groups are names."""
    groups = here.inventory.server_groups(Place(application=application, account=account, cluster=cluster))
    if not groups:
        raise _no_cluster(account, cluster)
    return answer([cluster_json(same, expand=expand) for same in _by_cluster(groups)])


@router.get(_CLUSTER, tags=["clusters"], **needs("read"))
def get_cluster_of_provider(
    here: Here, application: str, account: str, cluster: str, type: str, expand: bool = True
) -> Response:
    """A cluster of one account and cloud."""
    return answer(cluster_json(_groups(here, application, account, cluster, type), expand=expand))


@router.get(_CLUSTER + "/loadBalancers", tags=["clusters"], **needs("read"))
def load_balancers_of_cluster(here: Here, application: str, account: str, cluster: str, type: str) -> Response:
    """The load balancers that have server groups of a cluster."""
    groups = _groups(here, application, account, cluster, type)
    names = {(group.region, group.name) for group in groups}
    there = here.inventory.load_balancers(Place(application=application, account=account, provider=type))
    found = [one for one in there if any((one.region, name) in names for name in one.server_groups)]
    known = {region: {group.name: group for group in groups if group.region == region} for region, _ in names}
    return answer([load_balancer_json(one, known[one.region]) for one in found])


@router.get(_CLUSTER + "/serverGroups", tags=["clusters"], **needs("read"))
def server_groups_of_cluster(
    here: Here, application: str, account: str, cluster: str, type: str, region: str = ""
) -> Response:
    """The server groups of a cluster."""
    return answer([server_group_json(one) for one in _groups(here, application, account, cluster, type, region)])


@router.get(_CLUSTER + "/serverGroups/{name}", tags=["clusters"], **needs("read"))
def server_group_of_cluster(
    here: Here, application: str, account: str, cluster: str, type: str, name: str, region: str = ""
) -> Response:
    """A server group of a cluster in each region that has it, or as one in the region that is named."""
    found = [one for one in _groups(here, application, account, cluster, type, region) if one.name == name]
    if not found:
        raise NotFound(f"Server group not found (id: {account}:{region or '*'}:{name})")
    return answer(server_group_json(found[0]) if region else [server_group_json(one) for one in found])


@router.get(
    _CLUSTERS + "/{account}/{cluster}/{type}/{scope}/serverGroups/target/{target}", tags=["clusters"], **needs("read")
)
def target_server_group(
    here: Here,
    application: str,
    account: str,
    cluster: str,
    type: str,
    scope: str,
    target: str,
    onlyEnabled: bool = False,
    validateOldest: bool = True,
) -> Response:
    """The server group of a region that `current`, `previous`, `oldest`, `largest` or `fail` (there must be one only) means."""
    groups = _groups(here, application, account, cluster, type, scope)
    return answer(
        server_group_json(_target(groups, target, f"{cluster} in {account}/{scope}", onlyEnabled, validateOldest))
    )


@router.get(
    _CLUSTERS + "/{account}/{cluster}/{type}/{scope}/serverGroups/target/{target}/{summary}",
    tags=["clusters"],
    **needs("read"),
)
def target_summary(
    here: Here,
    application: str,
    account: str,
    cluster: str,
    type: str,
    scope: str,
    target: str,
    summary: str,
    onlyEnabled: bool = False,
    validateOldest: bool = True,
) -> Response:
    """What the instances of such a server group are made from: `image` or `images`."""
    if summary not in _SUMMARIES:
        raise InvalidRequest(f"{summary!r} is no summary; expected {' or '.join(_SUMMARIES)}", "summary")
    groups = _groups(here, application, account, cluster, type, scope)
    told = image_summary_json(_target(groups, target, f"{cluster} in {account}/{scope}", onlyEnabled, validateOldest))
    return answer(told if summary == "image" else {"summaries": [told]})


def application_clusters(here: Gate, application: str) -> dict[str, list[Json]]:
    """An application's clusters by account, as the application shows them; none where there is no inventory."""
    if here.services.inventory is None:
        return {}
    found: dict[str, list[Json]] = {}
    for same in _by_cluster(here.inventory.server_groups(Place(application=application))):
        found.setdefault(same[0].account, []).append(cluster_summary_json(same))
    return found


def _groups(
    here: Gate, application: str, account: str, cluster: str, provider: str, region: str = ""
) -> list[ServerGroup]:
    """The server groups of a cluster, perhaps none in a region. Raises NotFound when there is no such cluster at all."""
    place = Place(application=application, account=account, cluster=cluster, provider=provider)
    found = here.inventory.server_groups(place)
    if not found:
        raise _no_cluster(account, cluster)
    return [one for one in found if not region or one.region == region]


def _no_cluster(account: str, cluster: str) -> NotFound:
    return NotFound(f"Cluster not found (id: {account}:{cluster})")


def _target(groups: list[ServerGroup], target: str, where: str, enabled: bool, validate: bool) -> ServerGroup:
    considered = [group for group in groups if not (enabled and group.disabled)]
    return choose(considered, target, where=where, validate_oldest=validate)


def _by_cluster(groups: Iterable[ServerGroup]) -> list[list[ServerGroup]]:
    """Server groups by account, cloud and cluster, in order."""
    found: dict[tuple[str, str, str], list[ServerGroup]] = {}
    for group in groups:
        found.setdefault((group.account, moniker_of(group).cluster, group.provider), []).append(group)
    return [found[key] for key in sorted(found)]
