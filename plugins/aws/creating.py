"""Creates server groups: the next name, a launch template, an auto scaling group, and what belongs to it.

Separate because it is the longest operation. Each step finds what an earlier call with the same key has made, and goes on behind it.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from gennaker.core.cloud.names import next_name, parse
from gennaker.core.cloud.provider import KEY_TAG, CloudError, Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import copying, groups, images, launching, network, templates
from gennaker.plugins.aws.balancers import missing_classic, target_arns
from gennaker.plugins.aws.marks import CLUSTER_TAG, GROUP_TAG, digest, key_value, millis, own_tags, tag_list, tag_map
from gennaker.plugins.aws.place import Json, Place, Places
from gennaker.plugins.aws.templates import Blueprints
from gennaker.plugins.aws.wanted import Wanted, place_of, problems, read

#: Errors that pass once AWS knows what was just made.
_SOON = r"(?i)launch template.*(does not exist|not found|valid)|InvalidLaunchTemplate|Invalid IamInstanceProfile"
#: How often another name is tried when somebody else takes one at the same moment.
_TRIES = 5


class Resolved(Struct, frozen=True, kw_only=True):
    """A wish with everything that it names found at AWS."""

    wanted: Wanted
    image: str
    vpc: str
    #: Subnets, or zones of the default network.
    subnets: tuple[str, ...]
    zones: tuple[str, ...]
    security_groups: tuple[str, ...]
    targets: tuple[str, ...]


def complete(places: Places, blueprints: Blueprints, wanted: Json) -> tuple[Wanted, str, str]:
    """The wish with what its source and the account fill, its account and its region; reads only. Raises InvalidRequest."""
    first = read(wanted)
    if found := problems(first):
        raise InvalidRequest("; ".join(found), problems=tuple(found))
    account, region, _ = place_of(first)
    place = places.at(account, region)
    given = {key: value for key, value in wanted.items() if value not in (None, "", [], {})}
    if first.source.name:
        from_ = places.at(first.source.account or account, first.source.region or region)
        copied = copying.fields(from_, blueprints, first)
        if (from_.account.name, from_.region) != (account, region):
            copied = {key: value for key, value in copied.items() if key not in ("subnetIds", "availabilityZones")}
        if given.get("subnetType") or (given.get("availabilityZones") and not first.copy_source_subnet_id_overrides):
            copied.pop("subnetIds", None)
        if first.source.use_source_capacity:
            given.pop("capacity", None)
        given = {**copied, **given}
    given.setdefault("keyPair", place.account.key_pair)
    given.setdefault("iamRole", place.account.iam_role)
    whole = read(given)
    if found := problems(msgspec.structs.replace(whole, clone=False)):
        raise InvalidRequest("; ".join(found), problems=tuple(found))
    return whole, account, region


def resolve(place: Place, wanted: Wanted) -> Resolved:
    """Find everything that a wish names; reads only. Raises InvalidRequest for what is not there."""
    _, _, zones = place_of(wanted)
    if wanted.subnet_ids:
        subnets = network.by_ids(place, wanted.subnet_ids)
    elif wanted.subnet_type:
        subnets = network.for_purpose(place, wanted.subnet_type, zones, vpc=wanted.vpc_id)
    else:
        subnets = []
    vpc = subnets[0].vpc if subnets else network.default_network(place)
    if missing := missing_classic(place, wanted.load_balancers):
        raise InvalidRequest(
            f"no classic load balancer {', '.join(missing)} in {place.account.name}/{place.region}", "loadBalancers"
        )
    return Resolved(
        wanted=wanted,
        image=images.resolve(place, wanted.image).id,
        vpc=vpc,
        subnets=tuple(one.id for one in subnets),
        zones=() if subnets else tuple(zones or _all_zones(place)),
        security_groups=tuple(_security_groups(place, vpc, wanted)),
        targets=tuple(target_arns(place, wanted.target_groups)),
    )


def _all_zones(place: Place) -> list[str]:
    filters = [{"Name": "state", "Values": ["available"]}, {"Name": "zone-type", "Values": ["availability-zone"]}]
    answer = place.call("ec2", "describe_availability_zones", "zones", Filters=filters)
    return sorted(one["ZoneName"] for one in answer["AvailabilityZones"])


def _security_groups(place: Place, vpc: str, wanted: Wanted) -> list[str]:
    """Those that are wanted, the account's, and the application's own when there is one."""
    named = [*wanted.security_groups, *wanted.security_group_names, *place.account.security_groups]
    found = network.group_ids(place, vpc, named)
    own = network.security_groups(place, vpc, [wanted.application])
    return list(dict.fromkeys([*found, *own.values()]))


def create(place: Place, source: Place | None, wanted: Wanted, operation: Operation) -> str:
    """Create the group, or finish the one that was made with this key; its name. Raises CloudError and InvalidRequest."""
    key = key_value(operation)
    group = _made(place, key)
    if group is None:
        group = _create(place, resolve(place, wanted), operation)
    name = str(group["AutoScalingGroupName"])
    _finish(place, group, wanted)
    if source is not None:
        copying.scaling(source, place, wanted, name, operation)
    return name


def _made(place: Place, key: str) -> Json | None:
    found = groups.all_raw(place, [{"Name": f"tag:{KEY_TAG}", "Values": [key]}])
    return next((one for one in found if not groups.leaving(one)), None)


def _create(place: Place, resolved: Resolved, operation: Operation) -> Json:
    key, wanted = key_value(operation), resolved.wanted
    present = groups.all_raw(place)
    taken = taken_names(present, wanted.cluster)
    templates.sweep(place, wanted.cluster, present, key)
    for _ in range(_TRIES):
        name = name_for(wanted, taken)
        template = templates.by_key(place, key) or _template(place, resolved, name, operation)
        arguments = _arguments(resolved, name, template, operation)
        what = f"server group {name}"
        answer = place.attempt(
            "autoscaling", "create_auto_scaling_group", what, ["AlreadyExists"], again_on=_SOON, **arguments
        )
        there = _seen(place, name)
        if answer is not None or tag_map(there.get("Tags")).get(KEY_TAG) == key:
            return there
        if wanted.ignore_sequence or wanted.sequence is not None:
            raise InvalidRequest(f"{place.name(what)} exists already, and was not made by this stage", "sequence")
        taken[name] = millis(there.get("CreatedTime"))
    raise CloudError(
        f"{place.name(f'cluster {wanted.cluster}')}: others took {_TRIES} names at the same time; expected one that is free",
        retryable=True,
    )


def taken_names(present: Iterable[Json], cluster: str) -> dict[str, int]:
    """The names of a cluster's groups, with when each was created."""
    return {
        one["AutoScalingGroupName"]: millis(one.get("CreatedTime"))
        for one in present
        if parse(one["AutoScalingGroupName"]).cluster == cluster
    }


def name_for(wanted: Wanted, taken: dict[str, int]) -> str:
    """The name that a group gets. Raises InvalidRequest when all are taken."""
    if wanted.ignore_sequence:
        return wanted.cluster
    if wanted.sequence is not None:
        return f"{wanted.cluster}-v{wanted.sequence:03d}"
    return next_name(wanted.cluster, taken)


def _seen(place: Place, name: str) -> Json:
    """A group that exists; AWS may need a moment to tell."""
    found = place.until(lambda: groups.raw(place, name))
    if found is None:
        raise CloudError(
            f"{place.name(f'server group {name}')} exists and is not told of yet; it is looked for again",
            retryable=True,
        )
    return found


def _template(place: Place, resolved: Resolved, name: str, operation: Operation) -> Json:
    """Make the launch template of a group; a repeat gets the same by its client token."""
    wanted, title = resolved.wanted, f"{name}-{digest(key_value(operation))[:12]}"
    imdsv2 = place.settings.require_imdsv2 if wanted.require_imdsv2 is None else wanted.require_imdsv2
    tags = {**own_tags(operation), GROUP_TAG: name, CLUSTER_TAG: wanted.cluster}
    what = f"launch template {title}"
    answer = place.attempt(
        "ec2",
        "create_launch_template",
        what,
        ["InvalidLaunchTemplateName.AlreadyExists"],
        LaunchTemplateName=title,
        ClientToken=digest(key_value(operation), name),
        LaunchTemplateData=launching.template_data(wanted, resolved.image, resolved.security_groups, imdsv2=imdsv2),
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tag_list(tags)}],
    )
    if answer is None:
        answer = place.call("ec2", "describe_launch_templates", what, LaunchTemplateNames=[title])
        return dict(answer["LaunchTemplates"][0])
    return dict(answer["LaunchTemplate"])


def _arguments(resolved: Resolved, name: str, template: Json, operation: Operation) -> Json:
    """What create_auto_scaling_group takes. A group that must not act yet begins empty: it gets its size once it is told so."""
    wanted, sizes = resolved.wanted, resolved.wanted.capacity
    assert sizes is not None
    version = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": str(template.get("LatestVersionNumber", 1))}
    waits = bool(_stopped(wanted))
    tags = {**wanted.tags, **own_tags(operation)}
    found: Json = {
        "AutoScalingGroupName": name,
        "MinSize": 0 if waits else sizes.min,
        "MaxSize": sizes.max,
        "DesiredCapacity": 0 if waits else sizes.desired,
        "DefaultCooldown": wanted.cooldown,
        "HealthCheckType": wanted.health_check_type,
        "HealthCheckGracePeriod": wanted.health_check_grace_period,
        "LoadBalancerNames": wanted.load_balancers,
        "TargetGroupARNs": list(resolved.targets),
        "TerminationPolicies": wanted.termination_policies,
        "LifecycleHookSpecificationList": _hooks(wanted),
        "CapacityRebalance": wanted.capacity_rebalance,
        "Tags": [
            {
                "ResourceType": "auto-scaling-group",
                "ResourceId": name,
                "Key": tag,
                "Value": str(value),
                "PropagateAtLaunch": tag != KEY_TAG,
            }
            for tag, value in tags.items()
        ],
    }
    if resolved.subnets:
        found["VPCZoneIdentifier"] = ",".join(resolved.subnets)
    else:
        found["AvailabilityZones"] = list(resolved.zones)
    if wanted.mixed:
        found["MixedInstancesPolicy"] = launching.mixed_policy(wanted, version)
    else:
        found["LaunchTemplate"] = version
    return {key: value for key, value in found.items() if value not in (None, [])}


def _stopped(wanted: Wanted) -> list[str]:
    return sorted({*wanted.suspended_processes, *([groups.ADD] if wanted.start_disabled else [])})


def _hooks(wanted: Wanted) -> Sequence[Json]:
    return [
        {
            key: value
            for key, value in {
                "LifecycleHookName": hook.name or f"{wanted.cluster}-{index}",
                "LifecycleTransition": hook.lifecycle_transition,
                "HeartbeatTimeout": hook.heartbeat_timeout,
                "DefaultResult": hook.default_result,
                "NotificationTargetARN": hook.notification_target_arn,
                "RoleARN": hook.role_arn,
                "NotificationMetadata": hook.notification_metadata,
            }.items()
            if value != ""
        }
        for index, hook in enumerate(wanted.lifecycle_hooks)
    ]


def _finish(place: Place, group: Json, wanted: Wanted) -> None:
    """Suspend, measure, then give the group its size."""
    name, sizes = group["AutoScalingGroupName"], wanted.capacity
    what = f"server group {name}"
    stopped = _stopped(wanted)
    begun = group["MinSize"] == 0 and group["DesiredCapacity"] == 0
    if stopped and begun:
        place.call("autoscaling", "suspend_processes", what, AutoScalingGroupName=name, ScalingProcesses=stopped)
    if wanted.enabled_metrics:
        place.call(
            "autoscaling",
            "enable_metrics_collection",
            what,
            AutoScalingGroupName=name,
            Metrics=wanted.enabled_metrics,
            Granularity="1Minute",
        )
    if stopped and begun and sizes is not None and sizes.desired:
        place.call(
            "autoscaling",
            "update_auto_scaling_group",
            what,
            AutoScalingGroupName=name,
            MinSize=sizes.min,
            MaxSize=sizes.max,
            DesiredCapacity=sizes.desired,
        )


def planned(place: Place, wanted: Wanted) -> list[str]:
    """What creating would make, one sentence each; reads only. Raises CloudError and InvalidRequest."""
    resolved, taken = resolve(place, wanted), taken_names(groups.all_raw(place), wanted.cluster)
    name, sizes = name_for(wanted, taken), wanted.capacity
    assert sizes is not None
    where = f"{place.account.name}/{place.region}"
    image = images.resolve(place, resolved.image)
    in_ = f"subnets {', '.join(resolved.subnets)}" if resolved.subnets else f"zones {', '.join(resolved.zones)}"
    said = [
        f"create launch template {name}-… in {where}: {wanted.instance_type} of image {image.name} ({image.id})",
        f"create server group {name} in {where}: {sizes.desired} instances (at least {sizes.min}, at most {sizes.max}) in {in_}",
    ]
    for kind, names in (("target group", wanted.target_groups), ("load balancer", wanted.load_balancers)):
        said += [f"register its instances with {kind} {one}" for one in names]
    if stopped := _stopped(wanted):
        said.append(f"suspend {', '.join(stopped)} of {name}")
    if wanted.source.name and wanted.copy_source_scaling_policies_and_actions:
        said.append(f"copy scaling policies and scheduled actions of {wanted.source.name} to {name}")
    return said
