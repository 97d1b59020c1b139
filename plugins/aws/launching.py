"""The data of a launch template, from the fields of a `createServerGroup`.

Separate because it is pure: names are resolved before.
"""

from collections.abc import Sequence
from typing import Any

from gennaker.plugins.aws.marks import tag_list
from gennaker.plugins.aws.wanted import BlockDevice, Wanted

Json = dict[str, Any]


def template_data(wanted: Wanted, image: str, security_groups: Sequence[str], *, imdsv2: bool) -> Json:
    """What instances are made from."""
    data: Json = {
        "ImageId": image,
        "InstanceType": wanted.instance_type,
        "KeyName": wanted.key_pair or None,
        "UserData": wanted.data or None,
        "KernelId": wanted.kernel_id or None,
        "RamDiskId": wanted.ramdisk_id or None,
        "EbsOptimized": wanted.ebs_optimized,
        "BlockDeviceMappings": [mapping(device) for device in wanted.block_devices] or None,
        "IamInstanceProfile": _profile(wanted.iam_role),
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required" if imdsv2 else "optional",
        },
        "LicenseSpecifications": [
            {"LicenseConfigurationArn": one.get("arn") or one.get("licenseConfigurationArn")}
            for one in wanted.license_specifications
        ]
        or None,
        "Placement": {key[:1].upper() + key[1:]: value for key, value in wanted.placement.items()} or None,
    }
    if wanted.block_device_tags:
        data["TagSpecifications"] = [{"ResourceType": "volume", "Tags": tag_list(wanted.block_device_tags)}]
    if wanted.instance_monitoring is not None:
        data["Monitoring"] = {"Enabled": wanted.instance_monitoring}
    if wanted.unlimited_cpu_credits is not None:
        data["CreditSpecification"] = {"CpuCredits": "unlimited" if wanted.unlimited_cpu_credits else "standard"}
    if wanted.enable_enclave is not None:
        data["EnclaveOptions"] = {"Enabled": wanted.enable_enclave}
    if wanted.spot and not wanted.mixed:
        data["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": {"MaxPrice": wanted.spot}}
    data.update(_interface(wanted, list(security_groups)))
    return {key: value for key, value in data.items() if value is not None}


def mapping(device: BlockDevice) -> Json:
    """A volume as AWS takes it."""
    if device.virtual_name:
        return {"DeviceName": device.device_name, "VirtualName": device.virtual_name}
    ebs: Json = {
        "VolumeSize": device.size,
        "VolumeType": device.volume_type or "gp3",
        "DeleteOnTermination": device.delete_on_termination,
        "Iops": device.iops,
        "Throughput": device.throughput,
        "Encrypted": device.encrypted,
        "KmsKeyId": device.kms_key_id or None,
        "SnapshotId": device.snapshot_id or None,
    }
    return {"DeviceName": device.device_name, "Ebs": {key: value for key, value in ebs.items() if value is not None}}


def mixed_policy(wanted: Wanted, template: Json) -> Json:
    """A policy of mixed instances around a launch template."""
    distribution: Json = {
        "OnDemandAllocationStrategy": wanted.on_demand_allocation_strategy or None,
        "OnDemandBaseCapacity": wanted.on_demand_base_capacity,
        "OnDemandPercentageAboveBaseCapacity": wanted.on_demand_percentage_above_base_capacity,
        "SpotAllocationStrategy": wanted.spot_allocation_strategy or None,
        "SpotInstancePools": wanted.spot_instance_pools,
        "SpotMaxPrice": wanted.spot or None,
    }
    by_priority = sorted(wanted.launch_template_overrides_for_instance_type, key=lambda one: one.priority)
    overrides = [
        {"InstanceType": one.instance_type}
        | ({"WeightedCapacity": str(one.weighted_capacity)} if one.weighted_capacity else {})
        for one in by_priority
    ]
    launch: Json = {"LaunchTemplateSpecification": template}
    if overrides:
        launch["Overrides"] = overrides
    return {
        "LaunchTemplate": launch,
        "InstancesDistribution": {key: value for key, value in distribution.items() if value is not None},
    }


def _profile(role: str) -> Json | None:
    if not role:
        return None
    return {"Arn": role} if role.startswith("arn:") else {"Name": role}


def _interface(wanted: Wanted, security_groups: list[str]) -> Json:
    """Security groups stand at the network interface once anything else is said of it."""
    if wanted.associate_public_ip_address is None and not wanted.associate_ipv6_address:
        return {"SecurityGroupIds": security_groups} if security_groups else {}
    interface: Json = {"DeviceIndex": 0, "DeleteOnTermination": True}
    if security_groups:
        interface["Groups"] = security_groups
    if wanted.associate_public_ip_address is not None:
        interface["AssociatePublicIpAddress"] = wanted.associate_public_ip_address
    if wanted.associate_ipv6_address:
        interface["Ipv6AddressCount"] = 1
    return {"NetworkInterfaces": [interface]}
