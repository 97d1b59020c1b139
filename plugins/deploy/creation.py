"""The parent of `createServerGroup` and `cloneServerGroup`: one new server group, then what its strategy plans.

Separate because both differ in where their fields come from only. Source: reference engine §5.3, clouds §3.1.
"""

from typing import Any

from msgspec.structs import asdict

from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.names import cluster_name
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.model.status import Status
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.ahead import told_ahead
from gennaker.plugins.deploy.deployed import GROUPS, told
from gennaker.plugins.deploy.health import determined
from gennaker.plugins.deploy.place import LOCK_S, PlacedStage, lock_key
from gennaker.plugins.deploy.source import find_source
from gennaker.plugins.deploy.strategies import Strategy, strategy_named
from gennaker.plugins.deploy.strategies.strategy import Deployment, Source
from gennaker.plugins.deploy.waiting import LIMIT_S, missing, until_up, wanted_share, wanted_up

Json = dict[str, Any]
#: What a restart begins without.
CLEARED = (
    GROUPS,
    "sourceServerGroup",
    "savedCapacity",
    "deploymentDetails",
    "lastCapacityCheck",
    "wantedInstances",
    "upInstances",
    "kato.tasks",
)
_NOT_WANTED = ("strategy", "deploymentDetails", "amiDetails", "artifacts", "regions", "credentials", "type")


class Creation(PlacedStage):
    """Shared fields and tasks."""

    application: str = field("application", "application; that of the pipeline when empty", default="")
    stack: str = field("stack", "second part of the cluster's name", default="")
    detail: str = field("freeFormDetails", "third part of the cluster's name", default="")
    strategy: str = field(
        "strategy", "highlander, redblack, rollingredblack, monitored, custom; none when empty", default=""
    )
    capacity: dict[str, int] | None = field("capacity", "`{min, max, desired}`", default=None)
    use_source: bool = field("useSourceCapacity", "take the size of the server group that is there", default=False)
    prefer_source: bool = field("preferSourceCapacity", "the same, with capacity when there is none", default=False)
    given_source: dict[str, Any] = field("source", "`{account, region, asgName}`; the newest when empty", default={})
    healthy: float | None = field(
        "targetHealthyDeployPercentage", "per cent that must be up", default=None, minimum=0, maximum=100
    )
    share: float | None = field("desiredPercentage", "per cent of the size to wait for", default=None, minimum=0)
    sources: list[str] | None = field("interestingHealthProviderNames", "health that counts; all if null", default=None)

    @property
    def plan_of(self) -> Strategy:
        """The strategy's planner."""
        return strategy_named(self.strategy)

    @property
    def idle(self) -> bool:
        """Other stages do the work: one for each region, or the pipeline of a strategy."""
        return self.spread or self.plan_of.replaces

    def cluster_of(self, application: str) -> str:
        """See PlacedStage."""
        return cluster_name(self.application or application, self.stack, self.detail)

    def wanted(self, run: Run, capacity: Capacity) -> Json:
        """The fields of the new server group, complete. Raises InvalidRequest when something is missing."""
        raise NotImplementedError

    def ahead(self, application: str, context: Json) -> list[str]:
        """See CloudStage: what the cloud says, then the stages of the strategy with a new server group in mind."""
        if self.spread:
            return [f"runs once for each of {', '.join(place.region for place in self.places)}"]
        return told_ahead(self, application, context)

    @task(timeout=LOCK_S, overridable=True)
    def lock_cluster(self, run: Run) -> Outcome:
        """Have the cluster to ourselves until this stage has ended."""
        return run.succeeded() if self.idle else self.locked(run, self.cluster_of(run.application))

    @task(effect="none", timeout=300.0, backoff=5.0, retries=10)
    def determine_source_server_group(self, run: Run) -> Outcome:
        """Which server group was there before, and how large the new one is to be."""
        if self.idle:
            return run.succeeded()
        chosen = find_source(self, run.application)
        context: Json = {"savedCapacity": asdict(chosen.capacity), "source": chosen.told}
        if (before := chosen.before) is not None:
            context["sourceServerGroup"] = {"name": before.name, "capacity": asdict(before.capacity)}
        self.plan_of.after(self._standing(run, chosen.capacity, chosen.before, "new"))  # refuses what it could not do
        if self.plan_of.pins_source:
            context["allowSiblingStagesToContinueOnFailure"] = True
        return run.succeeded(context=context)

    @task(effect="none")
    def determine_health_providers(self, run: Run) -> Outcome:
        """Which health counts."""
        return run.succeeded() if self.idle else determined(run, self.cloud)

    @task(name="createServerGroup", effect="tagged", answer_by=180.0, timeout=1800.0, backoff=2.0)
    def create(self, run: Run) -> Outcome:
        """Make the server group; the same call again finds the one that was made."""
        if self.idle:
            return run.succeeded()
        capacity = Capacity(min=0, max=0, desired=0) if self.plan_of.starts_empty else _saved(run)
        wanted = self.wanted(run, capacity)
        if problems := self.cloud.check(wanted):
            return run.failed(f"{self.cloud.name} cannot create this server group: {'; '.join(problems)}")
        name = self.cloud.create(wanted, self.operation(run))
        place = self.place
        image = {key: wanted.get(key) for key in ("imageId", "imageName", "amiName")}
        details = {"cloudProvider": self.cloud.name, "region": place.region, "ami": wanted.get("imageId"), **image}
        context = {
            GROUPS: {place.region: [name]},
            "region": place.region,
            "account": place.account,
            "serverGroupName": name,
            "deploymentDetails": [details],
            "kato.tasks": [{"resultObjects": [{"serverGroupNames": [f"{place.region}:{name}"]}]}],
        }
        key = lock_key(self.cloud.name, place, self.cluster_of(run.application))
        return run.succeeded(context=context, outputs=told(run, key, name))

    @task(effect="none", timeout=LIMIT_S, overridable=True)
    def wait_for_up_instances(self, run: Run) -> Outcome:
        """Wait until enough instances are up."""
        if self.idle:
            return run.succeeded()
        place, name = self.place, made(run)
        group = self.cloud.server_group(place.account, place.region, name)
        if group is None:
            return missing(run, f"{place.account}/{place.region}/{name}")
        sources = [] if group.disabled else self.sources  # made without traffic: nobody but the cloud can tell
        seen = until_up(run, group, self._target(run, group), sources)
        return run.succeeded(context={**seen.context, "upInstances": True}) if seen.status is Status.SUCCEEDED else seen

    def _target(self, run: Run, group: ServerGroup) -> int:
        if self.plan_of.starts_empty:
            return 0
        if self.healthy is None and self.share is not None:
            return wanted_share(group, self.share)
        return wanted_up(max(_saved(run).desired, group.capacity.min), self.healthy)

    def after(self, run: Run) -> list[Json]:
        """What the strategy does once the server group is up."""
        return [] if self.spread else self.plan_of.after(self._deployment(run))

    def on_failure(self, run: Run) -> list[Json]:
        """What the strategy takes back."""
        return [] if self.idle else self.plan_of.on_failure(self._deployment(run))

    def cancel(self, run: Run) -> None:
        """A source that was held at its size gets its least size back."""
        known = run.context.get("sourceServerGroup")
        if not known or self.idle or not self.plan_of.pins_source:
            return
        group = self.cloud.server_group(self.place.account, self.place.region, known["name"])
        least = known["capacity"]["min"]
        if group is not None and group.capacity.min > least:
            had = group.capacity
            self.cloud.resize(group, Capacity(min=least, max=had.max, desired=had.desired), self.operation(run))

    def _deployment(self, run: Run) -> Deployment:
        known = run.context.get("sourceServerGroup")
        source = Source(name=known["name"], capacity=Capacity(**known["capacity"])) if known else None
        capacity = _saved(run) if run.context.get("savedCapacity") else None
        return self._standing(run, capacity, source, made(run))

    def _standing(
        self, run: Run, capacity: Capacity | None, before: Source | ServerGroup | None, deployed: str
    ) -> Deployment:
        place = self.place
        return Deployment(
            provider=self.cloud.name,
            account=place.account,
            region=place.region,
            cluster=self.cluster_of(run.application),
            application=self.application or run.application,
            deployed=deployed,
            source=Source(name=before.name, capacity=before.capacity) if before else None,
            capacity=capacity,
            task_failed="upInstances" not in run.context,
            stage=run.stage,
            execution=run.execution,
            context={**run.context, "type": self.type},
        )


def made(run: Run) -> str:
    """The server group that this stage has made; empty while there is none."""
    groups = run.context.get(GROUPS)
    names: list[Any] = next(iter(groups.values()), []) if isinstance(groups, dict) else []
    return str(names[0]) if names else ""


def complete(given: Json, place: Json, capacity: Capacity) -> Json:
    """The fields of a server group with place and size. Zones of other regions and what is no field are left out."""
    kept = {key: value for key, value in given.items() if key not in _NOT_WANTED and not key.startswith("deployed ")}
    zones = given.get("availabilityZones")
    if isinstance(zones, dict):
        kept["availabilityZones"] = {key: value for key, value in zones.items() if key == place["region"]}
    return {**kept, **place, "capacity": asdict(capacity)}


def _saved(run: Run) -> Capacity:
    sizes = run.context.get("savedCapacity")
    if not isinstance(sizes, dict):
        raise InvalidRequest("the size is not known; expected what determineSourceServerGroup found", "savedCapacity")
    return Capacity(**sizes)
