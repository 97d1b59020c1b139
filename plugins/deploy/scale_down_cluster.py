"""Stage type `scaleDownCluster`: all but some server groups without instances.

Separate because it is its own stage type.
"""

from collections.abc import Sequence

from gennaker.core.cloud.health import is_active
from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.cluster import CLEARED, ClusterStage
from gennaker.plugins.deploy.waiting import DOWN_LIMIT_S, poll_s

_NOTHING = Capacity(min=0, max=0, desired=0)


class ScaleDownCluster(ClusterStage, type="scaleDownCluster", restart_clears=CLEARED):
    """Resize all server groups of a cluster but the newest ones to zero; those with traffic only when that is allowed."""

    needs = ("resize",)
    verb = "scale down"

    remaining: int = field("remainingFullSizeServerGroups", "how many keep their size", default=1, minimum=0)
    active_too: bool = field("allowScaleDownActive", "those with traffic may go", default=False)

    def pick(self, groups: Sequence[ServerGroup], kept: set[str]) -> list[ServerGroup]:
        """See ClusterStage."""
        free = [group for group in groups if group.name not in kept]
        candidates = [group for group in free if self.active_too or not is_active(group)]
        keep = max(0, self.remaining - (len(groups) - len(candidates)))
        return self.sort(candidates, active_first=self.active_too)[keep:]

    @task(name="scaleDownCluster", answer_by=180.0, timeout=1800.0, backoff=2.0)
    def scale_down(self, run: Run) -> Outcome:
        """Ask for it, unless a traffic guard says no."""
        if self.spread:
            return run.succeeded()
        chosen = self.chosen(run)
        if reason := self.refused(run, chosen):
            return run.failed(reason)
        for group in chosen:
            if group.capacity != _NOTHING:
                self.cloud.resize(group, _NOTHING, self.operation(run, group.name))
        return run.succeeded()

    @task(effect="none", timeout=DOWN_LIMIT_S, overridable=True)
    def wait_for_capacity_match(self, run: Run) -> Outcome:
        """Wait until they have no instances."""
        left = [] if self.spread else [group for group in self.chosen(run) if group.instances]
        return run.running(again_in=poll_s(run)) if left else run.succeeded()
