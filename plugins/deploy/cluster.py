"""The parent of stages that work on what is left of a cluster: shrink it, disable it, scale it down.

Separate because who is spared is the same for all of them. Source: reference clouds §3.7.
"""

from collections.abc import Sequence
from typing import Any

from gennaker.core.cloud.health import is_active
from gennaker.core.cloud.model import ServerGroup
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.deployed import names, preserved
from gennaker.plugins.deploy.guard import refusal
from gennaker.plugins.deploy.place import LOCK_S, PlacedStage, lock_key

Json = dict[str, Any]
#: The server groups that were chosen, by name.
CHOSEN = "chosenServerGroups"
#: What a restart begins without.
CLEARED = (CHOSEN, "lastCapacityCheck")


class ClusterStage(PlacedStage):
    """Shared fields and tasks."""

    larger: bool = field("preferLargerOverNewer", "spare the larger ones, not the newer ones", default=False)
    missing_ok: bool = field("continueIfClusterNotFound", "a cluster that is not there is fine", default=False)
    spared: list[str] = field("preserve", "server groups to leave alone; strategies give it", default=[])
    sources: list[str] | None = field("interestingHealthProviderNames", "health that counts; all if null", default=None)
    #: In a refusal: what would be done.
    verb = "change"

    def pick(self, groups: Sequence[ServerGroup], kept: set[str]) -> list[ServerGroup]:
        """Those to work on, of the cluster's groups (newest first); `kept` were deployed by this execution."""
        raise NotImplementedError

    @task(timeout=LOCK_S, overridable=True)
    def lock_cluster(self, run: Run) -> Outcome:
        """Have the cluster to ourselves until this stage has ended."""
        return run.succeeded() if self.spread else self.locked(run, self.cluster_of(run.application))

    @task(effect="none", timeout=600.0, backoff=5.0)
    def determine_server_groups(self, run: Run) -> Outcome:
        """Choose, and ask the traffic guards."""
        if self.spread:
            return run.succeeded()
        cluster = self.cluster_of(run.application)
        groups = self.in_cluster(self.place, cluster)
        if not groups and not self.missing_ok:
            where = f"{self.place.account}/{self.place.region}"
            raise InvalidRequest(
                f"there is no cluster {cluster} in {where}; expected one with server groups", "cluster"
            )
        known = names(run, lock_key(self.cloud.name, self.place, cluster))
        chosen = self.pick(groups, preserved(groups, [*known, *self.spared]))
        return run.succeeded(context={CHOSEN: [group.name for group in chosen]})

    def ahead(self, application: str, context: Json) -> list[str]:
        """See CloudStage: which server groups it would be."""
        if self.spread:
            return [f"runs once for each of {', '.join(place.region for place in self.places)}"]
        cluster = self.cluster_of(application)
        chosen = self.pick(self.in_cluster(self.place, cluster), set(self.spared))
        names = ", ".join(group.name for group in chosen) or "nothing"
        return [self.locks(cluster), f"as things are it would {self.verb} {names}"]

    def chosen(self, run: Run) -> list[ServerGroup]:
        """Those that were chosen and are still there. Raises CloudError."""
        wanted = run.context.get(CHOSEN) or []
        found = (self.cloud.server_group(self.place.account, self.place.region, name) for name in wanted)
        return [group for group in found if group is not None]

    def refused(self, run: Run, leaving: Sequence[ServerGroup]) -> str:
        """Why a traffic guard does not allow it now; empty when it may be done."""
        if not leaving:
            return ""
        return refusal(run, self.verb, leaving, self.in_cluster(self.place, self.cluster_of(run.application)))

    def sort(self, groups: Sequence[ServerGroup], *, active_first: bool = False) -> list[ServerGroup]:
        """The ones to spare first: active, then larger, if that is wished for; then newer."""

        def rank(group: ServerGroup) -> tuple[bool, int, int, str]:
            active = active_first and is_active(group)
            return (active, len(group.instances) if self.larger else 0, group.created, group.name)

        return sorted(groups, key=rank, reverse=True)
