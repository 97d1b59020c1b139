"""The bakery, in the paths of Spinnaker's Rosco and of its Gate."""

from html import escape

from fastapi import Response

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.gate.access import Caller, Here, Id, answer, needs, routes
from gennaker.plugins.gate.body import ObjectBody
from gennaker.plugins.gate.page import HEADERS

router = routes()

_REQUEST = (
    "`{cloud_provider_type, package, base_os, base_label, vm_type, ami_name, ami_suffix, extended_attributes, …}`"
)


@router.get("/bakery/options", tags=["bakery"], **needs("read"))
def list_options(here: Here) -> Response:
    """The base images that are configured, by cloud provider."""
    return answer(here.bakery.options())


@router.get("/bakery/options/{provider}", tags=["bakery"], **needs("read"))
def get_options(here: Here, provider: str) -> Response:
    """The base images of one cloud provider."""
    return answer(here.bakery.options_of(provider))


@router.get("/bakery/logs/{region}/{id}", tags=["bakery"], **needs("read"))
def show_log(here: Here, region: str, id_: Id) -> Response:
    """What a build has said so far, as a page."""
    lines = escape("\n".join(here.bakery.log(region, id_)))
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Bake {escape(id_)}</title><pre>{lines}</pre></html>'
    return Response(page.encode(), media_type="text/html; charset=utf-8", headers=HEADERS)


@router.post("/api/v1/{region}/bake", tags=["bakery"], **needs("run", body=_REQUEST))
def start(here: Here, caller: Caller, region: str, body: ObjectBody, rebake: str = "0") -> Response:
    """Bake an image, or join the bake of the same that runs; `rebake=1` ends that one and bakes anew."""
    if rebake.lower() not in ("0", "1", "true", "false"):
        raise InvalidRequest(f"{rebake!r} was given, expected 0 or 1", "rebake")
    return answer(here.bakery.start(region, body, rebake=rebake.lower() in ("1", "true"), user=caller.user))


@router.get("/api/v1/{region}/status/{id}", tags=["bakery"], **needs("read"))
def get_status(here: Here, region: str, id_: Id) -> Response:
    """How a bake is: `{id, state, result, resource_id}`."""
    return answer(here.bakery.status(region, id_))


@router.get("/api/v1/{region}/bake/{id}", tags=["bakery"], **needs("read"))
def get_bake(here: Here, region: str, id_: Id) -> Response:
    """The image of a bake; 404 as long as there is none."""
    return answer(here.bakery.bake(region, id_))


@router.get("/api/v1/{region}/logs/{id}", tags=["bakery"], **needs("read"))
def get_log(here: Here, region: str, id_: Id) -> Response:
    """What a build has said so far."""
    return answer({"id": id_, "logsContent": "\n".join(here.bakery.log(region, id_))})


@router.put("/api/v1/{region}/cancel/{id}", tags=["bakery"], **needs("run"))
def cancel(here: Here, caller: Caller, region: str, id_: Id) -> Response:
    """End a bake; what it made so far is removed."""
    return answer(here.bakery.cancel(region, id_, user=caller.user))


@router.get("/api/v1/{region}/cancel/{id}", tags=["bakery"], deprecated=True, **needs("run"))
def cancel_as_rosco(here: Here, caller: Caller, region: str, id_: Id) -> Response:
    """The same as PUT, for clients of Rosco."""
    return cancel(here, caller, region, id_)
