"""What pages ask for and no cloud tells the inventory: networks, keys, certificates. Everywhere the answer is that there are none.

Separate because nothing of it has a source; a page that gets an empty list works, one that gets an error does not.
"""

from fastapi import Response

from gennaker.plugins.gate.access import answer, needs, routes

router = routes()
_SERVER_GROUP = "/applications/{application}/clusters/{account}/{cluster}/{type}/serverGroups/{name}"


@router.get(_SERVER_GROUP + "/scalingActivities", tags=["not known"], **needs("read"))
@router.get("/applications/{application}/rawResources", tags=["not known"], **needs("read"))
@router.get("/applications/{application}/serverGroupManagers", tags=["not known"], **needs("read"))
@router.get("/certificates", tags=["not known"], **needs("read"))
@router.get("/certificates/{provider}", tags=["not known"], **needs("read"))
@router.get("/elasticIps/{account}", tags=["not known"], **needs("read"))
@router.get("/functions", tags=["not known"], **needs("read"))
@router.get("/instanceTypes", tags=["not known"], **needs("read"))
@router.get("/keyPairs", tags=["not known"], **needs("read"))
@router.get("/networks/{provider}", tags=["not known"], **needs("read"))
@router.get("/roles/{provider}", tags=["not known"], **needs("read"))
@router.get("/storage", tags=["not known"], **needs("read"))
@router.get("/subnets/{provider}", tags=["not known"], **needs("read"))
@router.get("/vpcs", tags=["not known"], **needs("read"))
def nothing_known() -> Response:
    """No cloud tells: an empty list."""
    return answer([])


@router.get("/networks", tags=["not known"], **needs("read"))
def no_networks() -> Response:
    """No cloud tells: an empty object, where networks would stand by cloud."""
    return answer({})
