"""What a cloud can do, as its plugin writes it: reads of what is there now, and small operations that may be repeated.

Separate because the stages are written once against this. An operation asks for a change and returns; whether the change is there is
read afterwards. The same key again makes nothing twice (rule 10): what is created carries the key in a tag and is found by it.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from gennaker.core.cloud.model import Account, Capacity, Firewall, Image, LoadBalancer, ServerGroup
from gennaker.core.errors import GennakerError

Json = dict[str, Any]
#: What a cloud may be able to do; a stage that needs another one is warned of when a pipeline is saved and refused when it runs.
Capability = Literal[
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
]
#: The tag, label or note in which what was created holds its effect key.
KEY_TAG = "gennaker:key"


class CloudError(GennakerError):
    """The cloud refused or failed. The message names the resource and what to do; `retryable`: the same call may work later."""

    status = 502

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class Operation(Struct, frozen=True, kw_only=True):
    """Why a change is made: what makes a repeat the same, and whom to name in tags."""

    #: The effect key.
    key: str
    #: It may have been made before.
    again: bool = False
    user: str = ""
    application: str = ""
    execution: str = ""
    #: Seconds that the call may take.
    seconds: float = 60.0
    #: When it was asked for, on this process's steady clock.
    since: float = field(default_factory=time.monotonic)

    def check_time(self, what: str) -> None:
        """To be called right before each change of `what`. Raises CloudError when the time is over: others go on by then, and it could undo what they did."""
        if time.monotonic() - self.since >= self.seconds:
            raise CloudError(
                f"{what}: the call's time is over before this change; it goes on when it is made again", retryable=True
            )


class ImageQuery(Struct, frozen=True, kw_only=True):
    """Which images: all that is given must fit."""

    #: Name with `*`, or an id.
    name: str = ""
    tags: dict[str, str] = {}
    #: Owners, in the cloud's words; empty = ourselves.
    owners: tuple[str, ...] = ()


class Cloud:
    """The parent of all providers. A method that a cloud has no `Capability` for is never called. All methods may be called from many threads.

    Reads raise CloudError; operations raise CloudError, and InvalidRequest for a wish that cannot be met as it stands. An operation begins
    no change once its time is over (`Operation.check_time`).
    """

    #: The provider's name in `cloudProvider`.
    name: str
    capabilities: frozenset[Capability] = frozenset()
    #: The health type of the cloud itself.
    platform_health: str = ""
    #: Seconds between two looks of the inventory at an account and region.
    poll_s: float = 30.0

    def accounts(self) -> Sequence[Account]:
        """The accounts that are configured; asks nobody."""
        raise _missing(self, "accounts")

    def server_groups(self, account: str, region: str, application: str = "") -> list[ServerGroup]:
        """The server groups that are there now, of one application or all."""
        raise _missing(self, "server_groups")

    def server_group(self, account: str, region: str, name: str) -> ServerGroup | None:
        """One server group as it is now; None when there is none."""
        raise _missing(self, "server_group")

    def load_balancers(self, account: str, region: str) -> list[LoadBalancer]:
        """The load balancers that are there now."""
        return []

    def firewalls(self, account: str, region: str) -> list[Firewall]:
        """The firewalls that are there now."""
        return []

    def images(self, account: str, region: str, query: ImageQuery) -> list[Image]:
        """Images, newest first."""
        return []

    def console(self, account: str, region: str, instance: str) -> str:
        """The end of what an instance has written, without secrets; empty when nothing is known. Raises CloudError."""
        return ""

    def check(self, wanted: Json) -> list[str]:
        """What is wrong with the fields of a `createServerGroup`, each with its place; nothing is asked of the cloud."""
        return []

    def plan(self, wanted: Json) -> list[str]:
        """What creating it would make, change or remove, one sentence each; reads only."""
        return []

    def create(self, wanted: Json, operation: Operation) -> str:
        """Create the next server group of a cluster from the fields of a `createServerGroup` (capacity and image complete); its name."""
        raise _missing(self, "create")

    def resize(self, group: ServerGroup, capacity: Capacity, operation: Operation) -> None:
        """Set how many instances it has."""
        raise _missing(self, "resize")

    def enable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """Give traffic to so many per cent of its instances."""
        raise _missing(self, "enable")

    def disable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """Take traffic from so many per cent of its instances, those that have none yet counted in; 100 = the group is disabled."""
        raise _missing(self, "disable")

    def destroy(self, group: ServerGroup, operation: Operation) -> None:
        """Remove it with its instances and what was made for it alone. It may be gone, with only name and place known: then what is left of it."""
        raise _missing(self, "destroy")

    def terminate(
        self, account: str, region: str, instances: Collection[str], operation: Operation, *, shrink: bool = False
    ) -> None:
        """End instances; with `shrink` their groups want so many less afterwards."""
        raise _missing(self, "terminate")

    def upsert_load_balancer(self, account: str, region: str, wanted: Json, operation: Operation) -> str:
        """Create or change a load balancer; its name."""
        raise _missing(self, "upsert_load_balancer")

    def delete_load_balancer(self, account: str, region: str, name: str, operation: Operation) -> None:
        """Remove a load balancer; one that is not there is fine."""
        raise _missing(self, "delete_load_balancer")

    def upsert_firewall(self, account: str, region: str, wanted: Json, operation: Operation) -> str:
        """Create or change a firewall: rules that are missing are added, others removed; its id."""
        raise _missing(self, "upsert_firewall")

    def delete_firewall(self, account: str, region: str, name: str, operation: Operation) -> None:
        """Remove a firewall; one that is not there is fine."""
        raise _missing(self, "delete_firewall")

    def tag_images(
        self, account: str, region: str, names: Collection[str], tags: dict[str, str], operation: Operation
    ) -> list[Image]:
        """Set tags of images; the images as they are then."""
        raise _missing(self, "tag_images")

    def upsert_scaling_policy(self, group: ServerGroup, wanted: Json, operation: Operation) -> str:
        """Create or change a scaling policy of a server group; its name."""
        raise _missing(self, "upsert_scaling_policy")

    def delete_scaling_policy(self, group: ServerGroup, name: str, operation: Operation) -> None:
        """Remove a scaling policy; one that is not there is fine."""
        raise _missing(self, "delete_scaling_policy")


def _missing(cloud: Cloud, method: str) -> TypeError:
    return TypeError(f"cloud {cloud.name!r} declares what needs {method}() and has no such method")
