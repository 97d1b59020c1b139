"""Instances, one by one; lists of them are in their server groups."""

from fastapi import Response

from gennaker.core.cloud.view import instance_details_json
from gennaker.core.errors import NotFound
from gennaker.plugins.gate.access import Here, answer, needs, routes

router = routes()


@router.get("/instances/{account}/{region}/{instance}", tags=["instances"], **needs("read"))
def get_instance(here: Here, account: str, region: str, instance: str, provider: str = "") -> Response:
    """One instance with its health."""
    found = here.inventory.instance(account, region, instance)
    if found is None or (provider and found[0].provider != provider):
        raise NotFound(f"Instance not found (id: {account}:{region}:{instance})")
    return answer(instance_details_json(*found))
