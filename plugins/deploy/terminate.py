"""Stage types `terminateInstances` and `terminateInstanceAndDecrementServerGroup`: single instances ended.

Separate because it knows instances, where the others know server groups.
"""

from gennaker.core.cloud.health import is_up
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.guard import refusal
from gennaker.plugins.deploy.place import LOCK_S, PlacedStage
from gennaker.plugins.deploy.waiting import poll_s


class Terminating(PlacedStage):
    """Shared fields and tasks."""

    spreads = False
    needs = ("terminate",)
    #: The server group wants so many less afterwards.
    shrinks = False

    ids: list[str] = field("instanceIds", "ids of the instances", default=[])
    instance: str = field("instance", "id of a single instance", default="")
    group_name: str = field("serverGroupName", "their server group; found when empty", default="")
    group_names: str = field("asgName", "the same as serverGroupName", default="")

    @property
    def wanted(self) -> list[str]:
        """The instances. Raises InvalidRequest for none."""
        found = [*self.ids, *([self.instance] if self.instance else [])]
        if not found:
            raise InvalidRequest("no instance was named; expected ids in instanceIds", "instanceIds")
        return found

    @task(timeout=LOCK_S, overridable=True)
    def lock_cluster(self, run: Run) -> Outcome:
        """Have the cluster of the instances to ourselves until this stage has ended."""
        groups = self._groups(run)
        return self.locked(run, parse(groups[0].name).cluster) if groups else run.succeeded()

    @task(name="terminateInstances", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def terminate(self, run: Run) -> Outcome:
        """Ask for it, unless a traffic guard says no."""
        for group in self._groups(run):
            if reason := self._refused(run, group):
                return run.failed(reason)
        place = self.place
        self.cloud.terminate(place.account, place.region, self.wanted, self.operation(run), shrink=self.shrinks)
        return run.succeeded()

    @task(effect="none", timeout=3600.0, overridable=True)
    def wait_for_terminated_instances(self, run: Run) -> Outcome:
        """Wait until they are gone."""
        return run.running(again_in=poll_s(run)) if self._groups(run) else run.succeeded()

    def _groups(self, run: Run) -> list[ServerGroup]:
        """The server groups that have one of the instances now."""
        place, name = self.place, self.group_name or self.group_names
        if name:
            found = self.cloud.server_group(place.account, place.region, name)
            groups = [found] if found else []
        else:
            groups = self.cloud.server_groups(place.account, place.region, run.application)
        return [group for group in groups if any(one.id in self.wanted for one in group.instances)]

    def _refused(self, run: Run, group: ServerGroup) -> str:
        """A guard is asked only when all that are up in a server group would go."""
        left = [one for one in group.instances if one.id not in self.wanted and is_up(one)]
        if left:
            return ""
        cluster = parse(group.name).cluster
        return refusal(run, "terminate instances of", [group], self.in_cluster(self.place, cluster))


class TerminateInstances(Terminating, type="terminateInstances"):
    """End instances; their server groups start others in their place."""


class TerminateAndDecrement(Terminating, type="terminateInstanceAndDecrementServerGroup"):
    """End instances; their server groups want so many less afterwards."""

    shrinks = True
