"""Traffic of server groups: enabled and disabled, whole or by per cent.

Separate because balancers are told one by one, and what is out already is counted. Source: reference clouds §2.2.
"""

import math
from collections.abc import Collection, Iterable

from gennaker.core.cloud.model import State
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import groups
from gennaker.plugins.aws.health import classic_state, target_state
from gennaker.plugins.aws.instances import group_name, machines, registered, targets
from gennaker.plugins.aws.marks import chunks
from gennaker.plugins.aws.place import Json, Place

#: What a disabled group must not do.
STOPPED = ("Launch", "Terminate", groups.ADD)
_ALIVE = ("InService", "Pending")
#: Where an instance gets no traffic, or is about to get none.
_OUT: frozenset[State] = frozenset({"OutOfService", "Draining"})
_BATCH = 100


def enable(place: Place, name: str, percentage: int) -> None:
    """Give traffic to so many per cent; all = the group also registers and replaces instances by itself again."""
    group = _there(place, name)
    members = alive(group)
    if percentage >= 100:
        _processes(place, "resume_processes", group, [one for one in STOPPED if one in groups.suspended(group)])
        _register(place, group, members)
        return
    inside = [one for one in members if one not in set(out(place, group, members))]
    missing = math.ceil(len(members) * percentage / 100) - len(inside)
    _register(place, group, [one for one in members if one not in inside][: max(0, missing)])


def disable(place: Place, name: str, percentage: int) -> None:
    """Take traffic from so many per cent, those that have none counted in; all = the group is disabled."""
    group = _there(place, name)
    members = alive(group)
    if percentage >= 100:
        _processes(place, "suspend_processes", group, [one for one in STOPPED if one not in groups.suspended(group)])
        _deregister(place, group, members)
        return
    outside = out(place, group, members)
    missing = math.ceil(len(members) * percentage / 100) - len(outside)
    _deregister(place, group, [one for one in members if one not in outside][: max(0, missing)])


def alive(group: Json) -> list[str]:
    """The instances that serve or will, by id: in the same order at each call."""
    members = [one for one in group.get("Instances", ()) if str(one.get("LifecycleState", "")).startswith(_ALIVE)]
    return [one["InstanceId"] for one in sorted(members, key=lambda one: one["InstanceId"])]


def out(place: Place, group: Json, members: Iterable[str]) -> list[str]:
    """The instances that get traffic from no balancer; of a group without balancers none are."""
    arns, names = group.get("TargetGroupARNs", ()), group.get("LoadBalancerNames", ())
    if not arns and not names:
        return []
    target, classic = targets(place, arns), registered(place, names)
    inside = {id_ for id_, told in target.items() if any(target_state(one) not in _OUT for _, one in told)} | {
        id_ for id_, told in classic.items() if any(_listed(one) for _, one in told)
    }
    return [id_ for id_ in members if id_ not in inside]


def _listed(told: Json) -> bool:
    """A classic balancer lists the instance, whether it is well or not."""
    return classic_state(told) != "Unknown"


def _there(place: Place, name: str) -> Json:
    group = groups.raw(place, name)
    if group is None:
        raise InvalidRequest(
            f"there is no server group {name!r} in {place.account.name}/{place.region}", "serverGroupName"
        )
    return group


def _processes(place: Place, action: str, group: Json, names: Collection[str]) -> None:
    if names:
        name = group["AutoScalingGroupName"]
        place.call(
            "autoscaling", action, f"server group {name}", AutoScalingGroupName=name, ScalingProcesses=list(names)
        )


def _register(place: Place, group: Json, ids: list[str]) -> None:
    """Register what runs; what is still starting is registered by the group itself."""
    if not group.get("TargetGroupARNs") and not group.get("LoadBalancerNames"):
        return
    known = machines(place, ids)
    ids = [id_ for id_ in ids if id_ in known and known[id_]["State"]["Name"] == "running"]
    for arn in group.get("TargetGroupARNs", ()):
        for part in chunks(ids, _BATCH):
            what = f"target group {group_name(arn)}"
            place.call("elbv2", "register_targets", what, TargetGroupArn=arn, Targets=[{"Id": one} for one in part])
    for name in group.get("LoadBalancerNames", ()):
        for part in chunks(ids, _BATCH):
            place.call(
                "elb",
                "register_instances_with_load_balancer",
                f"load balancer {name}",
                LoadBalancerName=name,
                Instances=[{"InstanceId": one} for one in part],
            )


def _deregister(place: Place, group: Json, ids: list[str]) -> None:
    """A balancer that is gone, and an instance that is, have no traffic."""
    for arn in group.get("TargetGroupARNs", ()):
        for part in chunks(ids, _BATCH):
            what, gone = f"target group {group_name(arn)}", ["TargetGroupNotFound", "InvalidTarget"]
            place.attempt(
                "elbv2", "deregister_targets", what, gone, TargetGroupArn=arn, Targets=[{"Id": one} for one in part]
            )
    for name in group.get("LoadBalancerNames", ()):
        for part in chunks(ids, _BATCH):
            place.attempt(
                "elb",
                "deregister_instances_from_load_balancer",
                f"load balancer {name}",
                ["LoadBalancerNotFound", "AccessPointNotFound", "InvalidInstance"],
                LoadBalancerName=name,
                Instances=[{"InstanceId": one} for one in part],
            )
