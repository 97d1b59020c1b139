"""Security groups: read, made to have exactly the rules that are wanted, removed.

Separate because rules are compared one by one, in one form for both sides.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from gennaker.core.cloud.model import Firewall
from gennaker.core.cloud.provider import Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import network
from gennaker.plugins.aws.marks import own_tags, tag_list, tag_map
from gennaker.plugins.aws.place import Json, Place

#: Ports mean nothing for these.
_EVERYTHING = "-1"
_SOON = r"InvalidGroup\.NotFound|InvalidGroupId\.Malformed"


class Rule(Struct, frozen=True, kw_only=True, order=True):
    """One source at one range of ports: what AWS adds and removes."""

    protocol: str
    first: int | None = None
    last: int | None = None
    cidr: str = ""
    #: A security group, and its account when that is another one.
    group: str = ""
    owner: str = ""
    description: str = ""

    @property
    def same(self) -> tuple[Any, ...]:
        """What makes it the same rule, whatever it is described as."""
        return (self.protocol, self.first, self.last, self.cidr, self.group)

    def permission(self) -> Json:
        """In AWS's words."""
        found: Json = {"IpProtocol": self.protocol}
        if self.first is not None:
            found |= {"FromPort": self.first, "ToPort": self.last}
        told = {"Description": self.description} if self.description else {}
        if self.group:
            owner = {"UserId": self.owner} if self.owner else {}
            return {**found, "UserIdGroupPairs": [{"GroupId": self.group, **owner, **told}]}
        if ":" in self.cidr:
            return {**found, "Ipv6Ranges": [{"CidrIpv6": self.cidr, **told}]}
        return {**found, "IpRanges": [{"CidrIp": self.cidr, **told}]}


def read(place: Place) -> list[Firewall]:
    """All security groups, by name."""
    told = place.pages("ec2", "describe_security_groups", "SecurityGroups", "security groups")
    names = {one["GroupId"]: one["GroupName"] for one in told}
    found = [
        Firewall(
            id=one["GroupId"],
            name=one["GroupName"],
            provider="aws",
            account=place.account.name,
            region=place.region,
            inbound=tuple(_shown(one.get("IpPermissions", ()), names)),
            outbound=tuple(_shown(one.get("IpPermissionsEgress", ()), names)),
            extra={
                "vpcId": one.get("VpcId"),
                "description": one.get("Description"),
                "ownerId": one.get("OwnerId"),
                "tags": tag_map(one.get("Tags")),
            },
        )
        for one in told
    ]
    return sorted(found, key=lambda one: (one.name, one.id))


def _shown(permissions: Iterable[Json], names: dict[str, str]) -> Iterable[Json]:
    """Rules in Spinnaker's JSON."""
    for rule in rules_of(permissions):
        shown: Json = {
            "protocol": rule.protocol,
            "portRanges": [] if rule.first is None else [{"startPort": rule.first, "endPort": rule.last}],
            "description": rule.description or None,
        }
        if rule.group:
            yield {**shown, "securityGroup": {"id": rule.group, "name": names.get(rule.group), "accountId": rule.owner}}
        else:
            ip, _, bits = rule.cidr.partition("/")
            yield {**shown, "range": {"ip": ip, "cidr": f"/{bits}" if bits else ""}}


def rules_of(permissions: Iterable[Json]) -> list[Rule]:
    """AWS's permissions, taken apart."""
    found = []
    for one in permissions:
        protocol = str(one.get("IpProtocol", _EVERYTHING))
        first, last = one.get("FromPort"), one.get("ToPort")
        if protocol == _EVERYTHING:
            first = last = None
        for told in (*one.get("IpRanges", ()), *one.get("Ipv6Ranges", ())):
            cidr, said = told.get("CidrIp") or told.get("CidrIpv6"), told.get("Description") or ""
            found.append(Rule(protocol=protocol, first=first, last=last, cidr=cidr, description=said))
        for told in one.get("UserIdGroupPairs", ()):
            owner, said = told.get("UserId") or "", told.get("Description") or ""
            found.append(
                Rule(protocol=protocol, first=first, last=last, group=told["GroupId"], owner=owner, description=said)
            )
    return found


def upsert(place: Place, wanted: Json, operation: Operation) -> str:
    """Create or change a security group; its id. Rules are added before others are removed. Raises InvalidRequest."""
    name = str(wanted.get("name") or "")
    if not name:
        raise InvalidRequest("is missing; expected the name of a security group", "name")
    vpc = str(wanted.get("vpcId") or network.default_network(place))
    found = _named(place, name, vpc) or _create(place, name, vpc, wanted, operation)
    id_ = str(found["GroupId"])
    rules = _wanted(place, wanted, vpc, {name: id_})
    present = {rule.same: rule for rule in rules_of(found.get("IpPermissions", ()))}
    asked = {rule.same: rule for rule in rules}
    what = f"security group {name}"
    for same, rule in asked.items():
        if same not in present:
            place.attempt(
                "ec2",
                "authorize_security_group_ingress",
                what,
                ["InvalidPermission.Duplicate"],
                again_on=_SOON,
                GroupId=id_,
                IpPermissions=[rule.permission()],
            )
    if wanted.get("ingressAppendOnly") not in (True, "true"):
        for same, rule in present.items():
            if same not in asked:
                place.attempt(
                    "ec2",
                    "revoke_security_group_ingress",
                    what,
                    ["InvalidPermission.NotFound"],
                    GroupId=id_,
                    IpPermissions=[rule.permission()],
                )
    return id_


def remove(place: Place, name: str) -> None:
    """Remove a security group, by name or id. Raises InvalidRequest when several networks have one of this name."""
    by = "group-id" if name.startswith("sg-") else "group-name"
    filters = [{"Name": by, "Values": [name]}]
    found = place.pages("ec2", "describe_security_groups", "SecurityGroups", "security groups", Filters=filters)
    if len(found) > 1:
        where = ", ".join(f"{one['GroupId']} in {one.get('VpcId')}" for one in found)
        raise InvalidRequest(f"{name!r} is the name of several groups ({where}); expected an id", "securityGroupName")
    for one in found:
        place.attempt(
            "ec2",
            "delete_security_group",
            f"security group {name} (expected nothing to use it)",
            ["InvalidGroup.NotFound"],
            GroupId=one["GroupId"],
        )


def _named(place: Place, name: str, vpc: str) -> Json | None:
    filters = [{"Name": "group-name", "Values": [name]}]
    if vpc:
        filters.append({"Name": "vpc-id", "Values": [vpc]})
    found = place.pages("ec2", "describe_security_groups", "SecurityGroups", "security groups", Filters=filters)
    return found[0] if found else None


def _create(place: Place, name: str, vpc: str, wanted: Json, operation: Operation) -> Json:
    tags = {**{str(key): str(value) for key, value in (wanted.get("tags") or {}).items()}, **own_tags(operation)}
    arguments: Json = {"VpcId": vpc} if vpc else {}
    answer = place.attempt(
        "ec2",
        "create_security_group",
        f"security group {name}",
        ["InvalidGroup.Duplicate"],
        GroupName=name,
        Description=str(wanted.get("description") or name)[:255],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tag_list(tags)}],
        **arguments,
    )
    if answer is not None:
        return {"GroupId": answer["GroupId"]}
    found = place.until(lambda: _named(place, name, vpc))
    if found is None:
        raise InvalidRequest(
            f"{place.name(f'security group {name}')} exists, and cannot be seen in network {vpc}", "name"
        )
    return found


def _wanted(place: Place, wanted: Json, vpc: str, own: dict[str, str]) -> list[Rule]:
    """The rules that are asked for, names resolved."""
    found = []
    for index, told in enumerate(wanted.get("ipIngress") or ()):
        where = f"ipIngress[{index}]"
        cidr = str(told.get("cidr") or "")
        if "/" not in cidr:
            raise InvalidRequest(f"{cidr!r} was given; expected a range such as 10.0.0.0/8", f"{where}.cidr")
        found.append(Rule(**_ports(told, where), cidr=cidr, description=str(told.get("description") or "")))
    groups: Sequence[Json] = wanted.get("securityGroupIngress") or ()
    names = [str(one.get("id") or one.get("name") or "") for one in groups]
    if "" in names:
        raise InvalidRequest("is missing; expected name or id", f"securityGroupIngress[{names.index('')}].name")
    for index, (told, name) in enumerate(zip(groups, names, strict=True)):
        where = f"securityGroupIngress[{index}]"
        network_ = str(told.get("vpcId") or vpc)
        other = str(told.get("accountName") or place.account.name)
        if other != place.account.name and not name.startswith("sg-"):
            raise InvalidRequest(f"{name!r} is in account {other}; expected its id", f"{where}.name")
        id_ = own.get(name) or network.group_ids(place, network_, [name], f"{where}.name")[0]
        owner = str(told.get("accountId") or "")
        described = str(told.get("description") or "")
        found.append(Rule(**_ports(told, where), group=id_, owner=owner, description=described))
    return found


def _ports(told: Json, where: str) -> dict[str, Any]:
    protocol = str(told.get("ipProtocol") or told.get("type") or "tcp").lower()
    if protocol in (_EVERYTHING, "all"):
        return {"protocol": _EVERYTHING}
    first, last = told.get("startPort"), told.get("endPort")
    try:
        low, high = int(str(first)), int(str(last if last is not None else first))
    except ValueError:
        raise InvalidRequest(f"{first!r} to {last!r} was given; expected port numbers", f"{where}.startPort") from None
    if protocol in ("tcp", "udp") and not 0 <= low <= high <= 65_535:
        raise InvalidRequest(f"{low} to {high} was given; expected 0 to 65535, in order", f"{where}.startPort")
    return {"protocol": protocol, "first": low, "last": high}
