"""The parent of stages that work on one server group: which one is decided when it runs, with its cluster locked.

Separate because target, lock, guard and health are the same for all of them. Source: reference engine §5.3.
"""

from collections.abc import Sequence
from typing import Any

from gennaker.core.cloud.model import ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.guard import refusal
from gennaker.plugins.deploy.health import determined
from gennaker.plugins.deploy.place import LOCK_S, PlacedStage
from gennaker.plugins.deploy.target import choose, target_of

Json = dict[str, Any]
#: Where the choice is kept.
CHOSEN = "targetServerGroup"
#: What a restart begins without.
CLEARED = (CHOSEN, "lastCapacityCheck", "wantedInstances", "resizedTo", "instancesToGo")


class GroupStage(PlacedStage):
    """Shared fields and tasks."""

    target: str = field(
        "target",
        "`current_asg_dynamic` (newest), `ancestor_asg_dynamic`, `oldest_asg_dynamic`, `largest`, `fail`",
        default="",
    )
    name: str = field("serverGroupName", "server group, instead of a target", default="")
    old_name: str = field("asgName", "the same as serverGroupName", default="")
    sources: list[str] | None = field("interestingHealthProviderNames", "health that counts; all if null", default=None)

    def cluster_of(self, application: str) -> str:
        """See PlacedStage; the name of a server group says it too."""
        named = self.name or self.old_name
        return parse(named).cluster if named else super().cluster_of(application)

    @task(timeout=LOCK_S, overridable=True)
    def lock_cluster(self, run: Run) -> Outcome:
        """Have the cluster to ourselves until this stage has ended."""
        return run.succeeded() if self.spread else self.locked(run, self.cluster_of(run.application))

    @task(effect="none", timeout=600.0)
    def determine_target_server_group(self, run: Run) -> Outcome:
        """Choose, now that nobody else changes the cluster."""
        if self.spread:
            return run.succeeded()
        named = self.name or self.old_name
        if not named:
            if not self.target:
                raise InvalidRequest("no server group was named; expected target or serverGroupName", "target")
            target_of(self.target)
            cluster = self.cluster_of(run.application)
            groups = self.in_cluster(self.place, cluster)
            where = f"cluster {cluster} in {self.place.account}/{self.place.region}"
            named = choose(groups, self.target, where=where).name
        return run.succeeded(context={CHOSEN: named})

    @task(effect="none")
    def determine_health_providers(self, run: Run) -> Outcome:
        """Which health counts."""
        return run.succeeded() if self.spread else determined(run, self.cloud)

    def ahead(self, application: str, context: Json) -> list[str]:
        """See CloudStage: which server group it would be."""
        if self.spread:
            return [f"runs once for each of {', '.join(place.region for place in self.places)}"]
        cluster = self.cluster_of(application)
        named = self.name or self.old_name
        where = f"cluster {cluster} in {self.place.account}/{self.place.region}"
        chosen = named or choose(self.in_cluster(self.place, cluster), self.target, where=where).name
        return [self.locks(cluster), f"works on {chosen}"]

    def where(self, run: Run) -> str:
        """The server group's place, for people."""
        return f"{self.place.account}/{self.place.region}/{run.context.get(CHOSEN)}"

    def found(self, run: Run) -> ServerGroup | None:
        """The server group as it is now. Raises CloudError."""
        return self.cloud.server_group(self.place.account, self.place.region, str(run.context.get(CHOSEN)))

    def present(self, run: Run) -> ServerGroup:
        """The server group as it is now. Raises CloudError, InvalidRequest when it is not there."""
        group = self.found(run)
        if group is None:
            raise InvalidRequest(f"there is no server group {self.where(run)}", "serverGroupName")
        return group

    def guarded(self, run: Run, what: str, leaving: Sequence[ServerGroup]) -> str:
        """Why a traffic guard does not allow it now; empty when it may be done."""
        cluster = parse(leaving[0].name).cluster if leaving else ""
        return refusal(run, what, leaving, self.in_cluster(self.place, cluster)) if leaving else ""
