"""What a wish for a server group comes to: filled by its source and the account, and everything that it names found at AWS.

Separate because planning and creating need the same, and this reads only.
"""

import msgspec
from msgspec import Struct

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import copying, images, network
from gennaker.plugins.aws.balancers import missing_classic, target_arns
from gennaker.plugins.aws.checking import problems
from gennaker.plugins.aws.place import Json, Place, Places
from gennaker.plugins.aws.templates import Blueprints
from gennaker.plugins.aws.wanted import Wanted, place_of, read


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
