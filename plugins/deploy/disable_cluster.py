"""Stage type `disableCluster`: no traffic for all but some server groups.

Separate because it is its own stage type.
"""

from collections.abc import Sequence

from gennaker.core.cloud.health import is_active, up_count
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.cluster import CLEARED, ClusterStage
from gennaker.plugins.deploy.waiting import DOWN_LIMIT_S, poll_s


class DisableCluster(ClusterStage, type="disableCluster", restart_clears=CLEARED):
    """Take traffic from all server groups of a cluster but the newest ones."""

    needs = ("disable",)
    verb = "disable"

    remaining: int = field("remainingEnabledServerGroups", "how many keep their traffic", default=1, minimum=0)
    share: float | None = field(
        "desiredPercentage", "per cent of the instances; all when empty", default=None, minimum=0, maximum=100
    )

    def pick(self, groups: Sequence[ServerGroup], kept: set[str]) -> list[ServerGroup]:
        """See ClusterStage. Of what this execution deployed, only what serves counts as remaining."""
        serving = sum(is_active(group) for group in groups if group.name in kept)
        active = self.sort([group for group in groups if group.name not in kept and is_active(group)])
        return active[max(0, self.remaining - serving) :]

    @task(name="disableCluster", answer_by=180.0, timeout=1800.0, backoff=2.0)
    def disable(self, run: Run) -> Outcome:
        """Ask for it, unless a traffic guard says no."""
        if self.spread:
            return run.succeeded()
        share = 100 if self.share is None else int(self.share)
        chosen = self.chosen(run)
        going = [group for group in chosen if is_active(group)]
        if share == 100 and (reason := self.refused(run, going)):
            return run.failed(reason)
        for group in chosen:
            self.cloud.disable(group, self.operation(run, group.name), share)
        return run.succeeded()

    @task(effect="none", timeout=DOWN_LIMIT_S, overridable=True)
    def wait_for_cluster_disable(self, run: Run) -> Outcome:
        """Wait until they serve nobody."""
        if self.spread or (self.share is not None and self.share < 100):
            return run.succeeded()
        ignore_health = self.sources == []
        left = [group for group in self.chosen(run) if not group.disabled or (up_count(group) and not ignore_health)]
        return run.running(again_in=poll_s(run)) if left else run.succeeded()
