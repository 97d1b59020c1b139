"""The fields of a `createServerGroup` for AWS, typed.

Separate because they are read in one place, from what people wrote. Source: reference clouds §2.2.
"""

import base64
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gennaker.core.cloud.names import cluster_name
from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]


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
    def stopped(self) -> list[str]:
        """The processes that are suspended before it has instances."""
        return sorted({*self.suspended_processes, *(["AddToLoadBalancer"] if self.start_disabled else [])})

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
