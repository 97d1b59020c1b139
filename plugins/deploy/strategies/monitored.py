"""Strategy `monitored`: as rolling red/black, and a service outside judges each step.

Separate because each strategy is one file. Source: reference clouds §3.4.
"""

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.deploy.strategies.redblack import scaled_down
from gennaker.plugins.deploy.strategies.rolling import grown, pinned, steps, unpinned, without_traffic
from gennaker.plugins.deploy.strategies.strategy import Deployment, Json, Strategy, destroyed, rolled_back

#: A stage whose failure is only told.
_TOLERATED = {"continuePipeline": True}


class Monitored(Strategy):
    """Grow, take traffic from the old one, ask the monitor; it says when to go on, wait or stop."""

    starts_empty = True
    pins_source = True

    def after(self, deployment: Deployment) -> list[Json]:
        """See Strategy. Raises InvalidRequest when no monitor was chosen."""
        source = deployment.source
        percentages = steps(deployment.context.get("deploySteps"), "deploySteps")
        stages = [pinned(deployment, source)] if source else []
        stages.append(_told(deployment, "notifyDeployStarting", "Tell the monitor of the start"))
        for percentage in percentages:
            stages.append(grown(deployment, percentage, pin=True))
            if source:
                stages.append(without_traffic(deployment, source, percentage))
            name = f"Evaluate the deployment at {percentage}%"
            stages.append(_told(deployment, "evaluateDeploymentHealth", name, currentProgress=percentage))
        if deployment.capacity or source:
            stages.append({**grown(deployment, 100, pin=False), "name": f"Unpin {deployment.deployed}"})
        if source:
            down = [{**one, **_TOLERATED} for one in scaled_down(deployment, active=False)]
            stages += down or [unpinned(deployment, source)]
        if keep := int(deployment.number("maxRemainingAsgs")):
            options = {"shrinkToSize": keep, "allowDeleteActive": False, "retainLargerOverNewer": False}
            name = f"Keep {keep} server groups"
            stages.append(deployment.on_cluster("shrinkCluster", name, **options, **_TOLERATED))
        return [*stages, _completed(deployment, failed=False)]

    def on_failure(self, deployment: Deployment) -> list[Json]:
        """See Strategy."""
        wished = deployment.context.get("failureActions")
        wished = wished if isinstance(wished, dict) else {}
        stages: list[Json] = []
        if deployment.deployed and wished.get("rollback") in ("Automatic", "Manual"):
            stages.append(rolled_back(deployment, "enableAndDisableOnly"))
            if wished.get("destroyInstances") in (True, "true"):
                stages.append(destroyed(deployment))
        if deployment.source:
            stages.append(unpinned(deployment, deployment.source))
        return [*stages, _completed(deployment, failed=True)]


def _completed(deployment: Deployment, *, failed: bool) -> Json:
    told = _told(deployment, "notifyDeployCompleted", "Tell the monitor of the end", hasDeploymentFailed=failed)
    return {**told, **_TOLERATED}


def _told(deployment: Deployment, type_: str, name: str, **more: object) -> Json:
    monitor = deployment.context.get("deploymentMonitor")
    if not isinstance(monitor, dict) or not monitor.get("id"):
        raise InvalidRequest("no deployment monitor was chosen; expected {id, parameters}", "deploymentMonitor")
    return deployment.stage_json(
        type_,
        name,
        deploymentMonitor=monitor,
        cluster=deployment.cluster,
        newServerGroup=deployment.deployed,
        oldServerGroup=deployment.source.name if deployment.source else None,
        deploymentId=deployment.stage,
        **more,
    )
