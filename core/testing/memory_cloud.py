"""A cloud that is a dictionary: a real state machine on the test's clock, with health that comes late and faults that are asked for.

Separate from `rig` because any test of what is built on clouds may use it, with the rig or with a daemon.
"""

import math
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import msgspec

from gennaker.core.cloud.model import Account, Capacity, Firewall, Health, Image, Instance, LoadBalancer, ServerGroup
from gennaker.core.cloud.names import cluster_name, next_name, parse
from gennaker.core.cloud.provider import KEY_TAG, Capability, Cloud, ImageQuery, Operation
from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]
_ALL: frozenset[Capability] = frozenset(
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


class Machine(msgspec.Struct):
    """An instance as it is kept."""

    id: str
    launched: int
    #: When it last began to get traffic; None = it gets none.
    serving: int | None


class Group(msgspec.Struct, kw_only=True):
    """A server group as it is kept."""

    name: str
    account: str
    region: str
    created: int
    capacity: Capacity
    image: Image
    key: str
    disabled: bool = False
    machines: list[Machine] = []
    #: It is gone from this instant on.
    gone_at: int | None = None
    #: What `create` was given.
    wanted: Json = {}
    #: Scaling policies by name.
    policies: dict[str, Json] = {}


class Fault(msgspec.Struct):
    """A call that fails so many times, before its effect or after it."""

    method: str
    error: Exception
    times: int = 1
    after: bool = False


class MemoryCloud(Cloud):
    """Accounts `prod` and `test` with the regions `here` and `there`; images are those that `add_image` was told.

    Instances of an image in `bad_images` never come up. `watch` is called after every change, and may look at anything.
    """

    platform_health = "Memory"

    def __init__(
        self,
        clock: Callable[[], int],
        *,
        name: str = "memory",
        boot_s: float = 40.0,
        leave_s: float = 15.0,
        capabilities: Collection[Capability] = _ALL,
    ) -> None:
        self.name = name
        self.clock = clock
        self.boot_s, self.leave_s = boot_s, leave_s
        self.capabilities = frozenset(capabilities)
        self.groups: dict[tuple[str, str, str], Group] = {}
        self.image_list: list[Image] = []
        self.bad_images: set[str] = set()
        self.balancers: dict[tuple[str, str, str], Json] = {}
        self.walls: dict[tuple[str, str, str], Json] = {}
        self.faults: list[Fault] = []
        #: Every operation that was asked for, in order: method, subject, key.
        self.asked: list[tuple[str, str, str]] = []
        self.watch: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self._numbers = 0

    def fail(self, method: str, error: Exception, *, times: int = 1, after: bool = False) -> None:
        """Let the next calls of an operation fail; `after`: once the effect took place."""
        self.faults.append(Fault(method, error, times, after))

    def add_image(self, name: str, account: str = "prod", *, bad: bool = False, **tags: str) -> Image:
        """An image in every region."""
        for region in ("here", "there"):
            made = Image(
                id=f"img-{name}-{region}",
                name=name,
                provider=self.name,
                account=account,
                region=region,
                created=self.clock() + len(self.image_list),
                tags=tags,
            )
            self.image_list.append(made)
        if bad:
            self.bad_images.add(name)
        return self.image_list[-2]

    def add_group(self, name: str, size: int = 2, *, image: str = "", **options: Any) -> Group:
        """A server group that was there before, with instances that are up; `options` are fields of `Group`."""
        account, region = options.pop("account", "prod"), options.pop("region", "here")
        known = [each for each in self.image_list if each.name == image]
        booted = self.clock() - round(self.boot_s * 1000)
        group = Group(
            name=name,
            account=account,
            region=region,
            created=options.pop("created", booted + len(self.groups)),
            capacity=options.pop("capacity", Capacity(min=size, max=size, desired=size)),
            image=known[0] if known else Image(id=f"img-{name}", name=image or name, provider=self.name),
            key=name,
            **options,
        )
        for _ in range(group.capacity.desired):
            group.machines.append(self._machine(booted, serving=not group.disabled))
        self.groups[account, region, name] = group
        return group

    def accounts(self) -> Sequence[Account]:
        """See Cloud."""
        return [
            Account(name=name, provider=self.name, environment=name, regions=("here", "there"))
            for name in ("prod", "test")
        ]

    def server_groups(self, account: str, region: str, application: str = "") -> list[ServerGroup]:
        """See Cloud."""
        with self._lock:
            self._trouble("server_groups", after=False)
            here = [group for group in self._live() if (group.account, group.region) == (account, region)]
            return [self._seen(group) for group in here if not application or parse(group.name).app == application]

    def server_group(self, account: str, region: str, name: str) -> ServerGroup | None:
        """See Cloud."""
        with self._lock:
            self._trouble("server_group", after=False)
            found = [one for one in self._live() if (one.account, one.region, one.name) == (account, region, name)]
            return self._seen(found[0]) if found else None

    def load_balancers(self, account: str, region: str) -> list[LoadBalancer]:
        """See Cloud."""
        return [
            LoadBalancer(name=name, provider=self.name, account=account, region=region, extra=wanted)
            for (where, place, name), wanted in self.balancers.items()
            if (where, place) == (account, region)
        ]

    def firewalls(self, account: str, region: str) -> list[Firewall]:
        """See Cloud."""
        return [
            Firewall(id=f"fw-{name}", name=name, provider=self.name, account=account, region=region, extra=wanted)
            for (where, place, name), wanted in self.walls.items()
            if (where, place) == (account, region)
        ]

    def images(self, account: str, region: str, query: ImageQuery) -> list[Image]:
        """See Cloud."""
        found = [
            image
            for image in self.image_list
            if image.region == region
            and query.name in ("", "*", image.name, image.id)
            and all(image.tags.get(key) == value for key, value in query.tags.items())
        ]
        return sorted(found, key=lambda image: image.created, reverse=True)

    def check(self, wanted: Json) -> list[str]:
        """See Cloud."""
        size = wanted.get("instanceType")
        return [f"instanceType: {size!r} is unknown"] if size == "impossible" else []

    def plan(self, wanted: Json) -> list[str]:
        """See Cloud."""
        name = cluster_name(wanted["application"], wanted.get("stack") or "", wanted.get("freeFormDetails") or "")
        return [f"creates a server group of {name}"]

    def create(self, wanted: Json, operation: Operation) -> str:
        """See Cloud."""
        account, region = wanted["account"], wanted["region"]
        with self._lock, _Change(self, "create", region, operation):
            for group in self.groups.values():
                if group.key == operation.key:
                    return group.name
            cluster = cluster_name(
                wanted["application"], wanted.get("stack") or "", wanted.get("freeFormDetails") or ""
            )
            mine = [one for one in self._live() if (one.account, one.region) == (account, region)]
            taken = {one.name: one.created for one in mine if parse(one.name).cluster == cluster}
            name = next_name(cluster, taken)
            images = [one for one in self.image_list if wanted["imageId"] in (one.id, one.name)]
            if not images:
                raise InvalidRequest(f"there is no image {wanted['imageId']!r}", "imageId")
            group = Group(
                name=name,
                account=account,
                region=region,
                created=self.clock(),
                capacity=Capacity(**wanted["capacity"]),
                image=images[0],
                key=operation.key,
                disabled="AddToLoadBalancer" in (wanted.get("suspendedProcesses") or ()),
                wanted=wanted,
            )
            self.groups[account, region, name] = group
            self._fill(group)
            return name

    def resize(self, group: ServerGroup, capacity: Capacity, operation: Operation) -> None:
        """See Cloud."""
        with self._lock, _Change(self, "resize", group.name, operation):
            kept = self._kept(group)
            kept.capacity = capacity
            self._fill(kept)

    def enable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """See Cloud."""
        with self._lock, _Change(self, "enable", group.name, operation):
            kept = self._kept(group)
            kept.disabled = False
            for machine in kept.machines[: math.ceil(len(kept.machines) * percentage / 100)]:
                machine.serving = machine.serving or self.clock()

    def disable(self, group: ServerGroup, operation: Operation, percentage: int = 100) -> None:
        """See Cloud."""
        with self._lock, _Change(self, "disable", group.name, operation):
            kept = self._kept(group)
            kept.disabled = kept.disabled or percentage >= 100
            for machine in kept.machines[: math.ceil(len(kept.machines) * percentage / 100)]:
                machine.serving = None

    def destroy(self, group: ServerGroup, operation: Operation) -> None:
        """See Cloud."""
        with self._lock, _Change(self, "destroy", group.name, operation):
            kept = self._kept(group)
            kept.machines.clear()
            kept.disabled = True
            kept.gone_at = kept.gone_at or self.clock() + round(self.leave_s * 1000)

    def terminate(
        self, account: str, region: str, instances: Collection[str], operation: Operation, *, shrink: bool = False
    ) -> None:
        """See Cloud."""
        with self._lock, _Change(self, "terminate", ",".join(instances), operation):
            for group in self._live():
                left = [machine for machine in group.machines if machine.id not in instances]
                gone = len(group.machines) - len(left)
                group.machines = left
                if shrink and gone:
                    had = group.capacity
                    desired = had.desired - gone
                    group.capacity = Capacity(min=min(had.min, desired), max=had.max, desired=desired)
                self._fill(group)

    def upsert_load_balancer(self, account: str, region: str, wanted: Json, operation: Operation) -> str:
        """See Cloud."""
        with _Change(self, "upsert_load_balancer", wanted["name"], operation):
            self.balancers[account, region, wanted["name"]] = wanted
            return str(wanted["name"])

    def delete_load_balancer(self, account: str, region: str, name: str, operation: Operation) -> None:
        """See Cloud."""
        with _Change(self, "delete_load_balancer", name, operation):
            self.balancers.pop((account, region, name), None)

    def upsert_firewall(self, account: str, region: str, wanted: Json, operation: Operation) -> str:
        """See Cloud."""
        with _Change(self, "upsert_firewall", wanted["name"], operation):
            self.walls[account, region, wanted["name"]] = wanted
            return f"fw-{wanted['name']}"

    def delete_firewall(self, account: str, region: str, name: str, operation: Operation) -> None:
        """See Cloud."""
        with _Change(self, "delete_firewall", name, operation):
            self.walls.pop((account, region, name), None)

    def tag_images(
        self, account: str, region: str, names: Collection[str], tags: dict[str, str], operation: Operation
    ) -> list[Image]:
        """See Cloud."""
        with _Change(self, "tag_images", ",".join(names), operation):
            for index, image in enumerate(self.image_list):
                if image.region == region and image.name in names:
                    self.image_list[index] = msgspec.structs.replace(image, tags={**image.tags, **tags})
            return [image for image in self.image_list if image.region == region and image.name in names]

    def upsert_scaling_policy(self, group: ServerGroup, wanted: Json, operation: Operation) -> str:
        """See Cloud."""
        with _Change(self, "upsert_scaling_policy", group.name, operation):
            name = str(wanted.get("name") or f"policy-{operation.key}")
            self._kept(group).policies[name] = dict(wanted)
            return name

    def delete_scaling_policy(self, group: ServerGroup, name: str, operation: Operation) -> None:
        """See Cloud."""
        with _Change(self, "delete_scaling_policy", group.name, operation):
            self._kept(group).policies.pop(name, None)

    def _kept(self, group: ServerGroup) -> Group:
        found = self.groups.get((group.account, group.region, group.name))
        if found is None:
            raise InvalidRequest(f"there is no server group {group.where}")
        return found

    def _live(self) -> list[Group]:
        now = self.clock()
        return [group for group in self.groups.values() if group.gone_at is None or group.gone_at > now]

    def _machine(self, launched: int, *, serving: bool) -> Machine:
        self._numbers += 1
        return Machine(f"i-{self._numbers:04d}", launched, launched if serving else None)

    def _fill(self, group: Group) -> None:
        while len(group.machines) < group.capacity.desired:
            group.machines.append(self._machine(self.clock(), serving=not group.disabled))
        del group.machines[group.capacity.desired :]

    def _health(self, group: Group, machine: Machine) -> Health:
        if machine.serving is None:
            return Health(type="LoadBalancer", state="OutOfService")
        if group.image.name in self.bad_images:
            return Health(type="LoadBalancer", state="Down")
        ready = max(machine.launched + round(self.boot_s * 1000), machine.serving)
        return Health(type="LoadBalancer", state="Up" if self.clock() >= ready else "Starting")

    def _seen(self, group: Group) -> ServerGroup:
        platform = Health(type=self.platform_health, state="Unknown", platform=True)
        instances = tuple(
            Instance(id=one.id, zone="z1", launched=one.launched, healths=(platform, self._health(group, one)))
            for one in group.machines
        )
        return ServerGroup(
            name=group.name,
            provider=self.name,
            account=group.account,
            region=group.region,
            created=group.created,
            capacity=group.capacity,
            disabled=group.disabled,
            instances=instances,
            image=group.image,
            load_balancers=("front",),
            tags={KEY_TAG: group.key},
        )

    def _trouble(self, method: str, *, after: bool) -> None:
        for fault in self.faults:
            if fault.method == method and fault.after == after and fault.times > 0:
                fault.times -= 1
                raise fault.error


class _Change:
    """An operation from beginning to end: asked, perhaps failed, and looked at."""

    def __init__(self, cloud: MemoryCloud, method: str, subject: str, operation: Operation) -> None:
        self._cloud, self._method = cloud, method
        self._in_time = partial(operation.check_time, subject)
        cloud.asked.append((method, subject, operation.key))

    def __enter__(self) -> None:
        self._cloud._trouble(self._method, after=False)
        self._in_time()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._cloud.watch()
            self._cloud._trouble(self._method, after=True)
