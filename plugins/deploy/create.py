"""Stage type `createServerGroup`: a new server group of a cluster, with a strategy.

Separate because `cloneServerGroup` takes its fields from another server group.
"""

from gennaker.core.cloud.model import Capacity
from gennaker.core.errors import InvalidRequest
from gennaker.core.stage import Run
from gennaker.plugins.deploy.creation import CLEARED, Creation, Json, complete
from gennaker.plugins.deploy.image import image_fields


class CreateServerGroup(Creation, type="createServerGroup", restart_clears=CLEARED):
    """Create the next server group of a cluster, wait until it is up, and move traffic as the strategy says."""

    needs = ("create",)

    def wanted(self, run: Run, capacity: Capacity) -> Json:
        """See Creation."""
        place = self.place
        image = image_fields(run.context, self.cloud.name, place.region, run.trigger)
        if not image:
            raise InvalidRequest(
                f"there is no image for {place.region}; expected imageId, a stage before it that finds or bakes one, or an artifact",
                "imageId",
            )
        named = {
            "application": self.application or run.application,
            "stack": self.stack,
            "freeFormDetails": self.detail,
        }
        where = {"account": place.account, "region": place.region, "cloudProvider": self.cloud.name}
        return {**complete(run.context, where, capacity), **named, **image}
