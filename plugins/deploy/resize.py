"""Stage types `resizeServerGroup` and `pinServerGroup`: another size for a server group.

Separate because both do the same in different words. Source: reference engine §5.3.
"""

from typing import Any

from msgspec.structs import asdict

from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.group import CLEARED, GroupStage
from gennaker.plugins.deploy.sizes import Wish, resized
from gennaker.plugins.deploy.waiting import LIMIT_S, check, missing, poll_s, until_up, wanted_up

Json = dict[str, Any]
#: Seconds after which another wanted size within the limits is not an old look at the group any more.
_SETTLED_S = 300.0
#: The size that was asked for; the one that the group had before.
_ASKED, _HAD = "resizedTo", "originalCapacity"


class Resizing(GroupStage):
    """Shared fields and tasks."""

    needs = ("resize",)

    action: str = field(
        "action",
        "scale_exact, scale_up, scale_down, scale_to_cluster or scale_to_server_group",
        default="scale_exact",
    )
    kind: str = field("resizeType", "pct, incr or exact; exact is scale_exact", default="")
    percentage: float | None = field("scalePct", "per cent to scale by", default=None, minimum=0)
    number: int | None = field("scaleNum", "instances to scale by", default=None, minimum=0)
    capacity: dict[str, int] = field("capacity", "`{min, max, desired}`, each as wished", default={})
    given_source: dict[str, Any] = field(
        "source", "`{serverGroupName}` to be like, for scale_to_server_group", default={}
    )
    pin: bool = field("pinCapacity", "min and max become desired", default=False)
    pin_least: bool = field("pinMinimumCapacity", "min becomes desired", default=False)
    unpin: bool = field("unpinMinimumCapacity", "min becomes what it was before a pin", default=False)
    original: dict[str, Any] = field(_HAD, "sizes before, by server group", default={})
    healthy: float | None = field(
        "targetHealthyDeployPercentage", "per cent that must be up", default=None, minimum=0, maximum=100
    )

    def wish(self, group: ServerGroup) -> Wish:
        """What is asked for."""
        action = "scale_exact" if self.kind == "exact" else self.action
        had = self.original.get(group.name)
        least = had.get("min") if isinstance(had, dict) and self.unpin else None
        use_number = self.kind == "incr" or self.percentage is None
        return Wish(
            action=action,
            percentage=None if use_number and self.number is not None else self.percentage,
            number=self.number,
            capacity=self.capacity,
            pin=self.pin,
            pin_least=self.pin_least,
            unpin_to=least,
        )

    def sized(self, run: Run, group: ServerGroup) -> Capacity:
        """The size that it is to get, from what is there now. Raises CloudError, InvalidRequest."""
        wish = self.wish(group)
        source, cluster = None, []
        if wish.action == "scale_to_server_group":
            name = self.given_source.get("serverGroupName") or self.given_source.get("asgName") or ""
            found = self.cloud.server_group(self.place.account, self.place.region, str(name))
            source = found.capacity if found is not None else None
        if wish.action == "scale_to_cluster":
            cluster = [one.capacity for one in self.in_cluster(self.place, parse(group.name).cluster)]
        return resized(wish, group.capacity, source, cluster)

    @task(effect="none")
    def determine_size(self, run: Run) -> Outcome:
        """Compute the size once, so that a repeat of the call after it does not scale twice."""
        if self.spread:
            return run.succeeded()
        group = self.present(run)
        return run.succeeded(context={_ASKED: asdict(self.sized(run, group))})

    @task(name="resizeServerGroup", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def resize(self, run: Run) -> Outcome:
        """Ask for it, unless it is resized to nothing and a traffic guard says no."""
        if self.spread:
            return run.succeeded()
        group, asked = self.present(run), _asked(run)
        if asked.desired == 0 and (reason := self.guarded(run, "resize to 0", [group])):
            return run.failed(reason)
        if group.capacity != asked:
            self.cloud.resize(group, asked, self.operation(run))
        return run.succeeded()

    @task(effect="none", timeout=LIMIT_S, overridable=True)
    def wait_for_capacity_match(self, run: Run) -> Outcome:
        """Wait until it has as many instances, and they are up unless it is disabled."""
        if self.spread:
            return run.succeeded()
        group = self.found(run)
        if group is None:
            return missing(run, self.where(run))
        desired = group.capacity.desired
        if not _shown(run, group.capacity) or len(group.instances) != desired:
            return run.running(again_in=poll_s(run), context=check(group))
        if group.disabled:
            return run.succeeded(context=check(group))
        out = sum(any(health.state == "OutOfService" for health in one.healths) for one in group.instances)
        target = wanted_up(desired, self.healthy)
        return until_up(run, group, min(target, desired - out), self.sources)


class ResizeServerGroup(Resizing, type="resizeServerGroup", restart_clears=CLEARED):
    """Change how many instances a server group has, and wait until it has them."""


class PinServerGroup(Resizing, type="pinServerGroup", restart_clears=CLEARED):
    """Hold a server group at its size, or let it go again; strategies use it."""


def _shown(run: Run, size: Capacity) -> bool:
    """The cloud shows the size that was asked for; within its limits something may have scaled it since."""
    asked = _asked(run)
    limits = (size.min, size.max) == (asked.min, asked.max)
    return size == asked or (limits and not size.pinned and run.elapsed > _SETTLED_S)


def _asked(run: Run) -> Capacity:
    return Capacity(**run.context[_ASKED])
