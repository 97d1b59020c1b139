"""Stage type `disableServerGroup`: no traffic, or less, for a server group.

Separate because it is its own stage type.
"""

from gennaker.core.cloud.health import up_count
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.group import CLEARED, GroupStage
from gennaker.plugins.deploy.waiting import (
    DOWN_LIMIT_S,
    check,
    down_count,
    missing,
    poll_s,
    sources_for,
    wanted_down,
)


class DisableServerGroup(GroupStage, type="disableServerGroup", restart_clears=CLEARED):
    """Take traffic from a server group, or from so many per cent of it, and wait until that has happened."""

    needs = ("disable",)

    share: float | None = field(
        "desiredPercentage", "per cent of the instances; all when empty", default=None, minimum=0, maximum=100
    )

    @property
    def _percentage(self) -> int:
        return 100 if self.share is None else int(self.share)

    @task(name="disableServerGroup", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def disable(self, run: Run) -> Outcome:
        """Ask for it, unless a traffic guard says no."""
        if self.spread or self._percentage == 0:
            return run.succeeded()
        group = self.present(run)
        if self._percentage < 100 and "partialDisable" not in self.cloud.capabilities:
            return run.failed(f"{self.cloud.name} cannot partialDisable; expected desiredPercentage 100 or none")
        if self._percentage == 100 and (reason := self.guarded(run, "disable", [group])):
            return run.failed(reason)
        self.cloud.disable(group, self.operation(run), self._percentage)
        return run.succeeded()

    @task(effect="none", timeout=DOWN_LIMIT_S, overridable=True)
    def wait_for_down_instances(self, run: Run) -> Outcome:
        """Wait until as many instances get nothing any more."""
        if self.spread or self.sources == [] or self._percentage == 0:
            return run.succeeded()
        group = self.found(run)
        if group is None:
            return missing(run, self.where(run))
        sources = sources_for(group, self.sources)
        only_platform = sources is not None and self.sources is None
        if only_platform or down_count(group, sources) >= wanted_down(group, self._percentage):
            return run.succeeded(context=check(group))
        return run.running(again_in=poll_s(run), context=check(group))

    @task(effect="none", timeout=DOWN_LIMIT_S, overridable=True)
    def wait_for_server_group_disabled(self, run: Run) -> Outcome:
        """Wait until the cloud shows it as disabled."""
        if self.spread or self._percentage < 100:
            return run.succeeded()
        group = self.found(run)
        if group is None:
            return missing(run, self.where(run))
        if group.disabled and (up_count(group) == 0 or self.sources == []):
            return run.succeeded(context=check(group))
        return run.running(again_in=poll_s(run), context=check(group))
