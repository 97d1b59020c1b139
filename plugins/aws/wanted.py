"""The fields of a `createServerGroup` for AWS, typed, and what is wrong with them.

Separate because they are checked when a pipeline is saved, without asking AWS anything. Source: reference clouds §2.2.
"""

import base64
import binascii
import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gennaker.core.cloud.names import cluster_name
from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]
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


class Shape(Struct, frozen=True, kw_only=True, rename="camel"):
    """The parent of what is read from a stage's JSON: other keys are somebody else's."""


class Sizes(Shape, frozen=True):
    """Capacity."""

    min: int
    max: int
    desired: int


class Source(Shape, frozen=True):
    """The group to copy from."""

    account: str = ""
    region: str = ""
    asg_name: str = ""
    server_group_name: str = ""
    use_source_capacity: bool = False

    @property
    def name(self) -> str:
        """Its name, however it was given."""
        return self.asg_name or self.server_group_name


class BlockDevice(Shape, frozen=True):
    """A volume, or an instance's own disk under a virtual name."""

    device_name: str
    virtual_name: str = ""
    size: int | None = None
    volume_type: str = ""
    delete_on_termination: bool = True
    iops: int | None = None
    throughput: int | None = None
    encrypted: bool | None = None
    kms_key_id: str = ""
    snapshot_id: str = ""


class Hook(Shape, frozen=True):
    """A lifecycle hook."""

    lifecycle_transition: Literal["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]
    name: str = ""
    heartbeat_timeout: int = 3600
    default_result: Literal["CONTINUE", "ABANDON"] = "ABANDON"
    notification_target_arn: str = msgspec.field(default="", name="notificationTargetARN")
    role_arn: str = msgspec.field(default="", name="roleARN")
    notification_metadata: str = ""


class Override(Shape, frozen=True):
    """One of several instance types."""

    instance_type: str
    weighted_capacity: str | int = ""
    priority: int = 0


class Wanted(Shape, frozen=True):
    """A server group that is wanted. Everything but place, application, image, type and capacity may be absent."""

    application: str
    stack: str = ""
    free_form_details: str = ""
    capacity: Sizes | None = None
    account: str = ""
    credentials: str = ""
    region: str = ""
    availability_zones: dict[str, list[str]] = {}
    source: Source = Source()
    #: What is not given is taken from the source; without it only capacity, scaling policies and volumes are.
    clone: bool = False
    ami_name: str = ""
    image_id: str = ""
    instance_type: str = ""
    vpc_id: str = ""
    subnet_type: str = ""
    subnet_ids: list[str] = []
    security_groups: list[str] = []
    security_group_names: list[str] = []
    load_balancers: list[str] = []
    target_groups: list[str] = []
    iam_role: str = ""
    key_pair: str = ""
    user_data: str = ""
    base64_user_data: str = ""
    block_devices: list[BlockDevice] = []
    use_ami_block_device_mappings: bool = False
    block_device_tags: dict[str, str | int | float] = {}
    ebs_optimized: bool | None = None
    instance_monitoring: bool | None = None
    associate_public_ip_address: bool | None = None
    associate_ipv6_address: bool = msgspec.field(default=False, name="associateIPv6Address")
    kernel_id: str = ""
    ramdisk_id: str = ""
    require_imdsv2: bool | None = msgspec.field(default=None, name="requireIMDSv2")
    unlimited_cpu_credits: bool | None = None
    enable_enclave: bool | None = None
    placement: Json = {}
    license_specifications: list[Json] = []
    tags: dict[str, str | int | float] = {}
    cooldown: int = 10
    health_check_type: Literal["EC2", "ELB"] = "EC2"
    health_check_grace_period: int = 600
    termination_policies: list[str] = []
    suspended_processes: list[str] = []
    enabled_metrics: list[str] = []
    lifecycle_hooks: list[Hook] = []
    capacity_rebalance: bool | None = None
    start_disabled: bool = False
    sequence: int | None = None
    ignore_sequence: bool = False
    copy_source_scaling_policies_and_actions: bool = True
    copy_source_custom_block_device_mappings: bool = True
    copy_source_subnet_id_overrides: bool = True
    spot_price: str | float = ""
    spot_max_price: str | float = ""
    on_demand_allocation_strategy: str = ""
    on_demand_base_capacity: int | None = None
    on_demand_percentage_above_base_capacity: int | None = None
    spot_allocation_strategy: str = ""
    spot_instance_pools: int | None = None
    launch_template_overrides_for_instance_type: list[Override] = []

    @property
    def cluster(self) -> str:
        """The cluster's name. Raises InvalidRequest."""
        return cluster_name(self.application, self.stack, self.free_form_details)

    @property
    def mixed(self) -> bool:
        """Several instance types, or on-demand and spot together."""
        return bool(
            self.launch_template_overrides_for_instance_type
            or self.on_demand_base_capacity is not None
            or self.on_demand_percentage_above_base_capacity is not None
            or self.on_demand_allocation_strategy
            or self.spot_allocation_strategy
            or self.spot_instance_pools is not None
        )

    @property
    def spot(self) -> str:
        """The most that is paid for spot instances, in dollars an hour; empty = on demand."""
        return str(self.spot_max_price or self.spot_price)

    @property
    def image(self) -> str:
        """Name or id of its image."""
        return self.image_id or self.ami_name

    @property
    def data(self) -> str:
        """User data as AWS takes it: base64."""
        return self.base64_user_data or base64.b64encode(self.user_data.encode()).decode()


def read(wanted: Json) -> Wanted:
    """The fields, typed; null counts as absent. Raises InvalidRequest that names the place."""
    given = {key: value for key, value in wanted.items() if value is not None and value != ""}
    try:
        return msgspec.convert(given, Wanted, strict=False)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$.")
        raise InvalidRequest(said, place.rstrip("`") or "createServerGroup") from None


def place_of(wanted: Wanted) -> tuple[str, str, list[str]]:
    """Account, region and zones. Raises InvalidRequest when they are not one of each."""
    account = wanted.credentials or wanted.account
    if not account:
        raise InvalidRequest("is missing; expected the name of an account", "credentials")
    regions = [wanted.region] if wanted.region else list(wanted.availability_zones)
    if len(regions) != 1:
        raise InvalidRequest(
            f"{', '.join(regions) or 'nothing'} was given; expected one region: region, or availabilityZones with one key",
            "availabilityZones",
        )
    return account, regions[0], list(wanted.availability_zones.get(regions[0]) or [])


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
