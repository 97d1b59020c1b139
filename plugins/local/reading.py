"""What is there, in the words of all clouds.

Separate because reads and operations of the cloud must tell the same thing.
"""

from collections.abc import Iterable

from gennaker.core.cloud.model import Capacity, Health, Image, Instance, LoadBalancer, ServerGroup, State
from gennaker.core.cloud.names import parse
from gennaker.plugins.local.records import Region, Seen, WantedBalancer, WantedGroup

PROVIDER = "local"
#: The health types: a process runs, its check answers, the balancer gives it traffic.
PLATFORM, CHECK, BALANCER = "Local", "Check", "LoadBalancer"


def server_group(account: str, region: str, wanted: WantedGroup, seen: Region) -> ServerGroup:
    """A server group with the instances that are seen of it."""
    problem = seen.problems.get(wanted.name) or (seen.trouble if wanted.balancers else "")
    balanced = not (seen.trouble and wanted.balancers)
    mine = sorted((one for one in seen.instances if one.group == wanted.name), key=lambda one: (one.launched, one.id))
    disabled = wanted.gone or wanted.traffic <= 0
    return ServerGroup(
        name=wanted.name,
        provider=PROVIDER,
        account=account,
        region=region,
        created=wanted.created,
        capacity=Capacity(min=wanted.min, max=wanted.max, desired=wanted.desired),
        disabled=disabled,
        zones=(region,),
        instances=tuple(_instance(one, region, balanced) for one in mine),
        image=Image(id=wanted.image, name=wanted.image_name, provider=PROVIDER, account=account, region=region),
        load_balancers=wanted.balancers,
        tags=wanted.tags,
        extra={
            "launchConfig": {"imageId": wanted.image, "command": list(wanted.command)},
            **({"status": "Deleting"} if wanted.gone else {}),
            **({"problem": problem} if problem else {}),
        },
    )


def load_balancer(
    account: str, region: str, wanted: WantedBalancer, groups: Iterable[WantedGroup], seen: Iterable[Seen], host: str
) -> LoadBalancer:
    """A load balancer with what is behind it."""
    instances = list(seen)
    behind = {
        group.name: {one.id: traffic(one) for one in instances if one.group == group.name}
        for group in groups
        if wanted.name in group.balancers
    }
    return LoadBalancer(
        name=wanted.name,
        provider=PROVIDER,
        account=account,
        region=region,
        type=wanted.protocol,
        server_groups=behind,
        extra={
            "port": wanted.port,
            "address": f"{host}:{wanted.port}",
            "protocol": wanted.protocol,
            "application": parse(wanted.name).app,
        },
    )


def traffic(one: Seen) -> State:
    """What the balancer does with an instance. `OutOfService` is one that could serve and is not to; stages do not wait for it."""
    if one.serves:
        return "Up"
    if one.state != "Up" and not one.connections:
        return one.state
    return "Draining" if one.connections and one.state == "Up" else "OutOfService"


def _instance(one: Seen, region: str, balanced: bool) -> Instance:
    # A check that answers does not make an instance serve: beside `OutOfService` it would be neither up nor down for ever.
    check: State = "Unknown" if one.state == "Up" and not one.serves else one.state
    return Instance(
        id=one.id,
        zone=region,
        launched=one.launched,
        healths=(
            Health(type=PLATFORM, state="Unknown" if one.process else "Starting", platform=True),
            Health(type=CHECK, state=check),
            Health(type=BALANCER, state=traffic(one) if balanced else "Down"),
        ),
        extra={"port": one.port, "pid": one.process.pid if one.process else None, "leaving": one.leaving},
    )
