"""What a deployment would do, told before it happens: the cloud's own plan, then what its strategy would.

Separate because it reads only, with a server group in mind that is not there yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, replace

from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.names import next_name
from gennaker.plugins.deploy.cluster import ClusterStage
from gennaker.plugins.deploy.disable_cluster import DisableCluster
from gennaker.plugins.deploy.image import image_fields
from gennaker.plugins.deploy.scale_down_cluster import ScaleDownCluster
from gennaker.plugins.deploy.shrink_cluster import ShrinkCluster
from gennaker.plugins.deploy.source import find_source
from gennaker.plugins.deploy.strategies.strategy import Deployment, Source

if TYPE_CHECKING:
    from gennaker.plugins.deploy.creation import Creation

Json = dict[str, Any]
_ON_CLUSTERS: dict[str, type[ClusterStage]] = {
    "shrinkCluster": ShrinkCluster,
    "disableCluster": DisableCluster,
    "scaleDownCluster": ScaleDownCluster,
}


def told_ahead(stage: Creation, application: str, context: Json) -> list[str]:
    """One sentence for each thing. Raises GennakerError for what would make it fail."""
    place, cluster = stage.place, stage.cluster_of(application)
    if stage.plan_of.replaces:
        return [
            f"runs the pipeline {context.get('strategyPipeline')!r} of {context.get('strategyApplication')!r} as its strategy"
        ]
    chosen = find_source(stage, application)
    groups = stage.in_cluster(place, cluster)
    name = next_name(cluster, {group.name: group.created for group in groups})
    size = Capacity(min=0, max=0, desired=0) if stage.plan_of.starts_empty else chosen.capacity
    image = image_fields(context, stage.cloud.name, place.region, {})
    named = {"application": stage.application or application, "stack": stage.stack, "freeFormDetails": stage.detail}
    where = {"account": place.account, "region": place.region, "cloudProvider": stage.cloud.name}
    wanted = {**context, **named, **where, **image, "capacity": asdict(size)}
    told = [stage.locks(cluster), *(f"would be refused: {one}" for one in stage.cloud.check(wanted))]
    told += stage.cloud.plan(wanted) or [f"creates {name} with {size.desired} instances"]
    if not image:
        told.append("the image is known once an earlier stage has found it")
    before = chosen.before
    deployment = Deployment(
        provider=stage.cloud.name,
        account=place.account,
        region=place.region,
        cluster=cluster,
        application=application,
        deployed=name,
        source=Source(name=before.name, capacity=before.capacity) if before else None,
        capacity=chosen.capacity,
        context=context,
    )
    new = ServerGroup(
        name=name,
        provider=stage.cloud.name,
        account=place.account,
        region=place.region,
        created=max([group.created + 1 for group in groups], default=0),
        capacity=chosen.capacity,
    )
    return [*told, *_then(stage.plan_of.after(deployment), [new, *groups], name)]


def _then(planned: Sequence[Json], groups: list[ServerGroup], new: str) -> Iterator[str]:
    """The stages of the strategy, one after another; those on the cluster with the server groups that they would choose."""
    for one in planned:
        code = _ON_CLUSTERS.get(one["type"])
        if code is None:
            yield f"then: {one['name']}"
            continue
        on_cluster = code(one)
        chosen = {group.name for group in on_cluster.pick(groups, {new})}
        yield f"then: {one['name']}: {on_cluster.verb} {', '.join(sorted(chosen)) or 'nothing'}"
        if code is ShrinkCluster:
            groups = [group for group in groups if group.name not in chosen]
        elif code is DisableCluster:
            groups = [replace(each, disabled=True, instances=()) if each.name in chosen else each for each in groups]
