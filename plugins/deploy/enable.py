"""Stage type `enableServerGroup`: traffic for a server group.

Separate because it is its own stage type.
"""

from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.group import CLEARED, GroupStage
from gennaker.plugins.deploy.waiting import LIMIT_S, missing, until_up, wanted_share, wanted_up


class EnableServerGroup(GroupStage, type="enableServerGroup", restart_clears=CLEARED):
    """Give traffic to a server group and wait until its instances are up."""

    needs = ("enable",)

    healthy: float | None = field(
        "targetHealthyDeployPercentage", "per cent that must be up", default=None, minimum=0, maximum=100
    )
    share: float | None = field(
        "desiredPercentage", "per cent of the instances; all when empty", default=None, minimum=0, maximum=100
    )

    @task(name="enableServerGroup", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def enable(self, run: Run) -> Outcome:
        """Ask for it."""
        if self.spread:
            return run.succeeded()
        share = 100 if self.share is None else int(self.share)
        self.cloud.enable(self.present(run), self.operation(run), share)
        return run.succeeded()

    @task(effect="none", timeout=LIMIT_S, overridable=True)
    def wait_for_up_instances(self, run: Run) -> Outcome:
        """Wait until enough instances are up."""
        if self.spread:
            return run.succeeded()
        group = self.found(run)
        if group is None:
            return missing(run, self.where(run))
        target = wanted_up(group.capacity.desired, self.healthy)
        if self.healthy is None and self.share is not None:
            target = min(wanted_share(group, self.share), target)
        return until_up(run, group, target, self.sources)
