"""Classic load balancers: made, changed, removed.

Separate because their listeners and health checks are unlike those of the newer kinds.
"""

import re

from gennaker.core.cloud.provider import CloudError, Operation
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.balancers import CLASSIC_GONE, classic_named
from gennaker.plugins.aws.balancing import Balancer, Ground, stands, whole
from gennaker.plugins.aws.marks import own_tags, tag_list
from gennaker.plugins.aws.place import Json, Place

_CHECK = re.compile(r"(HTTPS?:\d{1,5}/\S*|(TCP|SSL):\d{1,5})")


def upsert(place: Place, wanted: Balancer, operation: Operation) -> str:
    """Create or change a classic load balancer; its name. Raises InvalidRequest."""
    if wanted.health_check and not _CHECK.fullmatch(wanted.health_check):
        raise InvalidRequest(
            f"{wanted.health_check!r} was given; expected one such as HTTP:7001/health or TCP:7001", "healthCheck"
        )
    listeners = [listener(one, f"listeners[{index}]") for index, one in enumerate(wanted.listeners)]
    ground = stands(place, wanted)
    found = classic_named(place, wanted.name)
    if found is None:
        _create(place, wanted, ground, listeners, operation)
    else:
        _change(place, wanted, ground, listeners, found)
    _configure(place, wanted)
    return wanted.name


def listener(told: Json, where: str) -> Json:
    """A listener in AWS's words. Raises InvalidRequest."""
    outside, inside = told.get("externalPort"), told.get("internalPort")
    protocol = str(told.get("externalProtocol") or "HTTP").upper()
    found: Json = {
        "Protocol": protocol,
        "LoadBalancerPort": whole(outside, f"{where}.externalPort"),
        "InstanceProtocol": str(told.get("internalProtocol") or protocol).upper(),
        "InstancePort": whole(inside if inside is not None else outside, f"{where}.internalPort"),
    }
    if certificate := told.get("sslCertificateId"):
        found["SSLCertificateId"] = certificate
    elif protocol in ("HTTPS", "SSL"):
        raise InvalidRequest(f"is missing; expected a certificate for {protocol}", f"{where}.sslCertificateId")
    return found


def _create(place: Place, wanted: Balancer, ground: Ground, listeners: list[Json], operation: Operation) -> None:
    arguments: Json = {"Subnets": list(ground.subnets)} if ground.subnets else {"AvailabilityZones": list(ground.zones)}
    if ground.security_groups:
        arguments["SecurityGroups"] = list(ground.security_groups)
    if wanted.is_internal:
        arguments["Scheme"] = "internal"
    made = place.attempt(
        "elb",
        "create_load_balancer",
        f"load balancer {wanted.name}",
        ["DuplicateLoadBalancerName", "DuplicateAccessPointName"],
        LoadBalancerName=wanted.name,
        Listeners=listeners,
        Tags=tag_list({**wanted.tags, **own_tags(operation)}),
        **arguments,
    )
    if made is None and (found := place.until(lambda: classic_named(place, wanted.name))):
        _change(place, wanted, ground, listeners, found)


def _change(place: Place, wanted: Balancer, ground: Ground, listeners: list[Json], found: Json) -> None:
    """Have exactly these listeners, and the security groups."""
    what = f"load balancer {wanted.name}"
    if found.get("Scheme", "internet-facing") != ("internal" if wanted.is_internal else "internet-facing"):
        raise InvalidRequest(f"{place.name(what)} is {found.get('Scheme')}; AWS cannot change that", "isInternal")
    present = {one["Listener"]["LoadBalancerPort"]: _plain(one["Listener"]) for one in found["ListenerDescriptions"]}
    asked = {one["LoadBalancerPort"]: one for one in listeners}
    if old := [port for port, one in present.items() if asked.get(port) != one]:
        place.call(
            "elb", "delete_load_balancer_listeners", what, LoadBalancerName=wanted.name, LoadBalancerPorts=sorted(old)
        )
    if new := [one for port, one in asked.items() if present.get(port) != one]:
        place.call("elb", "create_load_balancer_listeners", what, LoadBalancerName=wanted.name, Listeners=new)
    if ground.security_groups and set(ground.security_groups) != set(found.get("SecurityGroups", ())):
        place.call(
            "elb",
            "apply_security_groups_to_load_balancer",
            what,
            LoadBalancerName=wanted.name,
            SecurityGroups=list(ground.security_groups),
        )


def _plain(told: Json) -> Json:
    kept = ("Protocol", "LoadBalancerPort", "InstanceProtocol", "InstancePort", "SSLCertificateId")
    found = {key: told[key] for key in kept if told.get(key)}
    return found | {key: found[key].upper() for key in ("Protocol", "InstanceProtocol") if key in found}


def _configure(place: Place, wanted: Balancer) -> None:
    what = f"load balancer {wanted.name}"
    if wanted.health_check:
        check = {
            "Target": wanted.health_check,
            "Interval": wanted.health_interval,
            "Timeout": wanted.health_timeout,
            "UnhealthyThreshold": wanted.unhealthy_threshold,
            "HealthyThreshold": wanted.healthy_threshold,
        }
        place.call("elb", "configure_health_check", what, LoadBalancerName=wanted.name, HealthCheck=check)
    draining: Json = {"Enabled": wanted.connection_draining}
    if wanted.connection_draining:
        draining["Timeout"] = wanted.deregistration_delay
    attributes = {
        "CrossZoneLoadBalancing": {"Enabled": wanted.cross_zone_balancing},
        "ConnectionDraining": draining,
        "ConnectionSettings": {"IdleTimeout": wanted.idle_timeout},
    }
    place.call(
        "elb",
        "modify_load_balancer_attributes",
        what,
        LoadBalancerName=wanted.name,
        LoadBalancerAttributes=attributes,
    )


def remove(place: Place, name: str) -> bool:
    """Remove a classic load balancer; whether there was one."""
    if classic_named(place, name) is None:
        return False
    what = f"load balancer {name}"
    place.attempt("elb", "delete_load_balancer", what, CLASSIC_GONE, LoadBalancerName=name)
    if classic_named(place, name) is not None:
        raise CloudError(f"{place.name(what)} is still there after its removal; it is removed again", retryable=True)
    return True
