"""Strategy `redblack`, also called blue/green: the new server group gets traffic, then the old ones get none.

Separate because each strategy is one file. Source: reference clouds §3.2.
"""

from gennaker.plugins.deploy.strategies.strategy import Deployment, Json, Strategy, taken_back, wait


class RedBlack(Strategy):
    """Disable the others once the new one is up; the old ones stay for a way back, as many as are wished for."""

    def after(self, deployment: Deployment) -> list[Json]:
        """See Strategy. Too many old groups go first, so that the way back is there until the last."""
        if deployment.source is None:
            return []
        stages: list[Json] = []
        if keep := int(deployment.number("maxRemainingAsgs")):
            active = deployment.flag("allowDeleteActive")
            options = {"shrinkToSize": keep, "allowDeleteActive": active, "retainLargerOverNewer": False}
            stages.append(deployment.on_cluster("shrinkCluster", f"Keep {keep} server groups", **options))
        stages += wait("Wait Before Disable", deployment.number("delayBeforeDisableSec", "delayBeforeCleanup"))
        one = {"remainingEnabledServerGroups": 1, "preferLargerOverNewer": False}
        stages.append(deployment.on_cluster("disableCluster", "Disable the others", **one))
        return [*stages, *scaled_down(deployment, active=deployment.flag("allowScaleDownActive"))]

    def on_failure(self, deployment: Deployment) -> list[Json]:
        """See Strategy."""
        return taken_back(deployment, when=deployment.task_failed, how="disableOnly")


def scaled_down(deployment: Deployment, *, active: bool) -> list[Json]:
    """The old server groups without instances, if that is wished for."""
    if not deployment.flag("scaleDown"):
        return []
    options = {"remainingFullSizeServerGroups": 1, "allowScaleDownActive": active, "preferLargerOverNewer": False}
    return [
        *wait("Wait Before Scale Down", deployment.number("delayBeforeScaleDownSec")),
        deployment.on_cluster("scaleDownCluster", "Scale the others down", **options),
    ]
