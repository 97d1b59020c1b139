"""Where a stage works: account, regions, cluster, from the many ways in which pipelines say it.

Separate because every stage of clouds reads them in the same way. Source: reference engine §5.3.
"""

from typing import Any

from msgspec import Struct

from gennaker.core.cloud.model import Account, ServerGroup
from gennaker.core.cloud.names import cluster_lock, cluster_name, parse
from gennaker.core.cloud.provider import Cloud
from gennaker.core.cloud.stage import CloudStage
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run

Json = dict[str, Any]
#: Keys that say where; a child for one region has only its own.
_PLACES = ("region", "regions", "namespace", "namespaces", "zones", "availabilityZones")
#: Options of a stage as a whole, which its children do not repeat.
_OPTIONS = ("failPipeline", "continuePipeline", "stageEnabled", "forEach", "restrictExecutionDuringTimeWindow")
#: Seconds that a stage waits for its cluster.
LOCK_S = 4 * 3600.0


class Place(Struct, frozen=True, kw_only=True):
    """One account and region."""

    account: str
    region: str

    @property
    def json(self) -> Json:
        """As a stage that is planned is told."""
        return {"credentials": self.account, "account": self.account, "region": self.region}


class PlacedStage(CloudStage):
    """The parent of stages that work in an account and regions. In several regions it becomes one stage for each, side by side."""

    #: A stage for several regions is run as children; False = it goes through them itself.
    spreads = True

    credentials: str = field("credentials", "account", default="")
    account: str = field("account", "the same as credentials", default="")
    region: str = field("region", "region", default="")
    regions: list[str] = field("regions", "several regions", default=[])
    namespace: str = field("namespace", "region, in other words", default="")
    zones: dict[str, list[str]] = field("availabilityZones", "`{region: [zone, …]}`", default={})
    cluster: str = field("cluster", "cluster, such as `shop-web`", default="")
    moniker: dict[str, Any] = field("moniker", "`{app, stack, detail, cluster}`, instead of cluster", default={})

    @property
    def account_name(self) -> str:
        """The account. Raises InvalidRequest for none, two, or one that the cloud does not have."""
        if self.credentials and self.account and self.credentials != self.account:
            raise InvalidRequest(
                f"{self.account!r} and credentials {self.credentials!r} were given, expected the same", "account"
            )
        return account_of(self.cloud, self.credentials or self.account).name

    @property
    def places(self) -> list[Place]:
        """Where it works. Raises InvalidRequest for no region, or one that the account does not have."""
        given = [*self.regions, *self.zones] or [self.region or self.namespace]
        if self.regions and self.zones and set(self.regions) != set(self.zones):
            given = list(self.regions)
        account = account_of(self.cloud, self.account_name)
        found = []
        for region in dict.fromkeys(given):
            if not region:
                raise InvalidRequest(
                    "no region was given; expected one in region, regions or availabilityZones", "region"
                )
            if account.regions and region not in account.regions:
                known = ", ".join(account.regions)
                raise InvalidRequest(f"account {account.name} has no region {region!r}; it has {known}", "region")
            found.append(Place(account=account.name, region=region))
        return found

    @property
    def place(self) -> Place:
        """The one place of a stage that was spread."""
        return self.places[0]

    @property
    def spread(self) -> bool:
        """It only stands for its children."""
        return self.spreads and len(self.places) > 1

    def cluster_of(self, application: str) -> str:
        """The cluster's name. Raises InvalidRequest when nothing names it."""
        if self.cluster:
            return self.cluster
        if name := self.moniker.get("cluster"):
            return str(name)
        if app := self.moniker.get("app"):
            return cluster_name(str(app), str(self.moniker.get("stack") or ""), str(self.moniker.get("detail") or ""))
        raise InvalidRequest("no cluster was named; expected it in cluster or moniker.cluster", "cluster")

    def before(self, run: Run) -> list[Json]:
        """One stage for each region, when there are several."""
        if not self.spread:
            return []
        kept = {key: value for key, value in run.context.items() if key not in (*_PLACES, *_OPTIONS)}
        return [self._child(kept, place) for place in self.places]

    def _child(self, kept: Json, place: Place) -> Json:
        zones = {"availabilityZones": {place.region: self.zones[place.region]}} if place.region in self.zones else {}
        named = f"{self.type} in {place.region}"
        return {
            **kept,
            **place.json,
            **zones,
            "type": self.type,
            "cloudProvider": self.cloud.name,
            "name": named,
            "refId": place.region,
            "requisiteStageRefIds": [],
        }

    def locks(self, cluster: str) -> str:
        """What a plan says of the lock."""
        return f"locks {lock_key(self.cloud.name, self.place, cluster)}"

    def in_cluster(self, place: Place, cluster: str) -> list[ServerGroup]:
        """The server groups of a cluster that are there now, newest first. Raises CloudError."""
        groups = self.cloud.server_groups(place.account, place.region, parse(cluster).app)
        mine = [group for group in groups if parse(group.name).cluster == cluster]
        return sorted(mine, key=lambda group: (group.created, group.name), reverse=True)

    def locked(self, run: Run, cluster: str) -> Outcome:
        """Go on once this execution has the cluster to itself."""
        return run.lock(lock_key(self.cloud.name, self.place, cluster))


def named(run: Run, given: str) -> str:
    """The name of what a stage is about. In an ad-hoc task `name` is it too, which the engine takes for the stage's."""
    adhoc = run.work.execution_kind == "ORCHESTRATION" and run.stage_name != run.work.type
    return given or (run.stage_name if adhoc else "")


def lock_key(provider: str, place: Place, cluster: str) -> str:
    """What a cluster's lock is called."""
    return cluster_lock(provider, place.account, place.region, cluster)


def account_of(cloud: Cloud, name: str) -> Account:
    """An account of a cloud, by name. Raises InvalidRequest that lists those that there are."""
    known = {account.name: account for account in cloud.accounts()}
    if not name:
        raise InvalidRequest(f"no account was given; {cloud.name} has {', '.join(known) or 'none'}", "credentials")
    if name not in known:
        raise InvalidRequest(
            f"{cloud.name} has no account {name!r}; it has {', '.join(known) or 'none'}", "credentials"
        )
    return known[name]
