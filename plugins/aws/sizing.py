"""Sizes of server groups, and instances that are ended.

Separate because both change how many there are, whatever traffic they have.
"""

from collections.abc import Collection, Iterable

from gennaker.core.cloud.model import Capacity
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import groups
from gennaker.plugins.aws.instances import machines
from gennaker.plugins.aws.marks import chunks
from gennaker.plugins.aws.place import Json, Place

_BATCH = 100
_ENDING = frozenset({"shutting-down", "terminated"})


def resize(place: Place, name: str, capacity: Capacity) -> None:
    """Set the sizes of a group. What would keep the group from following is resumed first.

    At zero its instances are ended here: a group that was disabled does not do that itself.
    """
    group = groups.raw(place, name)
    what = f"server group {name}"
    if group is None:
        raise InvalidRequest(f"there is no {what} in {place.account.name}/{place.region}", "serverGroupName")
    if not 0 <= capacity.min <= capacity.desired <= capacity.max:
        raise InvalidRequest(
            f"min {capacity.min}, desired {capacity.desired}, max {capacity.max} was given for {what}; "
            "expected 0 <= min <= desired <= max",
            "capacity",
        )
    members = [one["InstanceId"] for one in group.get("Instances", ())]
    in_the_way = groups.suspended(group) & _needed(len(members), capacity.desired)
    if in_the_way:
        place.call(
            "autoscaling",
            "resume_processes",
            what,
            AutoScalingGroupName=name,
            ScalingProcesses=sorted(in_the_way),
        )
    place.call(
        "autoscaling",
        "update_auto_scaling_group",
        what,
        AutoScalingGroupName=name,
        MinSize=capacity.min,
        MaxSize=capacity.max,
        DesiredCapacity=capacity.desired,
    )
    if capacity.desired == 0:
        end(place, members)


def _needed(now: int, wanted: int) -> set[str]:
    if wanted > now:
        return {"Launch"}
    return {"Terminate"} if 0 < wanted < now else set()


def end(place: Place, ids: Iterable[str]) -> None:
    """End instances; those that have ended, or that EC2 does not know, are fine."""
    known = machines(place, list(ids))
    running = sorted(id_ for id_, one in known.items() if one["State"]["Name"] not in _ENDING)
    for part in chunks(running, _BATCH):
        what = f"instances {', '.join(part)}"
        if place.attempt("ec2", "terminate_instances", what, ["InvalidInstanceID"], InstanceIds=part) is None:
            # One of them has gone in the meantime, so that none was ended.
            for id_ in part:
                place.attempt("ec2", "terminate_instances", id_, ["InvalidInstanceID"], InstanceIds=[id_])


def shrink(place: Place, ids: Collection[str]) -> None:
    """End instances and have their groups want so many less; one that is on its way out is not counted again."""
    for part in chunks(sorted(set(ids)), 50):
        told = place.pages(
            "autoscaling",
            "describe_auto_scaling_instances",
            "AutoScalingInstances",
            "instances",
            InstanceIds=part,
        )
        for one in told:
            if not str(one["LifecycleState"]).startswith("Terminat"):
                _leave(place, one)
        inside = {one["InstanceId"] for one in told}
        end(place, [id_ for id_ in part if id_ not in inside])


def _leave(place: Place, member: Json) -> None:
    name, id_ = member["AutoScalingGroupName"], member["InstanceId"]
    group = groups.raw(place, name)
    if group is not None and group["DesiredCapacity"] <= group["MinSize"]:
        least = max(0, group["DesiredCapacity"] - 1)
        place.call(
            "autoscaling",
            "update_auto_scaling_group",
            f"server group {name}",
            AutoScalingGroupName=name,
            MinSize=least,
        )
    place.attempt(
        "autoscaling",
        "terminate_instance_in_auto_scaling_group",
        f"instance {id_} of {name}",
        ["ValidationError: Instance Id not found", "ValidationError: Instance is not in"],
        InstanceId=id_,
        ShouldDecrementDesiredCapacity=True,
    )
