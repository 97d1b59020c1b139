"""Where load balancers are made: which kind, in which network, with which subnets and security groups.

Separate because all kinds share these fields of `upsertLoadBalancer`. Source: reference clouds §2.2.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import network
from gennaker.plugins.aws.place import Json, Place

#: What AWS takes as a name.
_LONGEST = 32


class Balancer(Struct, frozen=True, kw_only=True, rename="camel"):
    """What all kinds share."""

    name: str = ""
    load_balancer_type: Literal["classic", "application", "network"] = "classic"
    vpc_id: str = ""
    subnet_type: str = ""
    subnet_ids: list[str] = []
    is_internal: bool = False
    idle_timeout: int = 60
    security_groups: list[str] = []
    availability_zones: dict[str, list[str]] = {}
    region_zones: list[str] = []
    deletion_protection: bool = False
    ip_address_type: Literal["ipv4", "dualstack"] = "ipv4"
    cross_zone_balancing: bool = True
    connection_draining: bool = True
    deregistration_delay: int = 300
    health_check: str = ""
    health_interval: int = 10
    health_timeout: int = 5
    unhealthy_threshold: int = 2
    healthy_threshold: int = 10
    listeners: list[Json] = []
    target_groups: list[Json] = []
    tags: dict[str, str] = {}


class Ground(Struct, frozen=True, kw_only=True):
    """Where a balancer stands."""

    vpc: str
    subnets: tuple[str, ...]
    zones: tuple[str, ...]
    security_groups: tuple[str, ...]


def read(wanted: Json) -> Balancer:
    """The fields, typed. Raises InvalidRequest."""
    given = {key: value for key, value in wanted.items() if value is not None and value != ""}
    given.setdefault("name", given.get("loadBalancerName") or given.get("clusterName") or "")
    zones = given.get("availabilityZones")
    if isinstance(zones, list):
        given["availabilityZones"] = {"": zones}
    try:
        found = msgspec.convert(given, Balancer, strict=False)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$.")
        raise InvalidRequest(said, place.rstrip("`") or "upsertLoadBalancer") from None
    if not 0 < len(found.name) <= _LONGEST:
        raise InvalidRequest(f"{found.name!r} was given; expected a name of 1 to {_LONGEST} characters", "name")
    if not found.listeners:
        raise InvalidRequest("is missing; expected at least one listener", "listeners")
    return found


def stands(place: Place, wanted: Balancer) -> Ground:
    """The subnets (or the zones of the default network) and security groups of a balancer. Raises InvalidRequest."""
    zones = wanted.region_zones or wanted.availability_zones.get(place.region) or wanted.availability_zones.get("", [])
    if wanted.subnet_ids:
        subnets = network.by_ids(place, wanted.subnet_ids)
    elif wanted.subnet_type:
        subnets = network.for_purpose(place, wanted.subnet_type, zones, target="elb", vpc=wanted.vpc_id)
    elif wanted.load_balancer_type == "classic":
        subnets = []
    else:
        vpc = wanted.vpc_id or network.default_network(place)
        subnets = [one for one in network.subnets(place) if one.vpc == vpc and (not zones or one.zone in zones)]
    one_each = {one.zone: one.id for one in reversed(subnets)}
    vpc = subnets[0].vpc if subnets else wanted.vpc_id or network.default_network(place)
    if not subnets and not zones:
        raise InvalidRequest("is missing; expected zones, subnetType or subnetIds", "availabilityZones")
    groups = network.group_ids(place, vpc, wanted.security_groups)
    return Ground(
        vpc=vpc,
        subnets=tuple(one_each[zone] for zone in sorted(one_each)),
        zones=() if subnets else tuple(zones),
        security_groups=tuple(groups),
    )


def whole(value: Any, where: str, least: int = 1, most: int = 65_535) -> int:
    """A number of a listener or target group. Raises InvalidRequest."""
    try:
        number = int(str(value))
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise InvalidRequest(f"{value!r} was given; expected {least} to {most}", where)
    return number
