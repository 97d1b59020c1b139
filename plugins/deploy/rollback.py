"""Stage type `rollbackServerGroup`: traffic from one server group back to another.

Separate from `rollback_cluster`, which decides between which. Source: reference engine §5.3, clouds §3.9.
"""

from typing import Any, Literal

from msgspec.structs import asdict

from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, task
from gennaker.plugins.deploy.candidates import healthy_percentage
from gennaker.plugins.deploy.place import LOCK_S, PlacedStage

Json = dict[str, Any]


class RollbackServerGroup(PlacedStage, type="rollbackServerGroup", restart_clears=("rolledBack",)):
    """Enable a server group, give it the size of the one that it stands in for, and disable that one.

    The cluster stays locked until all is done, so no deployment that waits can come between.
    """

    needs = ("enable", "disable", "resize")

    kind: Literal["EXPLICIT", "PREVIOUS_IMAGE", "TEST"] = field(
        "rollbackType", "EXPLICIT: to a server group; PREVIOUS_IMAGE: to a new one of an image", default="EXPLICIT"
    )
    details: dict[str, Any] = field(
        "rollbackContext",
        "`{rollbackServerGroupName, restoreServerGroupName, targetHealthyRollbackPercentage, delayBeforeDisableSeconds, "
        "disableOnly, enableAndDisableOnly, imageName, imageId}`",
        default={},
    )
    sources: list[str] | None = field("interestingHealthProviderNames", "health that counts; all if null", default=None)

    def _name(self, key: str) -> str:
        name = self.details.get(key)
        if not isinstance(name, str) or not name:
            raise InvalidRequest(f"{name!r} was given, expected the name of a server group", f"rollbackContext.{key}")
        return name

    def cluster_of(self, application: str) -> str:
        """See PlacedStage."""
        return parse(self._name("rollbackServerGroupName")).cluster

    @task(timeout=LOCK_S, overridable=True)
    def lock_cluster(self, run: Run) -> Outcome:
        """Have the cluster to ourselves until all is done."""
        return run.succeeded() if self.spread else self.locked(run, self.cluster_of(run.application))

    @task(effect="none", timeout=600.0)
    def check_server_groups(self, run: Run) -> Outcome:
        """Both must still be there, now that nobody else changes them."""
        if self.spread:
            return run.succeeded()
        bad = self._present("rollbackServerGroupName")
        told: Json = {"from": bad.name, "fromImage": bad.image.name if bad.image else None}
        if self.kind == "EXPLICIT" and not self.details.get("disableOnly"):
            restore = self._present("restoreServerGroupName")
            told |= {"to": restore.name, "toImage": restore.image.name if restore.image else None}
        return run.succeeded(context={"rolledBack": {**told, "region": self.place.region}})

    def after(self, run: Run) -> list[Json]:
        """What is to be done, with what is there now."""
        if self.spread:
            return []
        if self.kind == "PREVIOUS_IMAGE":
            return [self._cloned()]
        bad = self._present("rollbackServerGroupName")
        disabled = self._stage("disableServerGroup", f"Disable {bad.name}", bad.name)
        if self.details.get("disableOnly"):
            return [disabled]
        restore = self._present("restoreServerGroupName")
        enabled = self._stage("enableServerGroup", f"Enable {restore.name}", restore.name, **self._healthy(restore))
        if self.details.get("enableAndDisableOnly"):
            return [enabled, disabled]
        grown = self._grown(bad, restore)
        delay = int(self.details.get("delayBeforeDisableSeconds") or 0)
        waited = [{"type": "wait", "name": "Wait Before Disable", "waitTime": delay}] if delay > 0 else []
        held = {"sourceServerGroupCapacitySnapshot": asdict(bad.capacity)}
        given_back = self._stage("applySourceServerGroupCapacity", f"Unpin {restore.name}", restore.name, **held)
        return [enabled, *grown, *waited, disabled, given_back]

    def _grown(self, bad: ServerGroup, restore: ServerGroup) -> list[Json]:
        """As large as the larger of both, held there until the other one is disabled."""
        desired = max(bad.capacity.desired, restore.capacity.desired)
        size = Capacity(min=desired, max=max(bad.capacity.max, restore.capacity.max), desired=desired)
        if size == restore.capacity:
            return []
        name = f"Resize {restore.name} to {desired}"
        return [
            self._stage(
                "resizeServerGroup",
                name,
                restore.name,
                action="scale_exact",
                capacity=asdict(size),
                **self._healthy(restore, desired),
            )
        ]

    def _healthy(self, restore: ServerGroup, desired: int = 0) -> Json:
        given = self.details.get("targetHealthyRollbackPercentage")
        least = healthy_percentage(max(desired, restore.capacity.desired)) if given is None else given
        return {"targetHealthyDeployPercentage": least}

    def _cloned(self) -> Json:
        name = self._name("rollbackServerGroupName")
        image = {key: self.details[key] for key in ("imageId", "imageName") if self.details.get(key)}
        if not image:
            raise InvalidRequest("no image was named; expected imageId or imageName", "rollbackContext.imageId")
        image.setdefault("imageId", image.get("imageName"))
        desired = self._present("rollbackServerGroupName").capacity.desired
        given = self.details.get("targetHealthyRollbackPercentage")
        return {
            "type": "cloneServerGroup",
            "name": f"Deploy {image.get('imageName') or image['imageId']}",
            "cloudProvider": self.cloud.name,
            **self.place.json,
            **image,
            "amiName": image["imageId"],
            "strategy": "redblack",
            "useSourceCapacity": True,
            "source": {**self.place.json, "asgName": name, "serverGroupName": name},
            "delayBeforeDisableSec": self.details.get("delayBeforeDisableSeconds") or 0,
            "targetHealthyDeployPercentage": healthy_percentage(desired) if given is None else given,
        }

    def _stage(self, type_: str, name: str, group: str, **more: Any) -> Json:
        health = {} if self.sources is None else {"interestingHealthProviderNames": self.sources}
        where = {"cloudProvider": self.cloud.name, "credentials": self.place.account, "region": self.place.region}
        return {"type": type_, "name": name, **where, "serverGroupName": group, **health, **more}

    def _present(self, key: str) -> ServerGroup:
        name = self._name(key)
        found = self.cloud.server_group(self.place.account, self.place.region, name)
        if found is None:
            where = f"{self.place.account}/{self.place.region}"
            raise InvalidRequest(f"there is no server group {where}/{name}", f"rollbackContext.{key}")
        return found
