"""Stage type `destroyServerGroup`: a server group removed, after its traffic.

Separate because it is its own stage type.
"""

from gennaker.core.cloud.health import up_count
from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.group import CHOSEN, CLEARED, GroupStage
from gennaker.plugins.deploy.waiting import DOWN_LIMIT_S, poll_s


class DestroyServerGroup(GroupStage, type="destroyServerGroup", restart_clears=(*CLEARED, "destroyed")):
    """Remove a server group; traffic is taken from it before, unless told otherwise."""

    needs = ("destroy",)

    skip_disable: bool = field("skipDisableBeforeDestroy", "remove it with its traffic", default=False)
    leave: int = field(
        "leaveHealthy",
        "how many healthy instances the rest of the cluster must have, else it stays",
        default=0,
        minimum=0,
    )

    @task(answer_by=120.0, timeout=1800.0, backoff=2.0)
    def disable_before_destroy(self, run: Run) -> Outcome:
        """Take its traffic, unless a traffic guard says no."""
        if self.spread or self.skip_disable or "disable" not in self.cloud.capabilities:
            return run.succeeded()
        group = self.found(run)
        if group is None or group.disabled:
            return run.succeeded()
        if reason := self._refused(run, group):
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
        """Ask for it, unless a traffic guard says no; one that is gone is fine, but a call that broke off may have left something of it."""
        if self.spread:
            return run.succeeded()
        group = self.found(run)
        if group is None:
            if run.again:
                self.cloud.destroy(self._remains(run), self.operation(run))
            return run.succeeded()
        if reason := self._refused(run, group):
            return run.failed(reason)
        self.cloud.destroy(group, self.operation(run))
        return run.succeeded(context={"destroyed": [group.name]})

    @task(effect="none", timeout=DOWN_LIMIT_S, overridable=True)
    def wait_for_destroyed_server_group(self, run: Run) -> Outcome:
        """Wait until it is gone."""
        if self.spread or self.found(run) is None:
            return run.succeeded()
        return run.running(again_in=poll_s(run))

    def _remains(self, run: Run) -> ServerGroup:
        return ServerGroup(
            name=str(run.context.get(CHOSEN)),
            provider=self.cloud.name,
            account=self.place.account,
            region=self.place.region,
            created=0,
            capacity=Capacity(min=0, max=0, desired=0),
        )

    def _refused(self, run: Run, group: ServerGroup) -> str:
        """Why it has to stay; empty when it may go. One that serves nobody may always go."""
        cluster = parse(group.name).cluster
        if self.leave and up_count(group):
            rest = sum(up_count(one) for one in self.in_cluster(self.place, cluster) if one.name != group.name)
            if rest < self.leave:
                return (
                    f"{group.where} stays: without it cluster {cluster} would have {rest} healthy instances; "
                    f"expected at least {self.leave} (leaveHealthy)"
                )
        return self.guarded(run, "destroy", [group])
