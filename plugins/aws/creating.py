"""Creates server groups: the next name, a launch template, an auto scaling group, and what belongs to it.

Separate because it is the longest operation. Each step finds what an earlier call with the same key has made, and goes on behind it.
"""

from collections.abc import Iterable, Sequence

from gennaker.core.cloud.names import next_name, parse
from gennaker.core.cloud.provider import KEY_TAG, CloudError, Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import copying, groups, launching, templates
from gennaker.plugins.aws.marks import CLUSTER_TAG, GROUP_TAG, digest, key_value, millis, own_tags, tag_list, tag_map
from gennaker.plugins.aws.place import Json, Place
from gennaker.plugins.aws.resolving import Resolved, resolve
from gennaker.plugins.aws.wanted import Wanted

#: Errors that pass once AWS knows what was just made.
_SOON = r"(?i)launch template.*(does not exist|not found|valid)|InvalidLaunchTemplate|Invalid IamInstanceProfile"
#: How often another name is tried when somebody else takes one at the same moment.
_TRIES = 5


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
    waits = bool(wanted.stopped)
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
    stopped = wanted.stopped
    begun = group["MinSize"] == 0 and group["DesiredCapacity"] == 0
    if stopped and begun:
        place.call("autoscaling", "suspend_processes", what, AutoScalingGroupName=name, ScalingProcesses=stopped)
    if wanted.lifecycle_hooks:
        _hang(place, name, _hooks(wanted))
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


def _hang(place: Place, name: str, hooks: Sequence[Json]) -> None:
    """Set the lifecycle hooks that the group did not get when it was created."""
    what = f"server group {name}"
    told = place.call("autoscaling", "describe_lifecycle_hooks", what, AutoScalingGroupName=name)
    present = {one["LifecycleHookName"] for one in told.get("LifecycleHooks", ())}
    for hook in hooks:
        if hook["LifecycleHookName"] not in present:
            place.call("autoscaling", "put_lifecycle_hook", what, AutoScalingGroupName=name, **hook)
