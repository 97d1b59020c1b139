"""Strategy `rollingredblack`: the new server group grows while the old one loses traffic, step by step.

Separate because each strategy is one file. Source: reference clouds §3.3.
"""

from typing import Any

from gennaker.core.cloud.model import Capacity
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.deploy.strategies.redblack import scaled_down
from gennaker.plugins.deploy.strategies.strategy import Deployment, Json, Source, Strategy, taken_back, wait

_UNPIN_MS = 20 * 60 * 1000


class RollingRedBlack(Strategy):
    """Grow, wait and validate, take as much traffic from the old one; again for each percentage."""

    starts_empty = True
    pins_source = True

    def after(self, deployment: Deployment) -> list[Json]:
        """See Strategy."""
        source = deployment.source
        stages = [pinned(deployment, source)] if source else []
        for percentage in steps(deployment.context.get("targetPercentages"), "targetPercentages"):
            stages.append(grown(deployment, percentage, pin=percentage < 100))
            stages += wait(
                "Wait Before Disable" if percentage == 100 else f"Wait at {percentage}%",
                deployment.number("delayBeforeCleanup", "delayBeforeDisableSec"),
            )
            stages += _validated(deployment, percentage)
            if source:
                stages.append(without_traffic(deployment, source, percentage))
        if source:
            stages += scaled_down(deployment, active=False) or [unpinned(deployment, source)]
        return stages

    def on_failure(self, deployment: Deployment) -> list[Json]:
        """See Strategy."""
        back = [unpinned(deployment, deployment.source)] if deployment.source else []
        return [*taken_back(deployment, when=True, how="enableAndDisableOnly"), *back]


def steps(given: Any, where: str) -> list[int]:
    """Percentages that end with 100. Raises InvalidRequest unless each is above the one before it."""
    listed = given.split(",") if isinstance(given, str) and given.strip() else given or []
    try:
        found = [int(float(each)) for each in listed]
    except (TypeError, ValueError):
        raise InvalidRequest(f"{given!r} was given, expected percentages such as [50, 100]", where) from None
    if any(not 0 < each <= 100 for each in found) or sorted(set(found)) != found:
        raise InvalidRequest(f"{found} was given, expected percentages from 1 to 100, each above the last", where)
    return found if found and found[-1] == 100 else [*found, 100]


def pinned(deployment: Deployment, source: Source) -> Json:
    """The source may not shrink by itself while it is replaced."""
    return deployment.on_group(
        "pinServerGroup",
        f"Pin {source.name}",
        source.name,
        action="scale_to_server_group",
        source={"serverGroupName": source.name},
        pinMinimumCapacity=True,
    )


def unpinned(deployment: Deployment, source: Source) -> Json:
    """The source gets its least size back."""
    return deployment.on_group(
        "pinServerGroup",
        f"Unpin {source.name}",
        source.name,
        action="scale_to_server_group",
        source={"serverGroupName": source.name},
        unpinMinimumCapacity=True,
        originalCapacity={source.name: _sizes(source.capacity)},
        stageTimeoutMs=_UNPIN_MS,
    )


def grown(deployment: Deployment, percentage: int, *, pin: bool) -> Json:
    """The new server group at so many per cent of the source's size; of its own when there is no source to be like."""
    source = deployment.source if deployment.source and deployment.source.capacity.desired > 0 else None
    least = source.capacity if source else deployment.capacity
    healthy = deployment.context.get("targetHealthyDeployPercentage")
    like: Json = (
        {"action": "scale_to_server_group", "source": {"serverGroupName": source.name}}
        if source
        else {"action": "scale_exact", "capacity": _sizes(deployment.capacity)}
    )
    return deployment.on_group(
        "resizeServerGroup",
        f"Grow to {percentage}% of Desired Size",
        deployment.deployed,
        **like,
        scalePct=percentage,
        pinCapacity=pin,
        unpinMinimumCapacity=not pin,
        originalCapacity={deployment.deployed: _sizes(least)},
        **({} if healthy is None else {"targetHealthyDeployPercentage": healthy}),
    )


def without_traffic(deployment: Deployment, source: Source, percentage: int) -> Json:
    """The source with so much less traffic."""
    name = f"Disable {percentage}% of Traffic on {source.name}"
    return deployment.on_group("disableServerGroup", name, source.name, desiredPercentage=percentage)


def _sizes(sizes: Capacity | None) -> Json:
    return {} if sizes is None else {"min": sizes.min, "max": sizes.max, "desired": sizes.desired}


def _validated(deployment: Deployment, percentage: int) -> list[Json]:
    pipeline = deployment.context.get("pipelineBeforeCleanup")
    if not isinstance(pipeline, dict) or not pipeline.get("pipelineId"):
        return []
    place = {"account": deployment.account, "credentials": deployment.account, "region": deployment.region}
    place |= {"cloudProvider": deployment.provider}
    own = pipeline.get("pipelineParameters")
    source = {**place, "serverGroupName": deployment.source.name} if deployment.source else {}
    return [
        {
            "type": "pipeline",
            "name": "Run Validation Pipeline",
            "application": pipeline.get("application") or deployment.application,
            "pipeline": pipeline["pipelineId"],
            "waitForCompletion": True,
            "pipelineParameters": {
                **(own if isinstance(own, dict) else {}),
                "deployedServerGroup": {
                    **place,
                    "serverGroupName": deployment.deployed,
                    "percentageComplete": percentage,
                },
                "sourceServerGroup": source,
                "percentageComplete": percentage,
            },
        }
    ]
