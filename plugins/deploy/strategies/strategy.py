"""What a strategy is given and what it answers; the strategy that does nothing.

Separate because a strategy is a plan only: it is told facts and answers stages, which anybody may run and test.
"""

from typing import Any

from msgspec import Struct

from gennaker.core.cloud.model import Capacity
from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]


class Source(Struct, frozen=True, kw_only=True):
    """The server group that was there before."""

    name: str
    capacity: Capacity


class Deployment(Struct, frozen=True, kw_only=True):
    """A deployment as it stands: what was wished for, what was there, what was made."""

    provider: str
    account: str
    region: str
    cluster: str
    application: str
    #: The new server group; empty while there is none.
    deployed: str = ""
    source: Source | None = None
    #: The size that the new server group is to have in the end.
    capacity: Capacity | None = None
    #: A task of the stage itself failed, not a stage after it.
    task_failed: bool = False
    #: The stage that deploys.
    stage: str = ""
    execution: str = ""
    #: All that the stage was given, in Spinnaker's names.
    context: Json = {}

    def number(self, *names: str) -> float:
        """The first of these values that is a number above 0, else 0. Raises InvalidRequest for what is no number."""
        for name in names:
            value = self.context.get(name)
            try:
                found = float(value or 0)
            except (TypeError, ValueError):
                raise InvalidRequest(f"{value!r} was given, expected a number", name) from None
            if found > 0:
                return found
        return 0.0

    def flag(self, name: str) -> bool:
        """Whether something was asked for."""
        return self.context.get(name) in (True, "true")

    def stage_json(self, type_: str, name: str, **more: Any) -> Json:
        """A stage in this place."""
        kept = self.context.get("interestingHealthProviderNames")
        health = {} if kept is None else {"interestingHealthProviderNames": kept}
        return {
            "type": type_,
            "name": name,
            "cloudProvider": self.provider,
            "credentials": self.account,
            "region": self.region,
            **health,
            **more,
        }

    def on_cluster(self, type_: str, name: str, **more: Any) -> Json:
        """A stage that works on the rest of the cluster: what was deployed stays out of it."""
        kept = [self.deployed] if self.deployed else []
        return self.stage_json(type_, name, cluster=self.cluster, preserve=kept, **more)

    def on_group(self, type_: str, name: str, group: str, **more: Any) -> Json:
        """A stage that works on one server group."""
        return self.stage_json(type_, name, serverGroupName=group, **more)


class Strategy:
    """The parent of all, and the strategy that only creates the server group."""

    #: The server group is created without instances, and grown by the strategy.
    starts_empty = False
    #: Nothing is created by the stage: what the strategy plans does all.
    replaces = False
    #: The source is made to keep its size meanwhile, so a cancelled stage gives it its least size back.
    pins_source = False

    def after(self, deployment: Deployment) -> list[Json]:
        """The stages once the new server group is up, one after another."""
        return []

    def on_failure(self, deployment: Deployment) -> list[Json]:
        """The stages when any of it failed."""
        return []


def wait(name: str, seconds: float) -> list[Json]:
    """A wait, unless it is none."""
    return [{"type": "wait", "name": name, "waitTime": int(seconds)}] if seconds > 0 else []


def taken_back(deployment: Deployment, *, when: bool, how: str) -> list[Json]:
    """Rollback as `rollback` of the deployment asks for it: onFailure (if `when`), destroyLatest."""
    asked = deployment.context.get("rollback")
    asked = asked if isinstance(asked, dict) else {}
    if not deployment.deployed:
        return []
    stages = []
    if asked.get("onFailure") in (True, "true") and when:
        stages.append(rolled_back(deployment, how))
    if asked.get("destroyLatest") in (True, "true"):
        stages.append(destroyed(deployment))
    return stages


def rolled_back(deployment: Deployment, how: str) -> Json:
    """Traffic back to the source; half an hour at most."""
    source = {"originalServerGroup": deployment.source.name} if deployment.source else {}
    return deployment.stage_json(
        "rollbackCluster",
        f"Roll back {deployment.cluster}",
        cluster=deployment.cluster,
        serverGroup=deployment.deployed,
        **source,
        additionalRollbackContext={how: True, "onlyEnabledServerGroups": True},
        stageTimeoutMs=30 * 60 * 1000,
        continuePipeline=True,
    )


def destroyed(deployment: Deployment) -> Json:
    """The new server group removed, unless it has the traffic by now that the source had."""
    name = f"Destroy {deployment.deployed}"
    least = deployment.source.capacity.desired if deployment.source else 0
    return deployment.on_group(
        "destroyServerGroup", name, deployment.deployed, leaveHealthy=least, stageTimeoutMs=5 * 60 * 1000
    )
