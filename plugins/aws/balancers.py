"""Load balancers as they are: classic ones, and application and network ones with target groups and listeners.

Separate because reading is the same for all; making one is not.
"""

from collections.abc import Iterable, Mapping

from gennaker.core.cloud.model import LoadBalancer, State
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import groups
from gennaker.plugins.aws.health import classic_state, target_state
from gennaker.plugins.aws.instances import registered, targets
from gennaker.plugins.aws.marks import millis, spinnaker
from gennaker.plugins.aws.place import Json, Place

CLASSIC_GONE = ("LoadBalancerNotFound", "AccessPointNotFound")
MODERN_GONE = ("LoadBalancerNotFound",)


def read(place: Place) -> list[LoadBalancer]:
    """All load balancers of all kinds, by name."""
    owners = {
        member["InstanceId"]: group["AutoScalingGroupName"]
        for group in groups.all_raw(place)
        for member in group.get("Instances", ())
    }
    classic = place.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions", "load balancers")
    found = [_classic(place, one, owners) for one in classic]
    modern = place.pages("elbv2", "describe_load_balancers", "LoadBalancers", "load balancers")
    listed = place.pages("elbv2", "describe_target_groups", "TargetGroups", "target groups") if modern else []
    found += [_modern(place, one, listed, owners) for one in modern]
    return sorted(found, key=lambda one: (one.name, one.type))


def _classic(place: Place, told: Json, owners: Mapping[str, str]) -> LoadBalancer:
    name = told["LoadBalancerName"]
    states = {id_: classic_state(one) for id_, known in registered(place, [name]).items() for _, one in known}
    extra = spinnaker(told)
    extra |= {
        "loadBalancerType": "classic",
        "vpcId": told.get("VPCId"),
        "dnsName": told.get("DNSName"),
        "createdTime": millis(told.get("CreatedTime")),
        "listeners": [spinnaker(one["Listener"]) for one in told.get("ListenerDescriptions", ())],
    }
    return LoadBalancer(
        name=name,
        provider="aws",
        account=place.account.name,
        region=place.region,
        type="classic",
        server_groups=_by_group(states, owners),
        extra=extra,
    )


def _modern(place: Place, told: Json, listed: Iterable[Json], owners: Mapping[str, str]) -> LoadBalancer:
    arn = told["LoadBalancerArn"]
    own = [one for one in listed if arn in one.get("LoadBalancerArns", ())]
    states: dict[str, State] = {}
    shown = []
    for one in own:
        known = targets(place, [one["TargetGroupArn"]])
        healths = {id_: target_state(said) for id_, told_ in known.items() for _, said in told_}
        states |= {id_: state for id_, state in healths.items() if states.get(id_) != "Up"}
        shown.append({**spinnaker(one), "serverGroups": _by_group(healths, owners)})
    extra = spinnaker(told)
    extra |= {
        "loadBalancerType": told.get("Type"),
        "vpcId": told.get("VpcId"),
        "dnsName": told.get("DNSName"),
        "listeners": [spinnaker(one) for one in listeners(place, told)],
        "targetGroups": shown,
    }
    return LoadBalancer(
        name=told["LoadBalancerName"],
        provider="aws",
        account=place.account.name,
        region=place.region,
        type=str(told.get("Type") or ""),
        server_groups=_by_group(states, owners),
        extra=extra,
    )


def _by_group(states: Mapping[str, State], owners: Mapping[str, str]) -> dict[str, dict[str, State]]:
    found: dict[str, dict[str, State]] = {}
    for id_, state in states.items():
        if id_ in owners:
            found.setdefault(owners[id_], {})[id_] = state
    return found


def listeners(place: Place, balancer: Json) -> list[Json]:
    """The listeners of an application or network load balancer."""
    return place.pages(
        "elbv2",
        "describe_listeners",
        "Listeners",
        f"load balancer {balancer['LoadBalancerName']}",
        LoadBalancerArn=balancer["LoadBalancerArn"],
    )


def classic_named(place: Place, name: str) -> Json | None:
    """A classic load balancer; None when there is none."""
    what = f"load balancer {name}"
    answer = place.attempt("elb", "describe_load_balancers", what, CLASSIC_GONE, LoadBalancerNames=[name])
    return next(iter((answer or {}).get("LoadBalancerDescriptions", ())), None)


def modern_named(place: Place, name: str) -> Json | None:
    """An application or network load balancer; None when there is none."""
    answer = place.attempt("elbv2", "describe_load_balancers", f"load balancer {name}", MODERN_GONE, Names=[name])
    return next(iter((answer or {}).get("LoadBalancers", ())), None)


def missing_classic(place: Place, names: Iterable[str]) -> list[str]:
    """The names that no classic load balancer has."""
    return [name for name in dict.fromkeys(names) if classic_named(place, name) is None]


def target_group(place: Place, name: str) -> Json | None:
    """A target group; None when there is none."""
    what = f"target group {name}"
    answer = place.attempt("elbv2", "describe_target_groups", what, ["TargetGroupNotFound"], Names=[name])
    return next(iter((answer or {}).get("TargetGroups", ())), None)


def target_arns(place: Place, names: Iterable[str]) -> list[str]:
    """Target groups, by name or ARN, as ARNs. Raises InvalidRequest for one that is not there."""
    given = list(dict.fromkeys(names))
    found = {name: name for name in given if name.startswith("arn:")}
    for name in given:
        if name not in found and (one := target_group(place, name)):
            found[name] = one["TargetGroupArn"]
    if missing := [name for name in given if name not in found]:
        raise InvalidRequest(
            f"no target group {', '.join(missing)} in {place.account.name}/{place.region}; expected names of groups there",
            "targetGroups",
        )
    return [found[name] for name in given]
