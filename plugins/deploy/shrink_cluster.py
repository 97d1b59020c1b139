"""Stage type `shrinkCluster`: all but some server groups removed.

Separate because it is its own stage type.
"""

from collections.abc import Sequence

from gennaker.core.cloud.health import is_active, up_count
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.cluster import CLEARED, ClusterStage
from gennaker.plugins.deploy.waiting import DOWN_LIMIT_S, poll_s


class ShrinkCluster(ClusterStage, type="shrinkCluster", restart_clears=CLEARED):
    """Destroy all server groups of a cluster but the newest ones; those with traffic only when that is allowed, and without it then."""

    needs = ("destroy",)
    verb = "destroy"

    size: int = field("shrinkToSize", "how many stay", default=1, minimum=0)
    active_too: bool = field("allowDeleteActive", "those with traffic may go", default=False)
    retain_larger: bool = field("retainLargerOverNewer", "spare the larger ones, not the newer ones", default=False)

    def pick(self, groups: Sequence[ServerGroup], kept: set[str]) -> list[ServerGroup]:
        """See ClusterStage."""
        self.larger = self.larger or self.retain_larger
        free = [group for group in groups if group.name not in kept]
        candidates = [group for group in free if self.active_too or not is_active(group)]
        keep = max(0, self.size - (len(groups) - len(candidates)))
        return self.sort(candidates, active_first=self.active_too)[keep:]

    @task(answer_by=180.0, timeout=1800.0, backoff=2.0)
    def disable_before_shrink(self, run: Run) -> Outcome:
        """Take the traffic of those that go, unless a traffic guard says no."""
        if self.spread or "disable" not in self.cloud.capabilities:
            return run.succeeded()
        going = [group for group in self.chosen(run) if is_active(group)]
        if reason := self.refused(run, going):
            return run.failed(reason)
        for group in going:
            self.cloud.disable(group, self.operation(run, group.name))
        return run.succeeded()

    @task(effect="none", timeout=DOWN_LIMIT_S)
    def wait_for_cluster_disable(self, run: Run) -> Outcome:
        """Wait until they serve nobody."""
        if self.spread or "disable" not in self.cloud.capabilities:
            return run.succeeded()
        left = [group for group in self.chosen(run) if not group.disabled or up_count(group)]
        return run.running(again_in=poll_s(run)) if left else run.succeeded()

    @task(name="shrinkCluster", answer_by=300.0, timeout=3600.0, backoff=2.0)
    def shrink(self, run: Run) -> Outcome:
        """Ask for it, unless a traffic guard says no."""
        if self.spread:
            return run.succeeded()
        chosen = self.chosen(run)
        if reason := self.refused(run, chosen):
            return run.failed(reason)
        for group in chosen:
            self.cloud.destroy(group, self.operation(run, group.name))
        return run.succeeded()

    @task(effect="none", timeout=DOWN_LIMIT_S, overridable=True)
    def wait_for_cluster_shrink(self, run: Run) -> Outcome:
        """Wait until they are gone."""
        return run.running(again_in=poll_s(run)) if not self.spread and self.chosen(run) else run.succeeded()
