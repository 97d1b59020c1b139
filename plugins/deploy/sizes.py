"""The arithmetic of sizes: more, less, exactly, like another server group, pinned.

Separate because it is pure, and each rule has its row in the reference (engine §5.3, resize arithmetic).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from gennaker.core.cloud.model import Capacity
from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]


class Wish(Struct, frozen=True, kw_only=True):
    """What a resize asks for."""

    action: str = "scale_exact"
    percentage: float | None = None
    number: int | None = None
    #: Each of min, max, desired that was given.
    capacity: dict[str, int] = {}
    pin: bool = False
    pin_least: bool = False
    #: The least size to go back to; None = not asked for.
    unpin_to: int | None = None


def resized(wish: Wish, current: Capacity, source: Capacity | None, cluster: Sequence[Capacity]) -> Capacity:
    """The size that a wish comes to. Raises InvalidRequest for an action that does not exist, or a source that is not there."""
    if wish.action in ("scale_up", "scale_down"):
        return _stepped(wish, current, 1 if wish.action == "scale_up" else -1)
    if wish.action == "scale_to_cluster":
        return _like_cluster(wish, cluster or [current])
    if wish.action == "scale_to_server_group":
        if source is None:
            raise InvalidRequest("there is no such server group to take the size of", "source")
        return _pinned(wish, source)
    if wish.action == "scale_exact":
        return _pinned(wish, _exactly(wish.capacity, current))
    raise InvalidRequest(
        f"{wish.action!r} is no action; expected scale_exact, scale_up, scale_down, scale_to_cluster or scale_to_server_group",
        "action",
    )


def _stepped(wish: Wish, current: Capacity, sign: int) -> Capacity:
    def step(size: int) -> int:
        if wish.percentage is not None:
            return max(0, size + sign * math.ceil(size * wish.percentage / 100))
        return max(0, size + sign * (wish.number or 0))

    return _each(current, step)


def _exactly(given: dict[str, int], current: Capacity) -> Capacity:
    """What is given over what is there."""
    least = given.get("min", current.min)
    if "max" in given:
        most = given["max"]
        least = min(least, most)
    else:
        most = max(least, current.max)
    desired = given.get("desired", min(max(current.desired, least), most))
    if not 0 <= least <= desired <= most:
        raise InvalidRequest(
            f"{given!r} is no size for a server group of {current.min}/{current.desired}/{current.max}: "
            f"it comes to min {least}, desired {desired}, max {most}; expected 0 ≤ min ≤ desired ≤ max",
            "capacity",
        )
    return Capacity(min=least, max=most, desired=desired)


def _like_cluster(wish: Wish, cluster: Sequence[Capacity]) -> Capacity:
    least = max(each.min for each in cluster)
    most = max(each.max for each in cluster)
    desired = max(each.desired for each in cluster)
    if wish.percentage is not None:
        desired += math.ceil(desired * abs(wish.percentage) / 100)
    elif wish.number is not None:
        desired += abs(wish.number)
    return Capacity(min=least, max=most, desired=min(max(desired, least), most))


def _pinned(wish: Wish, size: Capacity) -> Capacity:
    """A part of a size, then held or let go."""
    if wish.percentage is not None:
        desired = math.ceil(size.desired * wish.percentage / 100)
        size = Capacity(min=min(size.min, desired), max=max(size.max, desired), desired=desired)
    if wish.unpin_to is not None and wish.unpin_to < size.min:
        size = Capacity(min=wish.unpin_to, max=size.max, desired=size.desired)
    if wish.pin:
        return Capacity(min=size.desired, max=size.desired, desired=size.desired)
    if wish.pin_least:
        return Capacity(min=size.desired, max=size.max, desired=size.desired)
    return size


def _each(size: Capacity, change: Callable[[int], int]) -> Capacity:
    return Capacity(min=change(size.min), max=change(size.max), desired=change(size.desired))
