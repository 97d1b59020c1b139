"""Server groups: of an application, by name, and of several applications at once."""

from fastapi import Response

from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.view import moniker_of, server_group_json
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.plugins.gate import query
from gennaker.plugins.gate.access import Gate, Here, answer, needs, routes
from gennaker.plugins.gate.query import NO_WORDS, Words

router = routes()


@router.get("/applications/{application}/serverGroups", tags=["server groups"], **needs("read"))
def server_groups_of_application(
    here: Here, application: str, cloudProvider: str = "", clusters: Words = NO_WORDS
) -> Response:
    """An application's server groups with their instances; `clusters` are `account:name`."""
    found = here.inventory.server_groups(Place(application=application, provider=cloudProvider))
    if wanted := query.words(clusters):
        found = [one for one in found if f"{one.account}:{moniker_of(one).cluster}" in wanted]
    return answer([server_group_json(one) for one in found])


@router.get(
    "/applications/{application}/serverGroups/{account}/{region}/{name}", tags=["server groups"], **needs("read")
)
def server_group_of_application(here: Here, application: str, account: str, region: str, name: str) -> Response:
    """One server group of an application."""
    return answer(
        server_group_json(_group(here, Place(application=application, account=account, region=region, name=name)))
    )


@router.get("/serverGroups", tags=["server groups"], **needs("read"))
def list_server_groups(
    here: Here, applications: Words = NO_WORDS, ids: Words = NO_WORDS, cloudProvider: str = ""
) -> Response:
    """The server groups of several applications, or those with these ids (`account:region:name`)."""
    names, wanted = query.words(applications), query.words(ids)
    if bool(names) == bool(wanted):
        raise InvalidRequest("give `applications` or `ids`, one of them", "query")
    places = [Place(application=name, provider=cloudProvider) for name in names]
    for id_ in wanted:
        account, region, name = _parts(id_)
        places.append(Place(account=account, region=region, name=name, provider=cloudProvider))
    return answer([server_group_json(one) for place in places for one in here.inventory.server_groups(place)])


@router.get("/serverGroups/{account}/{region}/{name}", tags=["server groups"], **needs("read"))
def get_server_group(here: Here, account: str, region: str, name: str) -> Response:
    """One server group, whatever its application."""
    return answer(server_group_json(_group(here, Place(account=account, region=region, name=name))))


def _group(here: Gate, place: Place) -> ServerGroup:
    found = here.inventory.server_groups(place)
    if not found:
        raise NotFound(f"Server group not found (id: {place.account}:{place.region}:{place.name})")
    return found[0]


def _parts(id_: str) -> tuple[str, str, str]:
    parts = id_.split(":", 2)
    if len(parts) != 3:
        raise InvalidRequest(f"{id_!r} is no id of a server group; expected `account:region:name`", "ids")
    return parts[0], parts[1], parts[2]
