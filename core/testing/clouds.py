"""Whether a cloud keeps the promises that the stages build on: run it against your back end, or one that behaves like it.

Separate from `conformance` because it judges a provider and not a stage: each operation is made, made again, and looked at.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import ceil

from msgspec.structs import replace

from gennaker.core.cloud.health import is_down, is_up, up_count
from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.cloud.provider import Capability, Cloud, CloudError, Json, Operation
from gennaker.core.errors import GennakerError
from gennaker.core.testing.conformance import Finding

_LOOK_S = 0.05


def check_cloud(
    cloud: Cloud,
    account: str,
    region: str,
    wanted: Json,
    *,
    key: str = "conformance",
    sources: tuple[str, ...] | None = None,
    seconds: float = 60.0,
) -> list[Finding]:
    """Make server groups of `wanted` (the fields of a `createServerGroup`, at least two instances), and change and destroy them.

    `sources`: the health types by which an instance is up, as in `is_up`. `seconds`: how long one change may take. Server groups that
    were made are destroyed whatever is found.
    """
    trial = _Trial(cloud, account, region, wanted, key=key, sources=sources, seconds=seconds)
    try:
        trial.go()
    except (_Broken, GennakerError) as error:
        trial.problem(f"{trial.step}: {error}")
    finally:
        trial.remove_all()
    return [Finding(subject=cloud.name, problem=text) for text in trial.problems]


class _Broken(Exception):
    """A promise that all later steps need is not kept."""


class _Trial:
    def __init__(
        self,
        cloud: Cloud,
        account: str,
        region: str,
        wanted: Json,
        *,
        key: str,
        sources: tuple[str, ...] | None,
        seconds: float,
    ) -> None:
        self._cloud = cloud
        self._account = account
        self._region = region
        self._wanted = wanted
        self._key = key
        self._sources = sources
        self._seconds = seconds
        self._made: list[str] = []
        self.step = "create"
        self.problems: list[str] = []

    def problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)

    def go(self) -> None:
        capacity = Capacity(**self._wanted["capacity"])
        first = self._create("first")
        self._up(first, capacity.desired)
        self._describes(self._group(first))
        self._late(first)
        if "resize" in self._cloud.capabilities:
            self._resize(first, capacity)
        self._traffic(first, capacity.desired)
        if "terminate" in self._cloud.capabilities:
            self._terminate(first, capacity.desired)
        second = self._create("second")
        if second == first:
            self.problem(f"create: another key gave the same server group {first}")
        self._up(second, capacity.desired)
        for name in (second, first):
            self._destroy(name)
        self._nobody()

    def remove_all(self) -> None:
        for name in self._made:
            if group := self._cloud.server_group(self._account, self._region, name):
                self._cloud.destroy(group, self._operation(f"remove/{name}"))

    def _create(self, part: str) -> str:
        self.step = "create"
        name = self._cloud.create(self._wanted, self._operation(part))
        self._made.append(name)
        for again in (True, False):
            repeated = self._cloud.create(self._wanted, self._operation(part, again=again))
            if repeated != name:
                self._made.append(repeated)
                self.problem(f"create: the same key gave {name}, then {repeated} (again={again})")
        if parse(name).app != self._wanted["application"] or parse(name).sequence is None:
            self.problem(f"create: {name} is no name of application {self._wanted['application']}")
        return name

    def _resize(self, name: str, capacity: Capacity) -> None:
        self.step = "resize"
        larger = Capacity(min=capacity.min, max=capacity.max + 1, desired=capacity.desired + 1)
        for part, aim in (("up", larger), ("down", capacity)):
            self._twice(f"resize/{part}", name, partial(self._size, aim))
            self._up(name, aim.desired)
            if (found := self._group(name).capacity) != aim:
                self.problem(f"resize: wanted {aim}, found {found}")

    def _late(self, name: str) -> None:
        """An operation whose time is over changes nothing: it may come after what others did since."""
        self.step = "late"
        group = self._group(name)
        late = Operation(key=f"{self._key}/late", application=str(self._wanted["application"]), seconds=0.0)
        none = Capacity(min=0, max=0, desired=0)
        changes: dict[Capability, Callable[[], None]] = {
            "resize": lambda: self._cloud.resize(group, none, late),
            "disable": lambda: self._cloud.disable(group, late),
            "destroy": lambda: self._cloud.destroy(group, late),
        }
        for name_, change in changes.items():
            if name_ in self._cloud.capabilities:
                with suppress(CloudError):
                    change()
                    self.problem(f"{name_}: its time was over and it was made; see Operation.check_time")
        now = self._find(name)
        if now is None or (now.capacity, now.disabled) != (group.capacity, group.disabled):
            raise _Broken(f"operations whose time was over have changed {name}")

    def _size(self, aim: Capacity, group: ServerGroup, made: Operation) -> None:
        self._cloud.resize(group, aim, made)

    def _traffic(self, name: str, desired: int) -> None:
        able = self._cloud.capabilities
        if not {"enable", "disable"} <= able:
            return
        self.step = "disable"
        self._twice("disable", name, self._cloud.disable)
        self._until(lambda: self._group(name).disabled, f"{name} is disabled")
        if (group := self._group(name)).load_balancers or group.target_groups:
            self._until(
                lambda: self._all_down(name), f"all instances of {name} are down, as stages that disable wait for"
            )
        self.step = "enable"
        self._twice("enable", name, self._cloud.enable)
        self._up(name, desired)
        if "partialDisable" not in able:
            return
        self.step = "partialDisable"
        self._twice("half", name, lambda group, made: self._cloud.disable(group, made, 50))
        if (group := self._group(name)).disabled:
            self.problem("disable: half of the instances were to lose traffic, and the server group counts as disabled")
        if group.load_balancers or group.target_groups:
            rest = desired - ceil(desired / 2)
            self._until(lambda: self._count(name) == rest, f"{rest} of {desired} instances have traffic")
        self._twice("whole", name, self._cloud.enable)
        self._up(name, desired)

    def _terminate(self, name: str, desired: int) -> None:
        self.step = "terminate"
        victim = self._group(name).instances[0].id
        for again in (False, True):
            made = self._operation("terminate", again=again)
            self._cloud.terminate(self._account, self._region, [victim], made)
        self._until(lambda: victim not in self._instances(name), f"instance {victim} is gone")
        self._up(name, desired)

    def _destroy(self, name: str) -> None:
        self.step = "destroy"
        group = self._group(name)
        for again in (False, True):
            self._cloud.destroy(group, self._operation(f"destroy/{name}", again=again))
        self._until(lambda: self._find(name) is None, f"{name} is gone")
        bare = ServerGroup(
            name=name,
            provider=group.provider,
            account=group.account,
            region=group.region,
            created=0,
            capacity=Capacity(min=0, max=0, desired=0),
        )
        self._cloud.destroy(bare, self._operation(f"destroy/{name}", again=True))
        if any(one.name == name for one in self._cloud.server_groups(self._account, self._region)):
            self.problem(f"destroy: server_groups still tells of {name}")
        for balancer in self._cloud.load_balancers(self._account, self._region):
            if name in balancer.server_groups:
                self.problem(f"destroy: load balancer {balancer.name} still tells of {name}")

    def _nobody(self) -> None:
        self.step = "server_group"
        if self._find("nobody-v999") is not None:
            self.problem("server_group: found one that does not exist")

    def _describes(self, group: ServerGroup) -> None:
        """What is told of a group is where and what it is."""
        wanted = (self._cloud.name, self._account, self._region, False, Capacity(**self._wanted["capacity"]))
        found = (group.provider, group.account, group.region, group.disabled, group.capacity)
        if found != wanted:
            self.problem(f"server_group: expected {wanted}, found {found}")
        if not group.created or group.image is None:
            self.problem("server_group: it does not tell when it was created, or from which image")
        listed = self._cloud.server_groups(self._account, self._region, self._wanted["application"])
        if group.name not in [one.name for one in listed]:
            self.problem(f"server_groups: does not tell of {group.name} for its application")
        if any(one.name == group.name for one in self._cloud.server_groups(self._account, self._region, "nobody")):
            self.problem(f"server_groups: tells of {group.name} for another application")

    def _twice(self, part: str, name: str, change: Callable[[ServerGroup, Operation], None]) -> None:
        for again in (False, True):
            change(self._group(name), self._operation(f"{name}/{part}", again=again))

    def _up(self, name: str, count: int) -> None:
        """So many instances, all up."""
        self._until(lambda: self._is_up(name, count), f"{name} has {count} instances, all up")

    def _is_up(self, name: str, count: int) -> bool:
        group = self._group(name)
        for one in group.instances:
            if self.step == "create" and any(health.state == "OutOfService" for health in one.healths):
                self.problem("create: a new instance that is to get traffic counts as OutOfService; expected Starting")
        return len(group.instances) == count == self._count(name) and not group.disabled

    def _count(self, name: str) -> int:
        return up_count(self._group(name), self._sources)

    def _all_down(self, name: str) -> bool:
        return all(is_down(one) for one in self._group(name).instances)

    def _instances(self, name: str) -> list[str]:
        return [one.id for one in self._group(name).instances]

    def _find(self, name: str) -> ServerGroup | None:
        return self._cloud.server_group(self._account, self._region, name)

    def _group(self, name: str) -> ServerGroup:
        found = self._find(name)
        if found is None:
            raise _Broken(f"server group {name} is not there")
        return found

    def _until(self, true: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + self._seconds
        while not true():
            if time.monotonic() > until:
                raise _Broken(f"after {self._seconds:g} s it is not so that {what}; found {self._state()}")
            time.sleep(_LOOK_S)

    def _state(self) -> str:
        groups = [group for name in self._made if (group := self._find(name)) is not None]
        return (
            "; ".join(
                f"{one.name}: {len(one.instances)} instances, "
                f"{sum(is_up(each, self._sources) for each in one.instances)} up, disabled={one.disabled}"
                for one in groups
            )
            or "no server group"
        )

    def _operation(self, part: str, *, again: bool = False) -> Operation:
        application = str(self._wanted["application"])
        made = Operation(key=f"{self._key}/{part}", user="conformance", application=application, seconds=self._seconds)
        return replace(made, again=again)
