"""Stage type `cloneServerGroup`: a new server group made like one that is there.

Separate because its fields come from the other one, and from the stage where it says more; `source` names it, so that the cloud can copy
what only it knows.
"""

from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.names import parse
from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Run
from gennaker.plugins.deploy.creation import CLEARED, Creation, Json, complete
from gennaker.plugins.deploy.image import image_fields
from gennaker.plugins.deploy.target import choose


class CloneServerGroup(Creation, type="cloneServerGroup", restart_clears=CLEARED):
    """Create a server group like another one of the cluster, with what is given here in place of what that one has."""

    needs = ("clone",)

    target: str = field("target", "which server group to be like", default="current_asg_dynamic")
    target_cluster: str = field("targetCluster", "cluster of that server group", default="")
    with_image: bool = field("useLatestImage", "an image found earlier replaces that of the source", default=True)

    def cluster_of(self, application: str) -> str:
        """See PlacedStage: the cluster of the source unless stack or details are given."""
        if self.stack or self.detail or self.application:
            return super().cluster_of(application)
        named = str(self.given_source.get("serverGroupName") or self.given_source.get("asgName") or "")
        named = named or self.target_cluster or self.cluster or str(self.moniker.get("cluster") or "")
        return parse(named).cluster if named else super().cluster_of(application)

    def wanted(self, run: Run, capacity: Capacity) -> Json:
        """See Creation."""
        place, source = self.place, self._source(run)
        name = parse(self.cluster_of(run.application))
        image = image_fields(run.context, self.cloud.name, place.region, run.trigger) if self.with_image else {}
        if not image and source.image is not None:
            image = {"imageId": source.image.id, "imageName": source.image.name, "amiName": source.image.id}
        if not image:
            raise InvalidRequest(f"the image of {source.where} is not known; expected imageId", "imageId")
        known: Json = {
            "loadBalancers": list(source.load_balancers),
            "targetGroups": list(source.target_groups),
            "securityGroups": list(source.firewalls),
            **({"availabilityZones": {place.region: list(source.zones)}} if source.region == place.region else {}),
        }
        like = {"account": source.account, "region": source.region, "asgName": source.name}
        where = {"account": place.account, "region": place.region, "cloudProvider": self.cloud.name}
        named = {"application": name.app, "stack": name.stack, "freeFormDetails": name.detail}
        given = {key: value for key, value in run.context.items() if value is not None}
        whole = complete({**known, **given}, where, capacity)
        return {**whole, **named, **image, "clone": True, "source": {**like, "serverGroupName": source.name}}

    def _source(self, run: Run) -> ServerGroup:
        place, wanted = self.place, self.given_source
        name = wanted.get("serverGroupName") or wanted.get("asgName")
        if name:
            account, region = wanted.get("account") or place.account, wanted.get("region") or place.region
            found = self.cloud.server_group(str(account), str(region), str(name))
            if found is None:
                raise InvalidRequest(f"there is no server group {account}/{region}/{name} to clone", "source")
            return found
        cluster = self.target_cluster or self.cluster_of(run.application)
        where = f"cluster {cluster} in {place.account}/{place.region}"
        return choose(self.in_cluster(place, cluster), self.target, where=where)
