"""The conformance kit for clouds: a good one passes, and each broken promise is told."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from gennaker.core.cloud.model import Capacity, Health, ServerGroup
from gennaker.core.cloud.provider import Operation
from gennaker.core.testing import MemoryCloud, check_cloud

SIZE = {"min": 2, "max": 2, "desired": 2}
WANTED = {"account": "prod", "region": "here", "application": "shop", "imageId": "shop-1", "loadBalancers": ["shop"]}


class Forgetful(MemoryCloud):
    """Makes a new one for each call."""

    def create(self, wanted: Any, operation: Operation) -> str:
        return super().create(wanted, replace(operation, key=f"{operation.key}/{next(NUMBERS)}"))


class Late(MemoryCloud):
    """Never looks at the clock."""

    def resize(self, group: ServerGroup, capacity: Capacity, operation: Operation) -> None:
        super().resize(group, capacity, replace(operation, seconds=60.0))


class Undecided(MemoryCloud):
    """One of its healths says that an instance is up, whatever becomes of it."""

    def server_group(self, account: str, region: str, name: str) -> ServerGroup | None:
        found = super().server_group(account, region, name)
        if found is None:
            return None
        more = (Health(type="Check", state="Up"),)
        return replace(found, instances=tuple(replace(one, healths=one.healths + more) for one in found.instances))


class Idle(MemoryCloud):
    """Does not resize at all."""

    def resize(self, group: ServerGroup, capacity: Capacity, operation: Operation) -> None:
        operation.check_time(group.name)


NUMBERS = itertools.count()
BROKEN: list[tuple[Callable[..., MemoryCloud], str]] = [
    (Forgetful, "create: the same key gave shop-v000, then shop-v001"),
    (Late, "resize: its time was over and it was made"),
    (Undecided, "all instances of shop-v000 are down"),
    (Idle, "shop-v000 has 3 instances, all up"),
]


def findings(make: Callable[..., MemoryCloud]) -> list[str]:
    """What the kit says of a cloud."""
    cloud = make(lambda: time.time_ns() // 1_000_000, boot_s=0.02, leave_s=0.02)
    cloud.add_image("shop-1")
    found = check_cloud(cloud, "prod", "here", {**WANTED, "capacity": SIZE}, seconds=0.5)
    return [one.problem for one in found]


def test_a_good_one_passes() -> None:
    assert findings(MemoryCloud) == []


@pytest.mark.parametrize(("make", "words"), BROKEN)
def test_what_does_not_hold_is_told(make: Callable[..., MemoryCloud], words: str) -> None:
    assert any(words in problem for problem in findings(make)), findings(make)
