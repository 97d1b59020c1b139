"""The search for anything that a cloud has, and for applications and projects."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Query, Response

from gennaker.core.cloud.inventory import Found
from gennaker.core.cloud.names import parse
from gennaker.core.services import Json
from gennaker.plugins.gate import query
from gennaker.plugins.gate.access import Gate, Here, answer, needs, routes
from gennaker.plugins.gate.query import MOST, NO_WORDS, Words

router = routes()
_SHORTEST = 3
_CLOUD_KINDS = ("serverGroups", "instances", "loadBalancers", "securityGroups", "images")
_KINDS = ("applications", "projects", "clusters", *_CLOUD_KINDS)
#: Under which key a result names itself.
_NAMES = {
    "serverGroups": "serverGroup",
    "loadBalancers": "loadBalancer",
    "instances": "instanceId",
    "images": "imageName",
}


@router.get("/search", tags=["search"], **needs("read"))
def search(
    here: Here,
    q: str = "",
    type: Words = NO_WORDS,
    platform: str = "",
    pageSize: Annotated[int, Query(ge=1)] = 10_000,
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
    allowShortQuery: bool = False,
) -> Response:
    """What has `q` in its name or id; `type` is some of applications, projects, clusters, serverGroups, instances, loadBalancers, securityGroups, images."""
    text = q.strip()
    if not text or (len(text) < _SHORTEST and not allowShortQuery):
        return answer([])
    wanted = query.words(type) or _KINDS
    found = [row for kind in _KINDS if kind in wanted for row in _rows(here, text, kind, platform)]
    size = min(pageSize, MOST)
    shown = found[(page - 1) * size : page * size]
    told = {"query": text, "platform": platform or "all", "pageNumber": page, "pageSize": pageSize}
    return answer([{**told, "totalMatches": len(found), "results": shown}])


def _rows(here: Gate, text: str, kind: str, platform: str) -> Iterable[Json]:
    lowered = text.lower()
    if kind == "applications":
        named = [one for one in here.definitions.applications() if lowered in str(one.get("name", "")).lower()]
        return [{"type": kind, "application": str(one["name"]).lower(), **one, "provider": "core"} for one in named]
    if kind == "projects":
        projects = [one for one in here.definitions.projects() if lowered in str(one.get("name", "")).lower()]
        return [{**one, "type": kind, "provider": "core"} for one in projects]
    if kind == "clusters":
        groups = _found(here, text, "serverGroups", platform)
        clusters = {(one.account, one.cluster): one for one in groups if lowered in one.cluster.lower()}
        return [_row(one, kind) for one in clusters.values()]
    return [_row(one, kind) for one in _found(here, text, kind, platform)]


def _found(here: Gate, text: str, kind: str, platform: str) -> list[Found]:
    found = here.inventory.search(text, kind, MOST)
    return [one for one in found if not platform or one.provider == platform]


def _row(found: Found, kind: str) -> Json:
    moniker = parse(found.server_group or found.name)
    row: Json = {
        "type": kind,
        "provider": found.provider,
        "account": found.account,
        "application": found.application or None,
        "stack": moniker.stack or None,
        "detail": moniker.detail or None,
    }
    if kind == "clusters":
        return {**row, "cluster": found.cluster}
    row["region"] = found.region
    if kind == "securityGroups":
        return {**row, "name": found.name, "id": found.id}
    row[_NAMES[kind]] = found.name
    if kind == "images":
        return {**row, "imageId": found.id}
    if kind in ("serverGroups", "instances"):
        row |= {"cluster": found.cluster, "sequence": moniker.sequence}
    return {**row, "serverGroup": found.server_group} if kind == "instances" else row
