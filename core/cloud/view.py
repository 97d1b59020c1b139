"""What clouds have as Spinnaker's clients read it: server groups, clusters, instances, load balancers, firewalls, images, accounts.

Separate from the model because these names belong to the outside. What only one cloud knows (`extra`) stands beside our own fields and
never in their place. Source: reference clouds A.1, engine §8.5.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gennaker.core.cloud.health import counts, state_of
from gennaker.core.cloud.model import Account, Firewall, Health, Image, Instance, LoadBalancer, ServerGroup, State
from gennaker.core.cloud.names import Moniker, parse

Json = dict[str, Any]
#: A load balancer's own words for the health of an instance.
_IN_SERVICE = {"Up": "InService", "Down": "OutOfService", "OutOfService": "OutOfService"}


def moniker_of(thing: ServerGroup | LoadBalancer | Firewall) -> Moniker:
    """What its name says, or what its cloud says instead (`extra.moniker`)."""
    told = thing.extra.get("moniker")
    if not isinstance(told, dict) or not told.get("app"):
        return parse(thing.name)
    return Moniker(
        app=str(told["app"]),
        stack=str(told.get("stack") or ""),
        detail=str(told.get("detail") or ""),
        cluster=str(told.get("cluster") or thing.name),
        sequence=told.get("sequence"),
    )


def moniker_json(moniker: Moniker, *, of_cluster: bool = False) -> Json:
    """A moniker; what it does not have is null. That of a cluster has no sequence."""
    view: Json = {
        "app": moniker.app,
        "stack": moniker.stack or None,
        "detail": moniker.detail or None,
        "cluster": moniker.cluster,
    }
    return view if of_cluster else {**view, "sequence": moniker.sequence}


def instance_json(instance: Instance) -> Json:
    """An instance inside its server group."""
    return {
        **instance.extra,
        "id": instance.id,
        "name": instance.id,
        "healthState": state_of(instance),
        "health": [_health(health) for health in instance.healths],
        "launchTime": instance.launched,
        "zone": instance.zone or None,
        "availabilityZone": instance.zone or None,
    }


def instance_details_json(group: ServerGroup, instance: Instance) -> Json:
    """An instance by itself, with the place where it is."""
    return {
        **instance_json(instance),
        "humanReadableName": instance.id,
        "instanceId": instance.id,
        "serverGroup": group.name,
        "account": group.account,
        "region": group.region,
        "cloudProvider": group.provider,
        "providerType": group.provider,
        "labels": instance.extra.get("labels", {}),
        "securityGroups": [{"groupId": one} for one in group.firewalls],
    }


def server_group_json(group: ServerGroup) -> Json:
    """A server group with its instances."""
    capacity = group.capacity
    moniker = moniker_of(group)
    return {
        "instanceType": None,
        "launchConfig": {},
        "labels": {},
        **group.extra,
        "name": group.name,
        "type": group.provider,
        "cloudProvider": group.provider,
        "provider": group.provider,
        "account": group.account,
        "region": group.region,
        "zones": list(group.zones),
        "application": moniker.app,
        "cluster": moniker.cluster,
        "moniker": moniker_json(moniker),
        "disabled": group.disabled,
        "isDisabled": group.disabled,
        "createdTime": group.created,
        "capacity": {
            "min": capacity.min,
            "max": capacity.max,
            "desired": capacity.desired,
            "pinned": capacity.pinned,
        },
        "instanceCounts": counts(group.instances),
        "instances": [instance_json(instance) for instance in group.instances],
        "loadBalancers": list(group.load_balancers),
        "targetGroups": list(group.target_groups),
        "securityGroups": list(group.firewalls),
        "tags": group.tags,
        "image": None if group.image is None else _image_of_group(group.image),
        "buildInfo": build_info(group),
    }


def image_summary_json(group: ServerGroup) -> Json:
    """What a server group's instances are made from, as deployments compare it."""
    image = group.image
    return {
        "serverGroupName": group.name,
        "imageId": image.id if image else None,
        "imageName": image.name if image else None,
        "image": None if image is None else _image_of_group(image),
        "buildInfo": build_info(group),
    }


def build_info(group: ServerGroup) -> Json | None:
    """Which build is in it, as its cloud or its image tells."""
    found = group.extra.get("buildInfo")
    if found is None and group.image is not None:
        found = group.image.extra.get("buildInfo")
    return found


def cluster_json(groups: Iterable[ServerGroup], *, expand: bool = True) -> Json:
    """A cluster of one account: its server groups whole, or with `expand=False` their names."""
    ordered = sorted(groups, key=lambda group: (group.region, group.created, group.name))
    first = ordered[0]
    moniker = moniker_of(first)
    balancers = _names(group.load_balancers for group in ordered)
    return {
        "name": moniker.cluster,
        "account": first.account,
        "accountName": first.account,
        "application": moniker.app,
        "type": first.provider,
        "provider": first.provider,
        "moniker": moniker_json(moniker, of_cluster=True),
        "loadBalancers": [{"name": name, "type": first.provider} for name in balancers],
        "targetGroups": _names(group.target_groups for group in ordered),
        "serverGroups": [server_group_json(group) if expand else group.name for group in ordered],
    }


def cluster_summary_json(groups: Iterable[ServerGroup]) -> Json:
    """A cluster as its application lists it: names only."""
    ordered = sorted(groups, key=lambda group: (group.region, group.created, group.name))
    first = ordered[0]
    return {
        "name": moniker_of(first).cluster,
        "account": first.account,
        "provider": first.provider,
        "loadBalancers": _names(group.load_balancers for group in ordered),
        "serverGroups": [group.name for group in ordered],
    }


def load_balancer_json(balancer: LoadBalancer, groups: Mapping[str, ServerGroup]) -> Json:
    """A load balancer with the server groups behind it; `groups` are those of its account and region that are known, by name."""
    return {
        "vpcId": None,
        **balancer.extra,
        "name": balancer.name,
        "type": balancer.provider,
        "cloudProvider": balancer.provider,
        "account": balancer.account,
        "region": balancer.region,
        "loadBalancerType": balancer.type or None,
        "moniker": moniker_json(moniker_of(balancer)),
        "serverGroups": [
            _behind(balancer, name, states, groups.get(name)) for name, states in sorted(balancer.server_groups.items())
        ],
    }


def firewall_summary_json(firewall: Firewall) -> Json:
    """A firewall in a list."""
    return {"name": firewall.name, "id": firewall.id, "vpcId": firewall.extra.get("vpcId")}


def firewall_json(firewall: Firewall) -> Json:
    """A firewall with its rules."""
    moniker = moniker_of(firewall)
    return {
        "vpcId": None,
        **firewall.extra,
        "id": firewall.id,
        "name": firewall.name,
        "application": moniker.app,
        "accountName": firewall.account,
        "region": firewall.region,
        "cloudProvider": firewall.provider,
        "type": firewall.provider,
        "moniker": moniker_json(moniker),
        "inboundRules": list(firewall.inbound),
        "outboundRules": list(firewall.outbound),
        "summary": firewall_summary_json(firewall),
    }


def images_json(images: Iterable[Image]) -> list[Json]:
    """Images as a search shows them: one entry for each name, with its ids by region; newest first."""
    by_name: dict[str, list[Image]] = {}
    for image in sorted(images, key=lambda one: (-one.created, one.name, one.id)):
        by_name.setdefault(image.name, []).append(image)
    return [_image(name, same) for name, same in by_name.items()]


def account_json(account: Account, *, expand: bool = False) -> Json:
    """An account; its regions and what only its cloud knows with `expand`."""
    view: Json = {
        "name": account.name,
        "type": account.provider,
        "cloudProvider": account.provider,
        "providerVersion": "v1",
        "accountId": account.extra.get("accountId"),
        "accountType": account.type or account.name,
        "environment": account.environment or account.name,
        "primaryAccount": account.extra.get("primaryAccount", True),
        "challengeDestructiveActions": account.extra.get("challengeDestructiveActions", False),
        "requiredGroupMembership": [],
        "permissions": {},
        "authorized": True,
    }
    if not expand:
        return view
    return {**account.extra, **view, "regions": [{"name": region} for region in account.regions]}


def _health(health: Health) -> Json:
    view: Json = {**health.extra, "type": health.type, "state": health.state}
    return {**view, "healthClass": "platform"} if health.platform else view


def _image_of_group(image: Image) -> Json:
    return {**image.extra, "imageId": image.id, "name": image.name, "tags": image.tags}


def _image(name: str, same: list[Image]) -> Json:
    newest = same[0]
    regions: dict[str, list[str]] = {}
    for image in same:
        regions.setdefault(image.region, []).append(image.id)
    return {
        "imageName": name,
        "attributes": {"creationDate": newest.created or None, **newest.extra},
        "accounts": list(dict.fromkeys(image.account for image in same if image.account)),
        "amis": regions,
        "tags": newest.tags,
        "tagsByImageId": {image.id: image.tags for image in same},
    }


def _behind(balancer: LoadBalancer, name: str, states: Mapping[str, State], group: ServerGroup | None) -> Json:
    """A server group as a load balancer shows it. Instances of the group that the load balancer does not have are detached."""
    zones = {instance.id: instance.zone for instance in group.instances} if group else {}
    instances = [
        {
            "id": id_,
            "zone": zones.get(id_) or None,
            "health": {"state": _IN_SERVICE.get(state, state), "reasonCode": None, "description": None},
        }
        for id_, state in sorted(states.items())
    ]
    return {
        "name": name,
        "account": balancer.account,
        "region": balancer.region,
        "cloudProvider": balancer.provider,
        "isDisabled": group.disabled if group else False,
        "detachedInstances": sorted(set(zones) - set(states)),
        "instances": instances,
    }


def _names(many: Iterable[Iterable[str]]) -> list[str]:
    return sorted({name for names in many for name in names})
