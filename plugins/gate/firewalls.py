"""Firewalls, which Spinnaker calls security groups: by account, and one with its rules. Both words are in its paths."""

from fastapi import Response

from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.model import Firewall
from gennaker.core.cloud.view import firewall_json, firewall_summary_json
from gennaker.core.errors import NotFound
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Here, answer, needs, routes

router = routes()


@router.get("/firewalls", tags=["firewalls"], **needs("read"))
@router.get("/securityGroups", tags=["firewalls"], **needs("read"))
def list_firewalls(here: Here, id: str = "", provider: str = "") -> Response:
    """All firewalls by account, cloud and region; with `id` those with this id or name."""
    found: dict[str, dict[str, dict[str, list[Json]]]] = {}
    for one in here.inventory.firewalls(Place(name=id, provider=provider)):
        regions = found.setdefault(one.account, {}).setdefault(one.provider, {})
        regions.setdefault(one.region, []).append(firewall_summary_json(one))
    return answer(found)


@router.get("/firewalls/{account}", tags=["firewalls"], **needs("read"))
@router.get("/securityGroups/{account}", tags=["firewalls"], **needs("read"))
def firewalls_of_account(here: Here, account: str, provider: str = "", region: str = "") -> Response:
    """An account's firewalls by region, or the list of one region."""
    there = here.inventory.firewalls(Place(account=account, provider=provider, region=region))
    if region:
        return answer([firewall_summary_json(one) for one in there])
    found: dict[str, list[Json]] = {}
    for one in there:
        found.setdefault(one.region, []).append(firewall_summary_json(one))
    return answer(found)


@router.get("/firewalls/{account}/{region}/{name}", tags=["firewalls"], **needs("read"))
@router.get("/securityGroups/{account}/{region}/{name}", tags=["firewalls"], **needs("read"))
def get_firewall(here: Here, account: str, region: str, name: str, provider: str = "", vpcId: str = "") -> Response:
    """A firewall with its rules, by name or id; `vpcId` tells those of one name apart."""
    place = Place(account=account, region=region, name=name, provider=provider)
    found = [one for one in here.inventory.firewalls(place) if not vpcId or _network(one) == vpcId]
    if not found:
        raise NotFound(f"Security group not found (id: {account}:{region}:{name})")
    return answer(firewall_json(found[0]))


def _network(firewall: Firewall) -> str:
    return str(firewall.extra.get("vpcId") or "")
