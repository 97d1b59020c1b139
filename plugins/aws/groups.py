"""Auto scaling groups as server groups: with instances, images, balancers and Spinnaker's extras.

Separate because it is the read side: operations ask for raw groups only.
"""

from collections.abc import Mapping, Sequence

from gennaker.core.cloud.model import Capacity, Image, Instance, ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.plugins.aws import images
from gennaker.plugins.aws.instances import group_name, instance, machines, registered, targets
from gennaker.plugins.aws.marks import millis, spinnaker, tag_map
from gennaker.plugins.aws.network import Subnet, subnets
from gennaker.plugins.aws.place import Json, Place
from gennaker.plugins.aws.templates import Blueprints, template_of

#: A group gets no traffic while this is suspended.
ADD = "AddToLoadBalancer"


def raw(place: Place, name: str) -> Json | None:
    """AWS's description of one group; None when there is none."""
    answer = place.call(
        "autoscaling", "describe_auto_scaling_groups", f"server group {name}", AutoScalingGroupNames=[name]
    )
    return next(iter(answer["AutoScalingGroups"]), None)


def all_raw(place: Place, filters: Sequence[Json] = ()) -> list[Json]:
    """AWS's descriptions of all groups, or of those that filters let through."""
    arguments = {"Filters": list(filters)} if filters else {}
    return place.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "server groups", **arguments)


def suspended(group: Json) -> set[str]:
    """The names of its suspended processes."""
    return {one["ProcessName"] for one in group.get("SuspendedProcesses", ())}


def leaving(group: Json) -> bool:
    """It is being removed."""
    return str(group.get("Status") or "").startswith("Delete")


def read(place: Place, blueprints: Blueprints, application: str = "", name: str = "") -> list[ServerGroup]:
    """The server groups of an application, or all; or the one with a name."""
    if name:
        found = [group] if (group := raw(place, name)) else []
    else:
        found = [one for one in all_raw(place) if not application or _app(one) == application]
    return _complete(place, blueprints, found) if found else []


def _app(group: Json) -> str:
    return parse(group["AutoScalingGroupName"]).app


def _complete(place: Place, blueprints: Blueprints, found: list[Json]) -> list[ServerGroup]:
    described = machines(place, [member["InstanceId"] for group in found for member in group.get("Instances", ())])
    classic = registered(place, [name for group in found for name in group.get("LoadBalancerNames", ())])
    target = targets(place, [arn for group in found for arn in group.get("TargetGroupARNs", ())])
    made_from = blueprints.of(place, found)
    pictures = images.known(place, {data["ImageId"] for data in made_from.values() if data.get("ImageId")})
    networks = {one.id: one for one in subnets(place)}
    policies = _by_group(place, "describe_policies", "ScalingPolicies", found)
    actions = _by_group(place, "describe_scheduled_actions", "ScheduledUpdateGroupActions", found)
    groups = []
    for one in found:
        name = one["AutoScalingGroupName"]
        data = made_from.get(name, {})
        extra = _extra(one, data, networks)
        extra["scalingPolicies"] = spinnaker(policies.get(name, []))
        extra["scheduledActions"] = spinnaker(actions.get(name, []))
        instances = tuple(
            instance(member, described.get(member["InstanceId"]), classic, target)
            for member in one.get("Instances", ())
        )
        groups.append(_server_group(place, one, data, pictures, instances, extra))
    return groups


def _server_group(
    place: Place,
    told: Json,
    data: Json,
    pictures: Mapping[str, Image],
    instances: tuple[Instance, ...],
    extra: Json,
) -> ServerGroup:
    return ServerGroup(
        name=told["AutoScalingGroupName"],
        provider="aws",
        account=place.account.name,
        region=place.region,
        created=millis(told.get("CreatedTime")),
        capacity=Capacity(min=told["MinSize"], max=told["MaxSize"], desired=told["DesiredCapacity"]),
        disabled=ADD in suspended(told) or leaving(told),
        zones=tuple(told.get("AvailabilityZones", ())),
        instances=instances,
        image=pictures.get(data.get("ImageId", "")),
        load_balancers=tuple(told.get("LoadBalancerNames", ())),
        target_groups=tuple(group_name(arn) for arn in told.get("TargetGroupARNs", ())),
        firewalls=tuple(firewalls_of(data)),
        tags=tag_map(told.get("Tags")),
        extra=extra,
    )


def firewalls_of(data: Json) -> list[str]:
    """The security groups of what instances are made from."""
    interfaces = data.get("NetworkInterfaces") or []
    return data.get("SecurityGroupIds") or [id_ for one in interfaces for id_ in one.get("Groups", ())]


def _extra(told: Json, data: Json, networks: Mapping[str, Subnet]) -> Json:
    """What Spinnaker's clients read of a group of AWS."""
    listed = [id_ for id_ in str(told.get("VPCZoneIdentifier") or "").split(",") if id_]
    in_subnets = [networks[id_] for id_ in listed if id_ in networks]
    asg = {key: value for key, value in told.items() if key not in ("Instances", "Tags")}
    extra: Json = {
        "asg": {**spinnaker(asg), "tags": spinnaker(told.get("Tags", []))},
        "vpcId": in_subnets[0].vpc if in_subnets else None,
        "subnetType": in_subnets[0].purpose if in_subnets else "",
        "instanceType": data.get("InstanceType"),
        "launchConfig": {"imageId": data.get("ImageId"), "instanceType": data.get("InstanceType")},
    }
    if template := template_of(told):
        shown = {key: value for key, value in data.items() if key != "UserData"}
        extra["launchTemplate"] = {**spinnaker(template), "launchTemplateData": spinnaker(shown)}
    return extra


def _by_group(place: Place, action: str, key: str, found: list[Json]) -> dict[str, list[Json]]:
    """What belongs to groups, by the group's name: asked for one, or for all at once."""
    arguments = {"AutoScalingGroupName": found[0]["AutoScalingGroupName"]} if len(found) == 1 else {}
    listed: dict[str, list[Json]] = {}
    for one in place.pages("autoscaling", action, key, "server groups", **arguments):
        listed.setdefault(one["AutoScalingGroupName"], []).append(one)
    return listed
