"""Stage type `rollbackCluster`: takes a cluster back to what it was, region by region.

Separate from `rollback`, which carries one of them out. Source: reference engine §5.3, clouds §3.9.
"""

from typing import Any

from gennaker.core.cloud.names import parse
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.candidates import Candidate, candidate, healthy_percentage
from gennaker.plugins.deploy.place import LOCK_S, Place, PlacedStage

Json = dict[str, Any]
#: What a restart begins without.
_CLEARED = ("rollbackPlans", "imagesToRestore")


class RollbackCluster(PlacedStage, type="rollbackCluster", restart_clears=_CLEARED):
    """Decide for each region which server group gets its traffic back, and do it, one region after another."""

    spreads = False
    needs = ("enable", "disable", "resize")

    healthy: float | None = field(
        "targetHealthyRollbackPercentage", "per cent that must be up", default=None, minimum=0, maximum=100
    )
    wait_s: int = field("waitTimeBetweenRegions", "seconds between two regions", default=0, minimum=0)
    bad: str = field("serverGroup", "the server group to take traffic from; the newest enabled if empty", default="")
    restore: str = field("originalServerGroup", "the one to give it to; the newest other one if empty", default="")
    more: dict[str, Any] = field(
        "additionalRollbackContext",
        "`{onlyEnabledServerGroups, disableOnly, enableAndDisableOnly, delayBeforeDisableSeconds}`",
        default={},
    )
    required: bool = field("failIfNothing", "no way back in any region is a failure", default=False)
    reason: str = field("reason", "why, for people", default="")
    sources: list[str] | None = field("interestingHealthProviderNames", "health that counts; all if null", default=None)

    def cluster_of(self, application: str) -> str:
        """See PlacedStage; the name of a server group says it too."""
        named = self.bad or self.restore
        return parse(named).cluster if named and not self.cluster else super().cluster_of(application)

    @task(timeout=LOCK_S, overridable=True)
    def lock_cluster(self, run: Run) -> Outcome:
        """Decide only when nobody else changes the cluster; with several regions each is locked in its turn."""
        return self.locked(run, self.cluster_of(run.application)) if len(self.places) == 1 else run.succeeded()

    @task(effect="none", timeout=900.0, backoff=15.0)
    def determine_rollback_candidates(self, run: Run) -> Outcome:
        """Look at each region."""
        cluster = self.cluster_of(run.application)
        found = [(place, self._candidate(cluster, place)) for place in self.places]
        plans = [self._planned(place, one) for place, one in found]
        todo = [plan for plan in plans if plan["from"]]
        if not todo and self.required:
            reasons = "; ".join(f"{plan['region']}: {plan['why']}" for plan in plans)
            return run.failed(f"cluster {cluster} cannot be rolled back: {reasons}")
        outputs: Json = {
            "rollbackTypes": {plan["region"]: "EXPLICIT" for plan in todo},
            "rollbackContexts": {plan["region"]: plan["context"] for plan in todo},
            "rollbackPlans": plans,
            **({"reason": self.reason} if self.reason else {}),
        }
        images = [{"region": plan["region"], "image": plan["toImage"], "rollbackMethod": "EXPLICIT"} for plan in todo]
        return run.succeeded(context={"rollbackPlans": plans, "imagesToRestore": images}, outputs=outputs)

    def after(self, run: Run) -> list[Json]:
        """A rollback for each region that has a way back, waits between them."""
        stages: list[Json] = []
        for plan in run.context.get("rollbackPlans") or []:
            if not plan["from"]:
                continue
            if stages and self.wait_s:
                stages.append({"type": "wait", "name": "Wait between regions", "waitTime": self.wait_s})
            health = {} if self.sources is None else {"interestingHealthProviderNames": self.sources}
            stages.append(
                {
                    "type": "rollbackServerGroup",
                    "name": f"Roll back {plan['region']}",
                    "cloudProvider": self.cloud.name,
                    "credentials": self.account_name,
                    "region": plan["region"],
                    "rollbackType": "EXPLICIT",
                    "rollbackContext": plan["context"],
                    **health,
                }
            )
        return stages

    def ahead(self, application: str, context: Json) -> list[str]:
        """See CloudStage: from what to what, and why."""
        cluster = self.cluster_of(application)
        plans = [self._planned(place, self._candidate(cluster, place)) for place in self.places]
        return [
            f"{plan['region']}: from {plan['from']} to {plan['to'] or 'nothing'}: {plan['why']}"
            if plan["from"]
            else f"{plan['region']}: nothing, for {plan['why']}"
            for plan in plans
        ]

    def _candidate(self, cluster: str, place: Place) -> Candidate:
        groups = self.in_cluster(place, cluster)
        only = self.more.get("onlyEnabledServerGroups") in (True, "true")
        return candidate(groups, bad=self.bad, restore=self.restore, only_enabled=only)

    def _planned(self, place: Place, found: Candidate) -> Json:
        """What is to be done in a region, as JSON; nothing when only the reason why not is known."""
        disable_only = bool(self.more.get("disableOnly")) and found.bad is not None
        if found.bad is None or (found.restore is None and not disable_only):
            return {"region": place.region, "from": None, "to": None, "toImage": None, "why": found.why}
        restore = found.restore
        least = healthy_percentage(max(found.bad.capacity.desired, restore.capacity.desired if restore else 0))
        context = {
            **{key: value for key, value in self.more.items() if key != "onlyEnabledServerGroups"},
            "rollbackServerGroupName": found.bad.name,
            "restoreServerGroupName": restore.name if restore else None,
            "targetHealthyRollbackPercentage": least if self.healthy is None else self.healthy,
        }
        image = restore.image.name if restore and restore.image else None
        to = restore.name if restore else None
        told = {"region": place.region, "from": found.bad.name, "to": to, "toImage": image, "why": found.why}
        return {**told, "context": context}
