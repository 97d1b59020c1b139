"""Stage type `destroyServerGroup`: a server group removed, after its traffic.

Separate because it is its own stage type.
"""

from gennaker.core.cloud.health import up_count
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.group import CLEARED, GroupStage
from gennaker.plugins.deploy.waiting import DOWN_LIMIT_S, poll_s


class DestroyServerGroup(GroupStage, type="destroyServerGroup", restart_clears=(*CLEARED, "destroyed")):
    """Remove a server group; traffic is taken from it before, unless told otherwise."""

    needs = ("destroy",)

    skip_disable: bool = field("skipDisableBeforeDestroy", "remove it with its traffic", default=False)

    @task(answer_by=120.0, timeout=1800.0, backoff=2.0)
    def disable_before_destroy(self, run: Run) -> Outcome:
        """Take its traffic, unless a traffic guard says no."""
        if self.spread or self.skip_disable or "disable" not in self.cloud.capabilities:
            return run.succeeded()
        group = self.found(run)
        if group is None or group.disabled:
            return run.succeeded()
        if reason := self.guarded(run, "destroy", [group]):
            return run.failed(reason)
        self.cloud.disable(group, self.operation(run))
        return run.succeeded()

    @task(effect="none", timeout=DOWN_LIMIT_S)
    def wait_for_server_group_disabled(self, run: Run) -> Outcome:
        """Wait until it serves nobody."""
        if self.spread or self.skip_disable or "disable" not in self.cloud.capabilities:
            return run.succeeded()
        group = self.found(run)
        if group is None or (group.disabled and up_count(group) == 0):
            return run.succeeded()
        return run.running(again_in=poll_s(run))

    @task(name="destroyServerGroup", answer_by=180.0, timeout=3600.0, backoff=2.0)
    def destroy(self, run: Run) -> Outcome:
        """Ask for it, unless a traffic guard says no; one that is gone is fine."""
        if self.spread:
            return run.succeeded()
        group = self.found(run)
        if group is None:
            return run.succeeded()
        if reason := self.guarded(run, "destroy", [group]):
            return run.failed(reason)
        self.cloud.destroy(group, self.operation(run))
        return run.succeeded(context={"destroyed": [group.name]})

    @task(effect="none", timeout=DOWN_LIMIT_S, overridable=True)
    def wait_for_destroyed_server_group(self, run: Run) -> Outcome:
        """Wait until it is gone."""
        if self.spread or self.found(run) is None:
            return run.succeeded()
        return run.running(again_in=poll_s(run))
