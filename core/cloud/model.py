"""What clouds have: server groups, instances and their health, load balancers, firewalls, images, accounts.

Separate from providers because stages, inventory and API read these whatever the cloud. Times are epoch milliseconds; `extra` is what only
one cloud knows, in the JSON that its clients expect.
"""

from typing import Any, Literal

from msgspec import Struct

Json = dict[str, Any]
State = Literal["Up", "Down", "OutOfService", "Starting", "Succeeded", "Failed", "Draining", "Unknown"]


class Account(Struct, frozen=True, kw_only=True):
    """Credentials under a name: what pipelines call `credentials` or `account`."""

    name: str
    provider: str
    environment: str = ""
    type: str = ""
    regions: tuple[str, ...] = ()
    extra: Json = {}


class Capacity(Struct, frozen=True, kw_only=True):
    """How many instances a server group has: at least, at most, wanted now."""

    min: int
    max: int
    desired: int

    @property
    def pinned(self) -> bool:
        """Nothing may scale it."""
        return self.min == self.max == self.desired


class Health(Struct, frozen=True, kw_only=True):
    """What one source says of an instance."""

    #: The source: `Amazon`, `LoadBalancer`, `TargetGroup`, `Local` …
    type: str
    state: State
    #: It is the cloud itself, which knows that an instance runs but not that it serves.
    platform: bool = False
    extra: Json = {}


class Instance(Struct, frozen=True, kw_only=True):
    """One machine, container or process of a server group."""

    id: str
    zone: str = ""
    launched: int = 0
    healths: tuple[Health, ...] = ()
    extra: Json = {}


class Image(Struct, frozen=True, kw_only=True):
    """Something that instances are made from."""

    id: str
    name: str
    provider: str
    account: str = ""
    region: str = ""
    created: int = 0
    tags: dict[str, str] = {}
    extra: Json = {}


class ServerGroup(Struct, frozen=True, kw_only=True):
    """Instances of one image that are scaled together."""

    name: str
    provider: str
    account: str
    region: str
    created: int
    capacity: Capacity
    #: It gets no traffic.
    disabled: bool = False
    zones: tuple[str, ...] = ()
    instances: tuple[Instance, ...] = ()
    image: Image | None = None
    load_balancers: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    firewalls: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    extra: Json = {}

    @property
    def where(self) -> str:
        """Its place, for people."""
        return f"{self.account}/{self.region}/{self.name}"


class LoadBalancer(Struct, frozen=True, kw_only=True):
    """Something that spreads traffic over server groups."""

    name: str
    provider: str
    account: str
    region: str
    #: `classic`, `application`, `network`, or the cloud's own word.
    type: str = ""
    #: Server group to the states of its instances here, by instance id.
    server_groups: dict[str, dict[str, State]] = {}
    #: Applications that it belongs to, by its name and tags.
    extra: Json = {}


class Firewall(Struct, frozen=True, kw_only=True):
    """Rules for traffic; Spinnaker's word is security group. Rules are in Spinnaker's JSON."""

    id: str
    name: str
    provider: str
    account: str
    region: str
    inbound: tuple[Json, ...] = ()
    outbound: tuple[Json, ...] = ()
    extra: Json = {}
