"""Instances, one by one; lists of them are in their server groups."""

from fastapi import Response

from gennaker.core.cloud.model import Instance, ServerGroup
from gennaker.core.cloud.view import instance_details_json
from gennaker.core.errors import NotFound, Unavailable
from gennaker.plugins.gate.access import Here, answer, needs, routes

router = routes()


@router.get("/instances/{account}/{region}/{instance}", tags=["instances"], **needs("read"))
def get_instance(here: Here, account: str, region: str, instance: str, provider: str = "") -> Response:
    """One instance with its health."""
    return answer(instance_details_json(*_found(here, account, region, instance, provider)))


@router.get("/instances/{account}/{region}/{instance}/console", tags=["instances"], **needs("read"))
def get_console(here: Here, account: str, region: str, instance: str, provider: str = "") -> Response:
    """The end of what an instance has written: `{output}`. The cloud is asked now."""
    group, one = _found(here, account, region, instance, provider)
    cloud = here.services.clouds.get(group.provider)
    if cloud is None:
        raise Unavailable(f"this process does not have cloud {group.provider}; ask one whose configuration has it")
    return answer({"output": cloud.console(account, region, one.id)})


def _found(here: Here, account: str, region: str, instance: str, provider: str) -> tuple[ServerGroup, Instance]:
    found = here.inventory.instance(account, region, instance)
    if found is None or (provider and found[0].provider != provider):
        raise NotFound(f"Instance not found (id: {account}:{region}:{instance})")
    return found
