"""Stage types `upsertSecurityGroup` and `deleteSecurityGroup`: firewalls, in Spinnaker's words.

Separate because they are one resource's stages.
"""

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.place import PlacedStage, named
from gennaker.plugins.deploy.waiting import poll_s


class UpsertSecurityGroup(PlacedStage, type="upsertSecurityGroup", restart_clears=("targets",)):
    """Create a firewall, or give it exactly these rules."""

    spreads = False
    needs = ("firewall",)

    name: str = field("securityGroupName", "the firewall's name; in an ad-hoc task `name` too", default="")

    @task(name="upsertSecurityGroup", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def upsert(self, run: Run) -> Outcome:
        """Ask for it in every region."""
        name = named(run, self.name)
        if not name:
            raise InvalidRequest("no firewall was named; expected its name", "securityGroupName")
        targets = []
        for place in self.places:
            wanted = {**run.context, "name": name, "account": place.account, "region": place.region}
            operation = self.operation(run, f"{place.account}/{place.region}")
            id_ = self.cloud.upsert_firewall(place.account, place.region, wanted, operation)
            targets.append({"credentials": place.account, "region": place.region, "name": name, "id": id_})
        return run.succeeded(context={"targets": targets})

    @task(effect="none", timeout=600.0, overridable=True)
    def wait_for_upserted_security_group(self, run: Run) -> Outcome:
        """Wait until the cloud shows it."""
        for one in run.context.get("targets") or []:
            known = self.cloud.firewalls(one["credentials"], one["region"])
            if not any(each.id == one["id"] or each.name == one["name"] for each in known):
                return run.running(again_in=min(poll_s(run), 2.0))
        return run.succeeded()


class DeleteSecurityGroup(PlacedStage, type="deleteSecurityGroup"):
    """Remove a firewall."""

    spreads = False
    needs = ("firewall",)

    name: str = field("securityGroupName", "the firewall's name; in an ad-hoc task `name` too", default="")

    @task(name="deleteSecurityGroup", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def delete(self, run: Run) -> Outcome:
        """Ask for it in every region."""
        name = named(run, self.name)
        if not name:
            raise InvalidRequest("no firewall was named; expected its name", "securityGroupName")
        for place in self.places:
            operation = self.operation(run, f"{place.account}/{place.region}")
            self.cloud.delete_firewall(place.account, place.region, name, operation)
        return run.succeeded()
