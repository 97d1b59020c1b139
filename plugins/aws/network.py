"""Networks, subnets and security groups as pipelines name them: by purpose, name or id.

Separate because server groups, load balancers and security groups resolve the same names.
"""

import json
import re
from collections.abc import Collection, Iterable

from msgspec import Struct

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.marks import tag_map
from gennaker.plugins.aws.place import Json, Place

_GROUP_ID = re.compile(r"sg-[0-9a-f]{8,17}")


class Subnet(Struct, frozen=True, kw_only=True):
    """A subnet, and what it is for."""

    id: str
    vpc: str
    zone: str
    #: From its tag `immutable_metadata`, or the middle of its name `vpc.purpose.zone`.
    purpose: str
    #: `ec2` or `elb` when the tag says so.
    target: str = ""


def subnets(place: Place) -> list[Subnet]:
    """All subnets."""
    return [_subnet(one) for one in place.pages("ec2", "describe_subnets", "Subnets", "subnets")]


def _subnet(told: Json) -> Subnet:
    tags = tag_map(told.get("Tags"))
    purpose, target = "", ""
    try:
        said = json.loads(tags.get("immutable_metadata") or "{}")
    except ValueError:
        said = {}
    if isinstance(said, dict):
        purpose, target = str(said.get("purpose") or ""), str(said.get("target") or "")
    parts = tags.get("Name", "").split(".")
    if not purpose and len(parts) == 3:
        purpose = parts[1]
    return Subnet(id=told["SubnetId"], vpc=told["VpcId"], zone=told["AvailabilityZone"], purpose=purpose, target=target)


def for_purpose(
    place: Place, purpose: str, zones: Collection[str], *, target: str = "ec2", vpc: str = ""
) -> list[Subnet]:
    """The subnets of a purpose in zones (empty = all zones). Raises InvalidRequest when there are none, or in several networks."""
    everywhere = [one for one in subnets(place) if one.target in ("", target) and vpc in ("", one.vpc)]
    found = [one for one in everywhere if one.purpose == purpose and (not zones or one.zone in zones)]
    if not found:
        known = sorted({one.purpose for one in everywhere if one.purpose})
        raise InvalidRequest(
            f"no subnet of purpose {purpose!r} in zones {', '.join(sorted(zones)) or '(any)'} of {place.account.name}/{place.region}; "
            f"purposes that exist: {', '.join(known) or 'none (tag subnets immutable_metadata or name them vpc.purpose.zone)'}",
            "subnetType",
        )
    if len(networks := sorted({one.vpc for one in found})) > 1:
        raise InvalidRequest(
            f"subnets of purpose {purpose!r} are in several networks ({', '.join(networks)}); expected subnetIds, or vpcId",
            "subnetType",
        )
    return found


def by_ids(place: Place, ids: Iterable[str]) -> list[Subnet]:
    """Subnets by id, in that order. Raises InvalidRequest for one that is not there."""
    found = {one.id: one for one in subnets(place)}
    wanted = list(dict.fromkeys(ids))
    if missing := [id_ for id_ in wanted if id_ not in found]:
        raise InvalidRequest(
            f"no subnet {', '.join(missing)} in {place.account.name}/{place.region}; expected the ids of subnets there",
            "subnetIds",
        )
    return [found[id_] for id_ in wanted]


def default_network(place: Place) -> str:
    """The id of the default network; empty when there is none."""
    filters = [{"Name": "is-default", "Values": ["true"]}]
    found = place.pages("ec2", "describe_vpcs", "Vpcs", "networks", Filters=filters)
    return str(found[0]["VpcId"]) if found else ""


def security_groups(place: Place, vpc: str, names: Iterable[str] = ()) -> dict[str, str]:
    """Ids of the security groups of a network, by name; of some names only, when they are given."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}] if vpc else []
    if wanted := sorted(set(names)):
        filters.append({"Name": "group-name", "Values": wanted})
    found = place.pages("ec2", "describe_security_groups", "SecurityGroups", "security groups", Filters=filters)
    return {one["GroupName"]: one["GroupId"] for one in found}


def group_ids(place: Place, vpc: str, wanted: Iterable[str], where: str = "securityGroups") -> list[str]:
    """Security groups, by name or id, as ids in that order. Raises InvalidRequest for a name that is not there."""
    given = list(dict.fromkeys(wanted))
    names = [one for one in given if not _GROUP_ID.fullmatch(one)]
    known = security_groups(place, vpc, names) if names else {}
    if missing := [name for name in names if name not in known]:
        network = f"network {vpc}" if vpc else "any network"
        raise InvalidRequest(
            f"no security group {', '.join(missing)} in {network} of {place.account.name}/{place.region}; "
            "expected names or ids of groups there",
            where,
        )
    return list(dict.fromkeys(known.get(one, one) for one in given))
