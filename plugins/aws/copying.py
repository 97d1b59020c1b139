"""What a new server group takes from the one that it stands beside: fields, scaling policies, scheduled actions.

Separate because the source may be in another account or region. Fields are in the words of `createServerGroup`.
"""

from typing import Any

from gennaker.core.cloud.provider import CloudError, Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import groups
from gennaker.plugins.aws.instances import group_name
from gennaker.plugins.aws.marks import key_value, lowered, tag_map
from gennaker.plugins.aws.place import Json, Place
from gennaker.plugins.aws.policies import copy_policies
from gennaker.plugins.aws.templates import Blueprints
from gennaker.plugins.aws.traffic import STOPPED
from gennaker.plugins.aws.wanted import Wanted

#: Tags that say what made a group are not copied.
_FOREIGN = ("gennaker:", "aws:", "spinnaker:")


def fields(place: Place, blueprints: Blueprints, wanted: Wanted) -> Json:
    """The fields that the source fills. Raises InvalidRequest when a clone has no source."""
    name = wanted.source.name
    group = groups.raw(place, name) if name else None
    if group is None:
        if wanted.clone or wanted.source.use_source_capacity:
            raise InvalidRequest(
                f"there is no server group {name!r} in {place.account.name}/{place.region}; expected one to copy from",
                "source",
            )
        return {}
    data = blueprints.of(place, [group]).get(name, {})
    found = {**_of_group(place, group), **_of_template(data), **_of_mix(group)} if wanted.clone else {}
    if wanted.source.use_source_capacity or (wanted.clone and wanted.capacity is None):
        found["capacity"] = {
            "min": group["MinSize"],
            "max": group["MaxSize"],
            "desired": group["DesiredCapacity"],
        }
    if wanted.copy_source_custom_block_device_mappings and not wanted.use_ami_block_device_mappings:
        found["blockDevices"] = [device(one) for one in data.get("BlockDeviceMappings") or ()]
    else:
        found.pop("blockDevices", None)
    return found


def _of_group(place: Place, group: Json) -> Json:
    subnets = [one for one in str(group.get("VPCZoneIdentifier") or "").split(",") if one]
    tags = tag_map(group.get("Tags"))
    found: Json = {
        "subnetIds": subnets,
        "availabilityZones": {place.region: list(group.get("AvailabilityZones", ()))},
        "loadBalancers": list(group.get("LoadBalancerNames", ())),
        "targetGroups": [group_name(arn) for arn in group.get("TargetGroupARNs", ())],
        "healthCheckType": group.get("HealthCheckType"),
        "healthCheckGracePeriod": group.get("HealthCheckGracePeriod"),
        "cooldown": group.get("DefaultCooldown"),
        "terminationPolicies": list(group.get("TerminationPolicies", ())),
        "suspendedProcesses": sorted(groups.suspended(group) - set(STOPPED)),
        "enabledMetrics": sorted({one["Metric"] for one in group.get("EnabledMetrics", ())}),
        "capacityRebalance": group.get("CapacityRebalance"),
        "tags": {key: value for key, value in tags.items() if not key.startswith(_FOREIGN)},
        "lifecycleHooks": _hooks(place, group["AutoScalingGroupName"]),
    }
    return {key: value for key, value in found.items() if value is not None}


def _hooks(place: Place, name: str) -> list[Json]:
    answer = place.call("autoscaling", "describe_lifecycle_hooks", f"server group {name}", AutoScalingGroupName=name)
    kept = ("LifecycleTransition", "HeartbeatTimeout", "DefaultResult", "NotificationMetadata", "NotificationTargetARN")
    hooks = []
    for hook in answer.get("LifecycleHooks", ()):
        told = {key[:1].lower() + key[1:]: hook[key] for key in kept if hook.get(key) is not None}
        told["roleARN"] = hook.get("RoleARN", "")
        hooks.append({"name": hook["LifecycleHookName"], **told})
    return hooks


def _of_template(data: Json) -> Json:
    interface = (data.get("NetworkInterfaces") or [{}])[0]
    profile = data.get("IamInstanceProfile") or {}
    market = (data.get("InstanceMarketOptions") or {}).get("SpotOptions") or {}
    metadata = data.get("MetadataOptions") or {}
    credits_ = (data.get("CreditSpecification") or {}).get("CpuCredits")
    found: Json = {
        "imageId": data.get("ImageId"),
        "instanceType": data.get("InstanceType"),
        "keyPair": data.get("KeyName"),
        "iamRole": profile.get("Name") or profile.get("Arn"),
        "securityGroups": groups.firewalls_of(data) or None,
        "base64UserData": data.get("UserData"),
        "ebsOptimized": data.get("EbsOptimized"),
        "kernelId": data.get("KernelId"),
        "ramdiskId": data.get("RamDiskId"),
        "spotPrice": market.get("MaxPrice"),
        "associatePublicIpAddress": interface.get("AssociatePublicIpAddress"),
        "associateIPv6Address": bool(interface.get("Ipv6AddressCount")) or None,
        "requireIMDSv2": metadata["HttpTokens"] == "required" if metadata.get("HttpTokens") else None,
        "instanceMonitoring": (data.get("Monitoring") or {}).get("Enabled"),
        "unlimitedCpuCredits": credits_ == "unlimited" if credits_ else None,
        "enableEnclave": (data.get("EnclaveOptions") or {}).get("Enabled"),
        "placement": {lowered(key): value for key, value in (data.get("Placement") or {}).items()} or None,
        "licenseSpecifications": [
            {"arn": one.get("LicenseConfigurationArn")} for one in data.get("LicenseSpecifications") or ()
        ]
        or None,
        "blockDeviceTags": next(
            (
                tag_map(one.get("Tags"))
                for one in data.get("TagSpecifications") or ()
                if one.get("ResourceType") == "volume"
            ),
            None,
        ),
    }
    return {key: value for key, value in found.items() if value is not None}


def _of_mix(group: Json) -> Json:
    mixed = group.get("MixedInstancesPolicy")
    if not mixed:
        return {}
    distribution: Json = mixed.get("InstancesDistribution") or {}
    found = {lowered(key): value for key, value in distribution.items() if value not in (None, "")}
    found["launchTemplateOverridesForInstanceType"] = [
        {
            "instanceType": one["InstanceType"],
            "weightedCapacity": str(one.get("WeightedCapacity") or ""),
            "priority": index,
        }
        for index, one in enumerate(mixed.get("LaunchTemplate", {}).get("Overrides") or ())
        if one.get("InstanceType")
    ]
    return found


def device(told: Json) -> Json:
    """AWS's description of a volume in Spinnaker's words."""
    if told.get("VirtualName"):
        return {"deviceName": told["DeviceName"], "virtualName": told["VirtualName"]}
    ebs = told.get("Ebs") or {}
    named: dict[str, Any] = {
        "size": ebs.get("VolumeSize"),
        "volumeType": ebs.get("VolumeType"),
        "deleteOnTermination": ebs.get("DeleteOnTermination"),
        "iops": ebs.get("Iops"),
        "throughput": ebs.get("Throughput"),
        "encrypted": ebs.get("Encrypted"),
        "kmsKeyId": ebs.get("KmsKeyId"),
        "snapshotId": ebs.get("SnapshotId"),
    }
    kept = {key: value for key, value in named.items() if value is not None}
    if kept.get("volumeType") not in ("io1", "io2", "gp3"):
        kept.pop("iops", None)
    if kept.get("volumeType") != "gp3":
        kept.pop("throughput", None)
    return {"deviceName": told["DeviceName"], **kept}


def scaling(source: Place, place: Place, wanted: Wanted, name: str, operation: Operation) -> None:
    """Copy scaling policies with their alarms, and scheduled actions that are still to come; a source that is gone has none."""
    old = wanted.source.name
    if not old or old == name or not wanted.copy_source_scaling_policies_and_actions:
        return
    if groups.raw(source, old) is None:
        return
    copy_policies(source, place, old, name, key_value(operation))
    actions = source.pages(
        "autoscaling",
        "describe_scheduled_actions",
        "ScheduledUpdateGroupActions",
        f"server group {old}",
        AutoScalingGroupName=old,
    )
    for action in actions:
        _schedule(place, action, old, name)


def _schedule(place: Place, action: Json, old: str, name: str) -> None:
    kept = ("EndTime", "Recurrence", "MinSize", "MaxSize", "DesiredCapacity", "TimeZone")
    given = {key: action[key] for key in kept if action.get(key) is not None}
    if not given.get("Recurrence"):
        given["StartTime"] = action.get("StartTime")
    title = action["ScheduledActionName"].replace(old, name)
    try:
        place.call(
            "autoscaling",
            "put_scheduled_update_group_action",
            f"scheduled action {title} of {name}",
            AutoScalingGroupName=name,
            ScheduledActionName=title,
            **given,
        )
    except InvalidRequest as error:
        # One whose time is past is refused, and needs no copy.
        if "past" not in error.message and "future" not in error.message:
            raise CloudError(str(error)) from error
