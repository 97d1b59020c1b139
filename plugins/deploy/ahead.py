"""What a deployment would do, told before it happens: the cloud's own plan, then what its strategy would.

Separate because it reads only, with a server group in mind that is not there yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from gennaker.core.cloud.model import Capacity
from gennaker.core.cloud.names import next_name
from gennaker.plugins.deploy.image import image_fields
from gennaker.plugins.deploy.source import find_source
from gennaker.plugins.deploy.strategies.strategy import Deployment, Source

if TYPE_CHECKING:
    from gennaker.plugins.deploy.creation import Creation

Json = dict[str, Any]


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
    return [*told, *(f"then: {_sentence(one)}" for one in stage.plan_of.after(deployment))]


def _sentence(planned: Json) -> str:
    group = planned.get("serverGroupName")
    return f"{planned['name']}" + (f" ({group})" if group and group not in planned["name"] else "")
