"""What may be asked of the inventory: reads of what the clouds had when they were looked at last.

Separate from `core.services` because it speaks of clouds, and from `core.inventory` because plugins may know this and nothing behind it.
"""

from typing import Any, Protocol

from msgspec import Struct

from gennaker.core.cloud.model import Account, Firewall, Image, Instance, LoadBalancer, ServerGroup

Json = dict[str, Any]


class Place(Struct, frozen=True, kw_only=True):
    """Where to look in the inventory; empty means anywhere."""

    provider: str = ""
    account: str = ""
    region: str = ""
    #: Compared without case.
    application: str = ""
    cluster: str = ""
    #: Of firewalls and images their id, too.
    name: str = ""


class Found(Struct, frozen=True, kw_only=True):
    """One thing whose name a search found."""

    #: `serverGroups`, `instances`, `loadBalancers`, `securityGroups` or `images`.
    kind: str
    provider: str
    account: str
    region: str
    name: str
    id: str
    application: str
    cluster: str
    #: Of an instance.
    server_group: str = ""


class Inventory(Protocol):
    """What the clouds have, as it was seen last; the clouds themselves are not asked. Lists are by account, region and name."""

    def accounts(self) -> list[Account]:
        """The accounts of all clouds, by name."""

    def areas(self) -> list[Json]:
        """How looking goes, for each account and region: `{account, region, provider, succeeded, error, …}`."""

    def clusters(self, application: str) -> dict[str, list[str]]:
        """The names of an application's clusters, by account."""

    def server_groups(self, place: Place) -> list[ServerGroup]:
        """The server groups there."""

    def load_balancers(self, place: Place) -> list[LoadBalancer]:
        """The load balancers there; those of an application are named after it or have server groups of it."""

    def firewalls(self, place: Place) -> list[Firewall]:
        """The firewalls there."""

    def images(self, place: Place, text: str = "") -> list[Image]:
        """The images there; with `text` those that have it in their name (`*` stands for anything), or as id."""

    def instance(self, account: str, region: str, id_: str) -> tuple[ServerGroup, Instance] | None:
        """An instance and its server group."""

    def search(self, text: str, kind: str, limit: int) -> list[Found]:
        """What has a text in its name or id, without case."""
