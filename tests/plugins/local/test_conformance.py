"""The cloud keeps the promises that the stages build on, with either balancer."""

from collections.abc import Callable
from pathlib import Path

from programs import free_port, make_image

from gennaker.core.cloud.provider import Operation
from gennaker.core.testing.clouds import check_cloud
from gennaker.plugins.local.cloud import LocalCloud


def test_it_keeps_its_promises(
    make_cloud: Callable[[str], LocalCloud], operation: Callable[..., Operation], home: Path, balancer: str
) -> None:
    make_image(home / "local" / "images", "shop-1")
    cloud = make_cloud(balancer)
    cloud.upsert_load_balancer("local", "here", {"name": "shop", "port": free_port()}, operation("balancer"))
    wanted = {
        "account": "local",
        "region": "here",
        "application": "shop",
        "stack": "test",
        "capacity": {"min": 2, "max": 2, "desired": 2},
        "imageId": "shop-1",
        "loadBalancers": ["shop"],
    }
    assert check_cloud(cloud, "local", "here", wanted) == []
