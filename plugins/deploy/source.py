"""The server group that a new one follows, and the size that the new one gets.

Separate because it is the one decision of a deployment that reads the cloud before anything is changed. Source: reference clouds §3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gennaker.core.cloud.health import up_count
from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.deploy.place import Place

if TYPE_CHECKING:
    from gennaker.plugins.deploy.creation import Creation

Json = dict[str, Any]
#: In `source`: nobody gave it, so a restart decides anew.
DETERMINED = "determined"


class Chosen(Struct, frozen=True, kw_only=True):
    """What was decided."""

    #: The newest of the cluster in this place, which the strategy takes traffic from.
    before: ServerGroup | None
    capacity: Capacity
    #: `source` of the context.
    told: Json


def find_source(stage: Creation, application: str) -> Chosen:
    """The source and the size. Raises InvalidRequest for a source that is not there, or a size that nobody gives."""
    place = stage.place
    before = _newest(stage.in_cluster(place, stage.cluster_of(application)))
    model = _given(stage) or before
    capacity = sized(stage.capacity, model, use=stage.use_source, prefer=stage.prefer_source)
    if model is None:
        return Chosen(before=None, capacity=capacity, told={})
    told = {
        "asgName": model.name,
        "serverGroupName": model.name,
        "account": model.account,
        "region": model.region,
        "useSourceCapacity": stage.use_source and not stage.plan_of.starts_empty,
        DETERMINED: model is before,
    }
    return Chosen(before=before, capacity=capacity, told=told)


def sized(given: dict[str, int] | None, source: ServerGroup | None, *, use: bool, prefer: bool) -> Capacity:
    """The size of a new server group. Raises InvalidRequest when it is neither given nor to be taken from a source."""
    if use and source is not None:
        return source.capacity
    if use and not prefer:
        raise InvalidRequest(
            "there is no server group whose size could be taken; expected capacity and preferSourceCapacity",
            "useSourceCapacity",
        )
    return whole(given)


def whole(given: dict[str, int] | None) -> Capacity:
    """A size that people gave, complete. Raises InvalidRequest when it cannot be."""
    if not given or not any(key in given for key in ("min", "max", "desired")):
        raise InvalidRequest(f"{given!r} is no size; expected {{min, max, desired}}", "capacity")
    desired = given.get("desired", given.get("min", given.get("max", 0)))
    capacity = Capacity(min=given.get("min", desired), max=given.get("max", desired), desired=desired)
    if not 0 <= capacity.min <= capacity.desired <= capacity.max:
        raise InvalidRequest(f"{given!r} is no size; expected 0 ≤ min ≤ desired ≤ max", "capacity")
    return capacity


def _given(stage: Creation) -> ServerGroup | None:
    wanted = stage.given_source
    name = wanted.get("serverGroupName") or wanted.get("asgName")
    if not name or wanted.get(DETERMINED):
        return None
    place = Place(
        account=wanted.get("account") or stage.place.account, region=wanted.get("region") or stage.place.region
    )
    found = stage.cloud.server_group(place.account, place.region, str(name))
    if found is None and not stage.prefer_source:
        raise InvalidRequest(f"there is no server group {place.account}/{place.region}/{name}", "source")
    return found


def _newest(groups: list[ServerGroup]) -> ServerGroup | None:
    """The newest that serves; what failed to come up earlier is no model to follow while another one serves."""
    serving = [group for group in groups if not group.disabled and up_count(group)]
    enabled = [group for group in groups if not group.disabled]
    return next(iter([*serving, *enabled, *groups]), None)
