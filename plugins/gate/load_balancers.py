"""Load balancers: of an application, of a cloud, and one by its place."""

from collections.abc import Iterable

from fastapi import Response

from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.model import LoadBalancer, ServerGroup
from gennaker.core.cloud.view import load_balancer_json
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Gate, Here, answer, needs, routes

router = routes()


@router.get("/applications/{application}/loadBalancers", tags=["load balancers"], **needs("read"))
def load_balancers_of_application(here: Here, application: str) -> Response:
    """The load balancers that are named after an application or have server groups of it."""
    return answer(_whole(here, here.inventory.load_balancers(Place(application=application))))


@router.get("/loadBalancers", tags=["load balancers"], **needs("read"))
def list_load_balancers(here: Here, provider: str = "") -> Response:
    """The names of all load balancers, each with the accounts and regions that have it."""
    return answer(_summaries(here.inventory.load_balancers(Place(provider=provider))))


@router.get("/loadBalancers/{name}", tags=["load balancers"], **needs("read"))
def load_balancers_named(here: Here, name: str, provider: str = "") -> Response:
    """The accounts and regions that have a load balancer of this name."""
    found = _summaries(here.inventory.load_balancers(Place(provider=provider, name=name)))
    return answer(found[0] if found else {"name": name, "accounts": []})


@router.get("/loadBalancers/{account}/{region}/{name}", tags=["load balancers"], **needs("read"))
def get_load_balancer(here: Here, account: str, region: str, name: str, provider: str = "") -> Response:
    """The load balancers of this name there: one, or none."""
    place = Place(account=account, region=region, name=name, provider=provider)
    return answer(_whole(here, here.inventory.load_balancers(place)))


def _whole(here: Gate, balancers: Iterable[LoadBalancer]) -> list[Json]:
    known: dict[tuple[str, str], dict[str, ServerGroup]] = {}
    shown = []
    for one in balancers:
        place = (one.account, one.region)
        if place not in known:
            groups = here.inventory.server_groups(Place(account=one.account, region=one.region))
            known[place] = {group.name: group for group in groups}
        shown.append(load_balancer_json(one, known[place]))
    return shown


def _summaries(balancers: Iterable[LoadBalancer]) -> list[Json]:
    named: dict[str, dict[str, dict[str, list[Json]]]] = {}
    for one in balancers:
        told = {**one.extra, "name": one.name, "type": one.provider, "cloudProvider": one.provider}
        told |= {"account": one.account, "region": one.region, "loadBalancerType": one.type or None}
        named.setdefault(one.name, {}).setdefault(one.account, {}).setdefault(one.region, []).append(told)
    return [
        {
            "name": name,
            "accounts": [
                {
                    "name": account,
                    "regions": [{"name": region, "loadBalancers": same} for region, same in regions.items()],
                }
                for account, regions in accounts.items()
            ],
        }
        for name, accounts in sorted(named.items())
    ]
