"""The cloud `aws` as the program knows it: each method finds its place and hands on.

Separate because this is the contract; what it does stands in the files beside.
"""

from collections.abc import Collection, Sequence
from typing import Any

from gennaker.core.cloud.model import Account, Capacity, Firewall, Image, LoadBalancer, ServerGroup
from gennaker.core.cloud.provider import Capability, Cloud, ImageQuery, Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import (
    balancers,
    balancing,
    checking,
    classic,
    creating,
    firewalls,
    groups,
    images,
    modern,
    planning,
    policies,
    removing,
    resolving,
    sizing,
    traffic,
)
from gennaker.plugins.aws import (
    wanted as fields,
)
from gennaker.plugins.aws.health import PLATFORM
from gennaker.plugins.aws.instances import console as console_of
from gennaker.plugins.aws.place import Places
from gennaker.plugins.aws.settings import Settings
from gennaker.plugins.aws.templates import Blueprints

Json = dict[str, Any]
_CAPABILITIES: frozenset[Capability] = frozenset(
    {
        "create",
        "clone",
        "resize",
        "enable",
        "disable",
        "partialDisable",
        "destroy",
        "terminate",
        "findImage",
        "tagImage",
        "loadBalancer",
        "firewall",
        "scalingPolicy",
    }
)


class AwsCloud(Cloud):
    """Amazon EC2 in the accounts of `plugins.aws`."""

    name = "aws"
    capabilities = _CAPABILITIES
    platform_health = PLATFORM

    def __init__(self, settings: Settings) -> None:
        self.poll_s = settings.poll_s
        self._settings = settings
        self._places = Places(settings)
        self._blueprints = Blueprints()

    def accounts(self) -> Sequence[Account]:
        """See Cloud."""
        return [
            Account(
                name=one.name,
                provider=self.name,
                environment=one.environment,
                type=one.type,
                regions=one.regions,
                extra={"accountId": one.account_id, "assumeRole": one.assume_role, "defaultKeyPair": one.key_pair},
            )
            for one in self._settings.accounts
        ]

    def server_groups(self, account: str, region: str, application: str = "") -> list[ServerGroup]:
        """See Cloud."""
        return groups.read(self._places.at(account, region), self._blueprints, application)

    def server_group(self, account: str, region: str, name: str) -> ServerGroup | None:
        """See Cloud."""
        return next(iter(groups.read(self._places.at(account, region), self._blueprints, name=name)), None)

    def load_balancers(self, account: str, region: str) -> list[LoadBalancer]:
        """See Cloud."""
        return balancers.read(self._places.at(account, region))

    def firewalls(self, account: str, region: str) -> list[Firewall]:
        """See Cloud."""
        return firewalls.read(self._places.at(account, region))

    def images(self, account: str, region: str, query: ImageQuery) -> list[Image]:
        """See Cloud."""
        return images.find(self._places.at(account, region), query)

    def console(self, account: str, region: str, instance: str) -> str:
        """See Cloud."""
        return console_of(self._places.at(account, region), instance)

    def check(self, wanted: Json) -> list[str]:
        """See Cloud."""
        try:
            typed = fields.read(wanted)
        except InvalidRequest as error:
            return [str(error)]
        found = checking.problems(typed)
        try:
            account, region, _ = fields.place_of(typed)
            self._places.at(account, region)
        except InvalidRequest as error:
            return found if str(error) in found else [*found, str(error)]
        return found

    def plan(self, wanted: Json) -> list[str]:
        """See Cloud."""
        whole, account, region = resolving.complete(self._places, self._blueprints, wanted)
        return planning.planned(self._places.at(account, region), whole)

    def create(self, wanted: Json, operation: Operation) -> str:
        """See Cloud. With `clone: true` what is not given is taken from `source`."""
        whole, account, region = resolving.complete(self._places, self._blueprints, wanted)
        source = None
        if whole.source.name:
            source = self._places.at(whole.source.account or account, whole.source.region or region, operation)
        return creating.create(self._places.at(account, region, operation), source, whole, operation)

    def resize(self, group: ServerGroup, capacity: Capacity, operation: Operation) -> None:
        """See Cloud."""
        sizing.resize(self._places.at(group.account, group.region, operation), group.name, capacity)

    def enable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """See Cloud."""
        traffic.enable(self._places.at(group.account, group.region, operation), group.name, percentage)

    def disable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """See Cloud."""
        traffic.disable(self._places.at(group.account, group.region, operation), group.name, percentage)

    def destroy(self, group: ServerGroup, operation: Operation) -> None:
        """See Cloud."""
        removing.destroy(self._places.at(group.account, group.region, operation), group)

    def terminate(
        self, account: str, region: str, instances: Collection[str], operation: Operation, *, shrink: bool = False
    ) -> None:
        """See Cloud."""
        place = self._places.at(account, region, operation)
        if shrink:
            sizing.shrink(place, instances)
        else:
            sizing.end(place, instances)

    def upsert_load_balancer(self, account: str, region: str, wanted: Json, operation: Operation) -> str:
        """See Cloud."""
        place, typed = self._places.at(account, region, operation), balancing.read(wanted)
        if typed.load_balancer_type == "classic":
            return classic.upsert(place, typed, operation)
        return modern.upsert(place, typed, operation)

    def delete_load_balancer(self, account: str, region: str, name: str, operation: Operation) -> None:
        """See Cloud."""
        place = self._places.at(account, region, operation)
        modern.remove(place, name)
        classic.remove(place, name)

    def upsert_firewall(self, account: str, region: str, wanted: Json, operation: Operation) -> str:
        """See Cloud."""
        return firewalls.upsert(self._places.at(account, region, operation), wanted, operation)

    def delete_firewall(self, account: str, region: str, name: str, operation: Operation) -> None:
        """See Cloud."""
        firewalls.remove(self._places.at(account, region, operation), name)

    def tag_images(
        self, account: str, region: str, names: Collection[str], tags: dict[str, str], operation: Operation
    ) -> list[Image]:
        """See Cloud."""
        return images.tag(self._places.at(account, region, operation), names, tags, operation)

    def upsert_scaling_policy(self, group: ServerGroup, wanted: Json, operation: Operation) -> str:
        """See Cloud."""
        place = self._places.at(group.account, group.region, operation)
        return policies.upsert(place, group.name, wanted, operation)

    def delete_scaling_policy(self, group: ServerGroup, name: str, operation: Operation) -> None:
        """See Cloud."""
        policies.remove(self._places.at(group.account, group.region, operation), group.name, name)
