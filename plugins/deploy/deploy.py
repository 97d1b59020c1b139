"""Stage type `deploy`: clusters in regions, each as a stage of its own, side by side.

Separate because it belongs to no cloud: each cluster names its own.
"""

from typing import Any

from gennaker.core.cloud.stage import CloudParts
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task

Json = dict[str, Any]
#: The process of a server group that gives it traffic.
_TRAFFIC = "AddToLoadBalancer"
#: What the deployment of a strategy takes from the one that it stands for.
_IMAGE = ("amiName", "imageId", "imageName")


class Deploy(CloudParts, type="deploy", quick=True):
    """Deploy clusters, each in each of its regions, all at once."""

    clusters: list[dict[str, Any]] = field("clusters", "what `createServerGroup` takes, for each cluster", default=[])
    cluster: Any = field("cluster", "a single one, instead of clusters", default=None)
    traffic: str = field("trafficOptions", "in a strategy: inherit, enable or disable", default="inherit")

    def before(self, run: Run) -> list[Json]:
        """A stage for each cluster and region. Raises InvalidRequest when there is none."""
        if _in_strategy(run):
            self.clusters = [self._of_strategy(run)]
        return [{**stage, "refId": str(number)} for number, stage in enumerate(self.parts())]

    def parts(self) -> list[Json]:
        """See CloudParts."""
        clusters = self.clusters or ([self.cluster] if isinstance(self.cluster, dict) else [])
        if not clusters:
            raise InvalidRequest("no cluster was given; expected at least one in clusters", "clusters")
        return [one for index, each in enumerate(clusters) for one in _stages(each, index)]

    @task(effect="none")
    def complete_parallel_deploy(self, run: Run) -> Outcome:
        """All of them are done."""
        return run.succeeded()

    def _of_strategy(self, run: Run) -> Json:
        """The cluster of the deployment that this pipeline is the strategy of. Raises InvalidRequest."""
        parameters = run.trigger.get("parameters") or {}
        above = run.trigger.get("parentExecution") or {}
        stages = above.get("stages") or []
        found = next((one for one in stages if one.get("id") == parameters.get("parentStageId")), None)
        if found is None:
            raise InvalidRequest(
                "the deployment that this strategy belongs to is not known; expected its stage in parameters.parentStageId"
            )
        own = {key: value for key, value in found["context"].items() if not key.startswith("strategy")}
        image = {key: parameters[key] for key in _IMAGE if parameters.get(key)}
        place = {"region": parameters.get("region"), "account": parameters.get("credentials")}
        traffic = {} if self.traffic == "inherit" else {"suspendedProcesses": _suspended(own, self.traffic)}
        provider = parameters.get("cloudProvider")
        return {**own, **image, **place, **traffic, "cloudProvider": provider, "strategy": ""}


def _in_strategy(run: Run) -> bool:
    parameters = run.trigger.get("parameters")
    return isinstance(parameters, dict) and parameters.get("strategy") in (True, "true")


def _suspended(cluster: Json, traffic: str) -> list[str]:
    """The processes that are held back, with or without the one that gives traffic."""
    held = [one for one in cluster.get("suspendedProcesses") or [] if one != _TRAFFIC]
    return [*held, _TRAFFIC] if traffic == "disable" else held


def _stages(cluster: Json, index: int) -> list[Json]:
    zones = cluster.get("availabilityZones")
    regions = cluster.get("regions") or (list(zones) if isinstance(zones, dict) else [])
    if isinstance(regions, str):
        regions = [each.strip() for each in regions.split(",")]
    regions = regions or [cluster.get("region") or cluster.get("namespace")]
    if not all(isinstance(region, str) and region for region in regions):
        raise InvalidRequest(
            "no region was given; expected one in region, regions or availabilityZones", f"clusters[{index}]"
        )
    kept = {key: value for key, value in cluster.items() if key not in ("regions", "availabilityZones", "namespace")}
    return [
        {
            **kept,
            "type": "cloneServerGroup" if cluster.get("clone") in (True, "true") else "createServerGroup",
            "name": f"Deploy in {region}",
            "region": region,
            **({"availabilityZones": {region: zones[region]}} if isinstance(zones, dict) and region in zones else {}),
            "requisiteStageRefIds": [],
        }
        for region in regions
    ]
