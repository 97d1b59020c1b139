"""Application and network load balancers: made, changed, removed, with their target groups.

Separate from their listeners, which are compared by port and rule.
"""

from typing import Any

from gennaker.core.cloud.provider import Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.balancers import MODERN_GONE, modern_named, target_group
from gennaker.plugins.aws.balancing import Balancer, Ground, stands, whole
from gennaker.plugins.aws.listeners import match
from gennaker.plugins.aws.marks import own_tags, tag_list
from gennaker.plugins.aws.place import Json, Place

_HTTP = ("HTTP", "HTTPS")
#: Attributes of target groups: Spinnaker's name to AWS's.
_ATTRIBUTES = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "stickinessEnabled": "stickiness.enabled",
    "stickinessType": "stickiness.type",
    "stickinessDuration": "stickiness.lb_cookie.duration_seconds",
}


def upsert(place: Place, wanted: Balancer, operation: Operation) -> str:
    """Create or change a load balancer with target groups, listeners and rules; its name. Raises InvalidRequest."""
    described = [_described(one, f"targetGroups[{index}]") for index, one in enumerate(wanted.target_groups)]
    ground = stands(place, wanted)
    balancer = modern_named(place, wanted.name) or _create(place, wanted, ground, operation)
    _configure(place, wanted, ground, balancer)
    arns = {name: _target_group(place, ground.vpc, name, told, operation) for name, told in described}
    for (name, _), told in zip(described, wanted.target_groups, strict=True):
        _attributes(place, name, arns[name], told.get("attributes") or {})
    match(place, balancer, wanted.listeners, arns)
    return wanted.name


def _create(place: Place, wanted: Balancer, ground: Ground, operation: Operation) -> Json:
    what = f"load balancer {wanted.name}"
    arguments: Json = {"SecurityGroups": list(ground.security_groups)} if ground.security_groups else {}
    made = place.attempt(
        "elbv2",
        "create_load_balancer",
        what,
        ["DuplicateLoadBalancerName"],
        Name=wanted.name,
        Type=wanted.load_balancer_type,
        Subnets=list(ground.subnets),
        Scheme="internal" if wanted.is_internal else "internet-facing",
        IpAddressType=wanted.ip_address_type,
        Tags=tag_list({**wanted.tags, **own_tags(operation)}),
        **arguments,
    )
    if made is not None:
        return dict(made["LoadBalancers"][0])
    found = place.until(lambda: modern_named(place, wanted.name))
    if found is None:
        raise InvalidRequest(f"{place.name(what)} exists, and cannot be read", "name")
    return found


def _configure(place: Place, wanted: Balancer, ground: Ground, found: Json) -> None:
    what, arn = f"load balancer {wanted.name}", found["LoadBalancerArn"]
    if found.get("Type") != wanted.load_balancer_type:
        raise InvalidRequest(
            f"{place.name(what)} is of type {found.get('Type')}; AWS cannot change that", "loadBalancerType"
        )
    if ground.security_groups and set(ground.security_groups) != set(found.get("SecurityGroups", ())):
        place.call(
            "elbv2", "set_security_groups", what, LoadBalancerArn=arn, SecurityGroups=list(ground.security_groups)
        )
    if found.get("IpAddressType", "ipv4") != wanted.ip_address_type:
        place.call("elbv2", "set_ip_address_type", what, LoadBalancerArn=arn, IpAddressType=wanted.ip_address_type)
    attributes: Json = {"deletion_protection.enabled": wanted.deletion_protection}
    if wanted.load_balancer_type == "application":
        attributes |= {"idle_timeout.timeout_seconds": wanted.idle_timeout}
    else:
        attributes |= {"load_balancing.cross_zone.enabled": wanted.cross_zone_balancing}
    listed = [{"Key": key, "Value": _text(value)} for key, value in attributes.items()]
    place.call("elbv2", "modify_load_balancer_attributes", what, LoadBalancerArn=arn, Attributes=listed)


def _described(told: Json, where: str) -> tuple[str, Json]:
    """Name and description of a target group. Raises InvalidRequest."""
    name = str(told.get("name") or told.get("targetGroupName") or "")
    if not 0 < len(name) <= 32:
        raise InvalidRequest(f"{name!r} was given; expected a name of 1 to 32 characters", f"{where}.name")
    protocol = str(told.get("protocol") or "HTTP").upper()
    check = str(told.get("healthCheckProtocol") or ("HTTP" if protocol in _HTTP else "TCP")).upper()
    port = str(told.get("healthCheckPort") or "traffic-port")
    if port != "traffic-port":
        whole(port, f"{where}.healthCheckPort")
    changing: Json = {
        "HealthCheckProtocol": check,
        "HealthCheckPort": port,
        "HealthCheckIntervalSeconds": whole(
            told.get("healthCheckInterval") or 10, f"{where}.healthCheckInterval", 5, 300
        ),
        "HealthyThresholdCount": whole(told.get("healthyThreshold") or 10, f"{where}.healthyThreshold", 2, 10),
        "UnhealthyThresholdCount": whole(told.get("unhealthyThreshold") or 2, f"{where}.unhealthyThreshold", 2, 10),
        "HealthCheckTimeoutSeconds": whole(told.get("healthCheckTimeout") or 5, f"{where}.healthCheckTimeout", 2, 120),
    }
    if check in _HTTP:
        changing["HealthCheckPath"] = str(told.get("healthCheckPath") or "/")
        if protocol in _HTTP:
            changing["Matcher"] = {"HttpCode": str(told.get("healthCheckMatcher") or "200-299")}
    fixed = {
        "Protocol": protocol,
        "Port": whole(told.get("port"), f"{where}.port"),
        "TargetType": str(told.get("targetType") or "instance"),
    }
    return name, {"fixed": fixed, "changing": changing}


def _target_group(place: Place, vpc: str, name: str, told: Json, operation: Operation) -> str:
    """Create or change a target group; its ARN. Raises InvalidRequest for what AWS cannot change."""
    what = f"target group {name}"
    found = target_group(place, name)
    if found is None:
        made = place.attempt(
            "elbv2",
            "create_target_group",
            what,
            ["DuplicateTargetGroupName"],
            Name=name,
            VpcId=vpc,
            Tags=tag_list(own_tags(operation)),
            **told["fixed"],
            **told["changing"],
        )
        if made is not None:
            return str(made["TargetGroups"][0]["TargetGroupArn"])
        found = place.until(lambda: target_group(place, name))
    if found is None:
        raise InvalidRequest(f"{place.name(what)} exists, and cannot be read", "targetGroups")
    for key, value in told["fixed"].items():
        if found.get(key) not in (None, value):
            raise InvalidRequest(
                f"{place.name(what)} has {key} {found[key]}, and {value} is wanted; AWS cannot change that: expected another name",
                "targetGroups",
            )
    place.call("elbv2", "modify_target_group", what, TargetGroupArn=found["TargetGroupArn"], **told["changing"])
    return str(found["TargetGroupArn"])


def _attributes(place: Place, name: str, arn: str, given: Json) -> None:
    listed = [
        {"Key": _ATTRIBUTES.get(key, key), "Value": _text(value)}
        for key, value in given.items()
        if value not in (None, "") and (key in _ATTRIBUTES or "." in key)
    ]
    if listed:
        what = f"target group {name}"
        place.call("elbv2", "modify_target_group_attributes", what, TargetGroupArn=arn, Attributes=listed)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def remove(place: Place, name: str) -> bool:
    """Remove a load balancer, and the target groups that only it has; whether there was one."""
    found = modern_named(place, name)
    if found is None:
        return False
    arn, what = found["LoadBalancerArn"], f"load balancer {name}"
    own = place.pages("elbv2", "describe_target_groups", "TargetGroups", what, LoadBalancerArn=arn)
    place.attempt("elbv2", "delete_load_balancer", what, MODERN_GONE, LoadBalancerArn=arn)
    for one in own:
        if set(one.get("LoadBalancerArns", ())) <= {arn}:
            place.attempt(
                "elbv2",
                "delete_target_group",
                f"target group {one['TargetGroupName']}",
                ["TargetGroupNotFound"],
                again_on="ResourceInUse",
                TargetGroupArn=one["TargetGroupArn"],
            )
    return True
