"""What runs of a project: its clusters, with instances and builds by region.

Separate from `projects` because this is read from the inventory.
"""

from collections.abc import Iterable

from fastapi import Response

from gennaker.core.cloud.health import counts
from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.view import build_info, moniker_of
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Gate, Here, answer, needs, routes
from gennaker.plugins.gate.projects import find_project

router = routes()


@router.get("/projects/{project}/clusters", tags=["projects"], **needs("read"))
def project_clusters(here: Here, project: str) -> Response:
    """What runs of a project: for each cluster that it names, its applications' instances and builds by region."""
    config = find_project(here, project).get("config") or {}
    return answer([_project_cluster(here, one, config) for one in config.get("clusters") or ()])


def _project_cluster(here: Gate, wanted: Json, config: Json) -> Json:
    account, stack, detail = (str(wanted.get(key) or "") for key in ("account", "stack", "detail"))
    applications = wanted.get("applications") or config.get("applications") or ()
    every: list[ServerGroup] = []
    shown = []
    for application in applications:
        groups = [
            group
            for group in here.inventory.server_groups(Place(application=str(application), account=account))
            if not group.disabled and _fits(group, stack, detail)
        ]
        every += groups
        regions = sorted({group.region for group in groups})
        shown.append(
            {
                "application": application,
                "lastPush": max((group.created for group in groups), default=None),
                "clusters": [_project_region([one for one in groups if one.region == region]) for region in regions],
            }
        )
    return {
        "account": account,
        "stack": stack or None,
        "detail": detail or None,
        "applications": shown,
        "instanceCounts": _counts(every),
    }


def _project_region(groups: list[ServerGroup]) -> Json:
    builds: dict[str, Json] = {}
    for group in groups:
        image = group.image.name if group.image else ""
        jenkins = (build_info(group) or {}).get("jenkins") or {}
        number = str(jenkins.get("number") or "0")
        one = builds.setdefault(
            number,
            {
                "buildNumber": number,
                "host": jenkins.get("host"),
                "job": jenkins.get("name"),
                "deployed": 0,
                "images": [],
            },
        )
        one["deployed"] = max(one["deployed"], group.created)
        if image and image not in one["images"]:
            one["images"].append(image)
    return {
        "region": groups[0].region,
        "lastPush": max(group.created for group in groups),
        "instanceCounts": _counts(groups),
        "builds": list(builds.values()),
    }


def _fits(group: ServerGroup, stack: str, detail: str) -> bool:
    """`*` stands for any stack or detail."""
    moniker = moniker_of(group)
    return stack in ("*", moniker.stack) and detail in ("*", moniker.detail)


def _counts(groups: Iterable[ServerGroup]) -> dict[str, int]:
    return counts(instance for group in groups for instance in group.instances)
