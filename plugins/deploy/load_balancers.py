"""Stage types `upsertLoadBalancer`, `upsertLoadBalancers` and `deleteLoadBalancer`.

Separate because they are one resource's stages.
"""

from typing import Any

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.place import Place, PlacedStage, account_of, named
from gennaker.plugins.deploy.waiting import poll_s

Json = dict[str, Any]


class UpsertLoadBalancer(PlacedStage, type="upsertLoadBalancer", restart_clears=("targets",)):
    """Create or change a load balancer."""

    spreads = False
    needs = ("loadBalancer",)

    name: str = field("loadBalancerName", "the load balancer's name; in an ad-hoc task `name` too", default="")

    @task(name="upsertLoadBalancer", answer_by=180.0, timeout=1800.0, backoff=2.0)
    def upsert(self, run: Run) -> Outcome:
        """Ask for it in every region."""
        name = named(run, self.name)
        if not name:
            raise InvalidRequest("no load balancer was named; expected its name", "loadBalancerName")
        wanted = {**run.context, "name": name}
        made = [upserted(self, run, place, wanted) for place in self.places]
        return run.succeeded(context={"targets": made})

    @task(effect="none", timeout=1800.0, overridable=True)
    def wait_for_upserted_load_balancer(self, run: Run) -> Outcome:
        """Wait until the cloud shows it."""
        return shown(self, run)


class UpsertLoadBalancers(PlacedStage, type="upsertLoadBalancers", restart_clears=("targets",)):
    """Create or change several load balancers."""

    spreads = False
    needs = ("loadBalancer",)

    wanted: list[dict[str, Any]] = field("loadBalancers", "what `upsertLoadBalancer` takes, for each", default=[])

    @task(name="upsertLoadBalancers", answer_by=300.0, timeout=1800.0, backoff=2.0)
    def upsert(self, run: Run) -> Outcome:
        """Ask for each in its regions."""
        made: list[Json] = []
        for index, each in enumerate(self.wanted):
            name = each.get("name") or each.get("loadBalancerName")
            zones = each.get("availabilityZones")
            regions = each.get("regions") or (list(zones) if isinstance(zones, dict) else [each.get("region")])
            account = str(each.get("credentials") or each.get("account") or self.credentials or self.account)
            account_of(self.cloud, account)
            if not name or not all(regions):
                raise InvalidRequest("expected name and region", f"loadBalancers[{index}]")
            for region in regions:
                place = Place(account=account, region=str(region))
                made.append(upserted(self, run, place, {**each, "name": str(name)}))
        return run.succeeded(context={"targets": made})

    @task(effect="none", timeout=1800.0, overridable=True)
    def wait_for_upserted_load_balancer(self, run: Run) -> Outcome:
        """Wait until the cloud shows them."""
        return shown(self, run)


class DeleteLoadBalancer(PlacedStage, type="deleteLoadBalancer"):
    """Remove a load balancer."""

    spreads = False
    needs = ("loadBalancer",)

    name: str = field("loadBalancerName", "the load balancer's name; in an ad-hoc task `name` too", default="")

    @task(name="deleteLoadBalancer", answer_by=120.0, timeout=1800.0, backoff=2.0)
    def delete(self, run: Run) -> Outcome:
        """Ask for it in every region."""
        name = named(run, self.name)
        if not name:
            raise InvalidRequest("no load balancer was named; expected its name", "loadBalancerName")
        for place in self.places:
            part = f"{place.account}/{place.region}"
            self.cloud.delete_load_balancer(place.account, place.region, name, self.operation(run, part))
        return run.succeeded()

    @task(effect="none", timeout=1800.0, overridable=True)
    def wait_for_deleted_load_balancer(self, run: Run) -> Outcome:
        """Wait until it is gone."""
        for place in self.places:
            if any(one.name == named(run, self.name) for one in self.cloud.load_balancers(place.account, place.region)):
                return run.running(again_in=poll_s(run))
        return run.succeeded()


def upserted(stage: PlacedStage, run: Run, place: Place, wanted: Json) -> Json:
    """Ask for one in one region; where it is."""
    part = f"{place.account}/{place.region}/{wanted['name']}"
    whole = {**wanted, "account": place.account, "credentials": place.account, "region": place.region}
    name = stage.cloud.upsert_load_balancer(place.account, place.region, whole, stage.operation(run, part))
    return {"credentials": place.account, "region": place.region, "name": name}


def shown(stage: PlacedStage, run: Run) -> Outcome:
    """Done when the cloud shows all that were asked for."""
    for one in run.context.get("targets") or []:
        known = stage.cloud.load_balancers(one["credentials"], one["region"])
        if not any(each.name == one["name"] for each in known):
            return run.running(again_in=poll_s(run))
    return run.succeeded()
