"""What is wrong with the fields of a `createServerGroup` by themselves.

Separate because it is said when a pipeline is saved, without asking AWS anything.
"""

import base64
import binascii
import re

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.wanted import BlockDevice, Wanted, place_of

#: What AWS takes as user data, in bytes before base64.
_MOST_USER_DATA = 16 * 1024
_PROCESSES = frozenset(
    [
        "Launch",
        "Terminate",
        "AddToLoadBalancer",
        "AlarmNotification",
        "AZRebalance",
        "HealthCheck",
        "InstanceRefresh",
        "ReplaceUnhealthy",
        "ScheduledActions",
    ]
)
_BURSTS = re.compile(r"t\d")


def problems(wanted: Wanted) -> list[str]:
    """What is wrong with fields by themselves, each with its place. What a source may fill is not asked for."""
    found = [*_names(wanted), *_sizes(wanted), *_user_data(wanted), *_market(wanted)]
    copied = bool(wanted.clone and wanted.source.name)
    if not wanted.image and not copied:
        found.append("amiName: is missing; expected the name or id of an image")
    if not wanted.instance_type and not copied:
        found.append("instanceType: is missing; expected one such as t3.small")
    if wanted.associate_public_ip_address and not (wanted.subnet_type or wanted.subnet_ids or copied):
        found.append("associatePublicIpAddress: needs subnetType or subnetIds")
    for process in sorted(set(wanted.suspended_processes) - _PROCESSES):
        found.append(f"suspendedProcesses: {process!r} is no process; expected {', '.join(sorted(_PROCESSES))}")
    if wanted.unlimited_cpu_credits and wanted.instance_type and not _BURSTS.match(wanted.instance_type):
        found.append(
            f"unlimitedCpuCredits: {wanted.instance_type} has no CPU credits; expected a type such as t3.small"
        )
    for index, device in enumerate(wanted.block_devices):
        found += _device(f"blockDevices[{index}]", device)
    return found


def _names(wanted: Wanted) -> list[str]:
    found = []
    for check in (lambda: wanted.cluster, lambda: place_of(wanted)):
        try:
            check()
        except InvalidRequest as error:
            found.append(str(error))
    if wanted.sequence is not None and not 0 <= wanted.sequence <= 999_999:
        found.append(f"sequence: {wanted.sequence} was given; expected 0 to 999999")
    return found


def _sizes(wanted: Wanted) -> list[str]:
    sizes = wanted.capacity
    if sizes is None:
        return (
            []
            if wanted.clone or wanted.source.use_source_capacity
            else ["capacity: is missing; expected {min, max, desired}"]
        )
    if not 0 <= sizes.min <= sizes.desired <= sizes.max:
        return [
            f"capacity: min {sizes.min}, desired {sizes.desired}, max {sizes.max} was given; expected 0 <= min <= desired <= max"
        ]
    return []


def _user_data(wanted: Wanted) -> list[str]:
    if wanted.user_data and wanted.base64_user_data:
        return ["base64UserData: only one of userData and base64UserData can be used"]
    try:
        plain = base64.b64decode(wanted.data, validate=True)
    except binascii.Error as error:
        return [f"base64UserData: is not base64 ({error}); expected base64, or text in userData"]
    if len(plain) > _MOST_USER_DATA:
        return [f"userData: has {len(plain)} bytes; AWS takes at most {_MOST_USER_DATA}"]
    return []


def _market(wanted: Wanted) -> list[str]:
    found = []
    if wanted.spot and not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", wanted.spot):
        found.append(f"spotPrice: {wanted.spot!r} was given; expected dollars an hour, such as 0.05")
    if wanted.spot_instance_pools is not None and wanted.spot_allocation_strategy not in ("", "lowest-price"):
        found.append("spotInstancePools: goes with spotAllocationStrategy lowest-price only")
    if (percent := wanted.on_demand_percentage_above_base_capacity) is not None and not 0 <= percent <= 100:
        found.append(f"onDemandPercentageAboveBaseCapacity: {percent} was given; expected 0 to 100")
    return found


def _device(where: str, device: BlockDevice) -> list[str]:
    found = []
    if device.virtual_name and (device.size or device.snapshot_id):
        found.append(f"{where}: virtualName is for the instance's own disks, which have no size and no snapshot")
    if not device.virtual_name and not device.size and not device.snapshot_id:
        found.append(f"{where}.size: is missing; expected GiB, or snapshotId")
    if device.iops is not None and device.volume_type not in ("io1", "io2", "gp3"):
        found.append(f"{where}.iops: goes with volumeType io1, io2 and gp3 only")
    if device.throughput is not None and device.volume_type != "gp3":
        found.append(f"{where}.throughput: goes with volumeType gp3 only")
    return found
