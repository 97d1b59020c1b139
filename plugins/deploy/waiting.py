"""When enough instances are up or down, and when to look again.

Separate because every stage that waits for instances counts in the same way. Source: reference engine §5.3, clouds §3.11.
"""

import math
from collections.abc import Collection, Sequence
from typing import Any

from gennaker.core.cloud.health import counts, is_down, up_count
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.stage import Outcome, Run

Json = dict[str, Any]
#: Seconds that a server group may be missing before that is a failure, and that a wait may take.
MISSING_S, LIMIT_S, DOWN_LIMIT_S = 600.0, 2 * 3600.0, 1800.0
#: How often a target of zero must be seen when instances were wanted before.
_ZEROS = 12


def poll_s(run: Run) -> float:
    """Seconds until the next look: soon at first, then after half of the time that went by; never beyond 10, or what the cloud wishes for.

    60 after half an hour, 120 after an hour, as Spinnaker does.
    """
    if run.elapsed >= 1800:
        return 60.0 if run.elapsed < 3600 else 120.0
    cloud = run.services.clouds.get(run.work.provider)
    longest = 10.0 if cloud is None else min(10.0, max(1.0, cloud.poll_s))
    return min(longest, max(longest / 10, run.elapsed / 2))


def sources_for(group: ServerGroup, given: Sequence[str] | None) -> Collection[str] | None:
    """Which health counts: what the stage says; a group that nothing but its cloud looks at is judged by that alone."""
    if given is not None:
        return given
    healths = [health for instance in group.instances for health in instance.healths]
    if group.load_balancers or group.target_groups or not healths or not all(health.platform for health in healths):
        return None
    return {health.type for health in healths}


def wanted_up(desired: int, healthy: float | None) -> int:
    """How many of so many instances must be up for a percentage, rounded half up; at least one unless none is asked for."""
    if healthy is None:
        return desired
    rounded = math.floor(healthy * desired / 100 + 0.5)
    return max(1, rounded) if healthy > 0 and desired > 0 else rounded


def wanted_share(group: ServerGroup, percentage: float) -> int:
    """How many instances must be up when so many per cent of the largest size are wanted, whatever the least is."""
    return max(0, math.ceil((percentage / 100 - 1) * group.capacity.max + group.capacity.min))


def wanted_down(group: ServerGroup, percentage: float) -> int:
    """How many instances must be down for a percentage."""
    return math.ceil(len(group.instances) * percentage / 100)


def down_count(group: ServerGroup, sources: Collection[str] | None) -> int:
    """How many instances are certainly down."""
    return sum(is_down(instance, sources or None) for instance in group.instances)


def check(group: ServerGroup) -> Json:
    """What the stage tells of the instances, in Spinnaker's words."""
    told = counts(group.instances)
    keys = ("up", "down", "outOfService", "starting", "succeeded", "failed", "unknown")
    return {"lastCapacityCheck": {key: told[key] for key in keys}}


def missing(run: Run, where: str) -> Outcome:
    """The server group is not there (yet)."""
    if run.elapsed > MISSING_S:
        return run.failed(f"server group {where} has been missing for more than {MISSING_S / 60:.0f} minutes")
    return run.running(again_in=poll_s(run))


def until_up(run: Run, group: ServerGroup, target: int, sources: Sequence[str] | None) -> Outcome:
    """Done when so many instances are there and up."""
    told = check(group)
    counted = sources_for(group, sources)
    enough = len(group.instances) >= target and up_count(group, counted) >= target
    if enough and target == 0 and run.context.get("wantedInstances"):
        zeros = int(run.context.get("zeroDesiredCapacityCount") or 0) + 1
        if zeros < _ZEROS:
            return run.running(again_in=poll_s(run), context={**told, "zeroDesiredCapacityCount": zeros})
    if enough:
        return run.succeeded(context=told)
    seen = {"wantedInstances": target} if target else {}
    return run.running(again_in=poll_s(run), context={**told, **seen, "zeroDesiredCapacityCount": 0})
