"""A cloud that is a few lists: what the inventory sees is what a test puts there."""

import threading
from collections.abc import Callable
from typing import Any

from gennaker.core.cloud.model import Account, Capacity, Firewall, Health, Image, Instance, LoadBalancer, ServerGroup
from gennaker.core.cloud.provider import Cloud, ImageQuery, Operation


class TinyCloud(Cloud):
    """Account `prod` with the regions `north` and `south`. `before` is called in every read of server groups."""

    name = "tiny"
    platform_health = "Tiny"
    poll_s = 3600.0
    capabilities = frozenset({"destroy", "findImage"})

    def __init__(self) -> None:
        self.groups: list[ServerGroup] = []
        self.balancers: list[LoadBalancer] = []
        self.walls: list[Firewall] = []
        self.pictures: list[Image] = []
        self.reads: list[tuple[str, str]] = []
        self.before: Callable[[], Any] = lambda: None
        self._lock = threading.Lock()

    def accounts(self) -> list[Account]:
        return [Account(name="prod", provider="tiny", environment="live", regions=("north", "south"))]

    def console(self, account: str, region: str, instance: str) -> str:
        return f"{account}/{region}/{instance} says hello"

    def server_groups(self, account: str, region: str, application: str = "") -> list[ServerGroup]:
        with self._lock:
            self.reads.append((region, application))
            found = [
                one for one in self.groups if one.region == region and one.name.lower().startswith(application.lower())
            ]
        self.before()
        return found

    def load_balancers(self, account: str, region: str) -> list[LoadBalancer]:
        return [one for one in self.balancers if one.region == region]

    def firewalls(self, account: str, region: str) -> list[Firewall]:
        return [one for one in self.walls if one.region == region]

    def images(self, account: str, region: str, query: ImageQuery) -> list[Image]:
        return [one for one in self.pictures if one.region == region]

    def destroy(self, group: ServerGroup, operation: Operation) -> None:
        with self._lock:
            self.groups = [one for one in self.groups if one.name != group.name]


def machine(id_: str, state: Any = "Up", **fields: Any) -> Instance:
    """An instance that the cloud itself says nothing of, and a load balancer this."""
    healths = (
        Health(type="Tiny", state="Unknown", platform=True),
        Health(type="LoadBalancer", state=state, extra={"loadBalancers": [{"name": "shop-front"}]}),
    )
    return Instance(id=id_, zone="north-a", launched=5, healths=healths, **fields)


def group(name: str, *instances: Instance, **fields: Any) -> ServerGroup:
    """A server group in `prod/north`."""
    given = {
        "provider": "tiny",
        "account": "prod",
        "region": "north",
        "created": 1,
        "capacity": Capacity(min=1, max=9, desired=len(instances)),
        "zones": ("north-a",),
        "instances": instances,
    }
    return ServerGroup(name=name, **{**given, **fields})
