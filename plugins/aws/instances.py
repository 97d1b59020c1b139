"""Instances of auto scaling groups, with what EC2 and the balancers say of them.

Separate because a group lists ids only; the rest is gathered for many groups in few calls.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gennaker.core.cloud.model import Instance
from gennaker.core.redact import redactor
from gennaker.plugins.aws.health import of_classic, of_machine, of_targets
from gennaker.plugins.aws.marks import chunks, millis, tag_map
from gennaker.plugins.aws.place import Json, Place

#: Ids in one filter; of more instances than a few filters hold, all are listed.
_FILTER, _FILTERS = 200, 5
#: What a balancer knows: instance to (balancer's name, what it says).
Told = Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]


def machines(place: Place, ids: Collection[str]) -> dict[str, Json]:
    """EC2's description by id; what EC2 does not know (yet) is missing."""
    wanted = set(ids)
    if not wanted:
        return {}
    reservations: list[Json] = []
    if len(wanted) > _FILTER * _FILTERS:
        reservations = place.pages("ec2", "describe_instances", "Reservations", "instances")
    else:
        for part in chunks(sorted(wanted), _FILTER):
            by_id = [{"Name": "instance-id", "Values": part}]
            reservations += place.pages("ec2", "describe_instances", "Reservations", "instances", Filters=by_id)
    found = (one for reservation in reservations for one in reservation["Instances"])
    return {one["InstanceId"]: one for one in found if one["InstanceId"] in wanted}


def console(place: Place, id_: str) -> str:
    """What an instance has written on its console, without secrets; EC2 keeps the last 64 KB and tells it with delay."""
    answer = place.attempt("ec2", "get_console_output", f"instance {id_}", ["InvalidInstanceID"], InstanceId=id_)
    return redactor.text(str((answer or {}).get("Output") or ""))


def targets(place: Place, arns: Iterable[str]) -> dict[str, list[tuple[str, Json]]]:
    """What target groups say, by instance."""
    found: dict[str, list[tuple[str, Json]]] = defaultdict(list)
    for arn in sorted(set(arns)):
        name = group_name(arn)
        answer = place.attempt(
            "elbv2", "describe_target_health", f"target group {name}", ["TargetGroupNotFound"], TargetGroupArn=arn
        )
        for one in (answer or {}).get("TargetHealthDescriptions", ()):
            found[one["Target"]["Id"]].append((name, one["TargetHealth"]))
    return found


def registered(place: Place, names: Iterable[str]) -> dict[str, list[tuple[str, Json]]]:
    """What classic load balancers say, by instance."""
    found: dict[str, list[tuple[str, Json]]] = defaultdict(list)
    for name in sorted(set(names)):
        gone = ["LoadBalancerNotFound", "AccessPointNotFound"]
        answer = place.attempt("elb", "describe_instance_health", f"load balancer {name}", gone, LoadBalancerName=name)
        for one in (answer or {}).get("InstanceStates", ()):
            found[one["InstanceId"]].append((name, one))
    return found


def instance(member: Json, machine: Json | None, classic: Told, target: Told) -> Instance:
    """A member of a group. One that EC2 does not know yet is starting; one that it knows no more is at its end."""
    id_ = member["InstanceId"]
    young = str(member.get("LifecycleState", "")).startswith("Pending")
    state = machine["State"]["Name"] if machine else ("pending" if young else "unknown")
    healths = [of_machine(state)]
    if at := classic.get(id_):
        healths.append(of_classic(at))
    if at := target.get(id_):
        healths.append(of_targets(at))
    known = machine or {}
    extra = {
        "instanceType": known.get("InstanceType") or member.get("InstanceType"),
        "imageId": known.get("ImageId"),
        "privateIpAddress": known.get("PrivateIpAddress"),
        "publicDnsName": known.get("PublicDnsName"),
        "subnetId": known.get("SubnetId"),
        "vpcId": known.get("VpcId"),
        "lifecycleState": member.get("LifecycleState"),
        "protectedFromScaleIn": member.get("ProtectedFromScaleIn", False),
        "tags": tag_map(known.get("Tags")),
    }
    return Instance(
        id=id_,
        zone=str(member.get("AvailabilityZone", "")),
        launched=millis(known.get("LaunchTime")),
        healths=tuple(healths),
        extra={key: value for key, value in extra.items() if value is not None},
    )


def group_name(arn: str) -> str:
    """The name in a target group's ARN."""
    return arn.rpartition(":targetgroup/")[2].partition("/")[0] or arn
