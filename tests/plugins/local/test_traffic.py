"""Nobody who asks is refused, reset or left without an answer, whatever becomes of server groups, the daemon or the supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import free_port, load, make_image, until

from gennaker.core.cloud.health import up_count
from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.provider import Operation
from gennaker.plugins.local.cloud import LocalCloud

pytestmark = pytest.mark.timeout(240)


class World:
    """The cloud with two images and a load balancer."""

    def __init__(self, make: Callable[[], LocalCloud], home: Path, operation: Callable[..., Operation]) -> None:
        self.make = make
        self.cloud = make()
        self.home = home
        self.operation = operation
        self.port = free_port()
        for name in ("v1", "v2"):
            make_image(home / "local" / "images", name)
        self.cloud.upsert_load_balancer("local", "here", {"name": "shop", "port": self.port}, operation("balancer"))

    def create(self, image: str, desired: int = 2) -> ServerGroup:
        """Deploy an image, and wait until all of it is up."""
        wanted = {
            "account": "local",
            "region": "here",
            "application": "shop",
            "imageId": image,
            "loadBalancers": ["shop"],
            "capacity": {"min": desired, "max": desired, "desired": desired},
        }
        name = self.cloud.create(wanted, self.operation(f"create/{image}"))
        self.up(name, desired)
        return self.group(name)

    def up(self, name: str, count: int) -> None:
        """Wait until so many instances are up."""
        until(lambda: up_count(self.group(name)) == count, what=lambda: f"{count} up of {self.group(name)}")

    def group(self, name: str) -> ServerGroup:
        """A server group as it is now."""
        found = self.cloud.server_group("local", "here", name)
        assert found is not None
        return found

    def idle(self, name: str) -> None:
        """Wait until a server group has no traffic."""
        until(lambda: up_count(self.group(name)) == 0, what=f"{name} has no traffic")

    def gone(self, name: str) -> None:
        """Wait until a server group is gone."""
        until(lambda: self.cloud.server_group("local", "here", name) is None, what=f"{name} is gone")


@pytest.fixture
def world(
    make_cloud: Callable[[str], LocalCloud], home: Path, operation: Callable[..., Operation], balancer: str
) -> World:
    return World(lambda: make_cloud(balancer), home, operation)


def test_a_red_black_deployment_by_hand_loses_nothing(world: World) -> None:
    old = world.create("v1")
    cloud, made = world.cloud, world.operation
    with load(world.port) as constant:
        new = world.create("v2")
        cloud.resize(new, Capacity(min=3, max=3, desired=3), made("grow"))
        world.up(new.name, 3)
        cloud.disable(old, made("half"), 50)
        world.up(old.name, 1)
        cloud.disable(old, made("disable"))
        world.idle(old.name)
        cloud.enable(old, made("enable"))
        world.up(old.name, 2)
        cloud.disable(old, made("again"))
        cloud.resize(new, Capacity(min=2, max=2, desired=2), made("shrink"))
        until(lambda: len(world.group(new.name).instances) == 2)
        cloud.destroy(old, made("destroy"))
        world.gone(old.name)
        time.sleep(0.5)
        found = constant.end()
    assert found["lost"] == 0, found
    assert found["versions"].keys() == {"v1", "v2"}
    assert found["total"] > 200


def test_the_daemon_and_the_supervisor_may_go_while_traffic_flows(world: World) -> None:
    group = world.create("v1")
    before = {one.id: one.extra["pid"] for one in group.instances}
    with load(world.port) as constant:
        end_supervisor(world.home / "local" / "local" / "here")
        time.sleep(0.5)
        world.cloud = world.make()
        after = {one.id: one.extra["pid"] for one in world.group(group.name).instances}
        world.cloud.resize(group, Capacity(min=3, max=3, desired=3), world.operation("grow"))
        world.up(group.name, 3)
        found = constant.end()
    assert after == before
    assert found["lost"] == 0, found
    assert before.items() <= {one.id: one.extra["pid"] for one in world.group(group.name).instances}.items()


def test_another_load_balancer_comes_and_goes_beside_the_traffic(world: World) -> None:
    world.create("v1")
    cloud, made, other = world.cloud, world.operation, free_port()
    with load(world.port) as constant:
        cloud.upsert_load_balancer("local", "here", {"name": "other", "port": other}, made("other"))
        until(lambda: listens(other), what="the other load balancer listens")
        cloud.delete_load_balancer("local", "here", "other", made("away"))
        cloud.delete_load_balancer("local", "here", "other", made("away", again=True))
        until(lambda: not listens(other), what="the other load balancer is gone")
        found = constant.end()
    assert found["lost"] == 0, found


def test_an_instance_that_dies_is_replaced(world: World) -> None:
    group = world.create("v1")
    victim = group.instances[0]
    os.kill(victim.extra["pid"], signal.SIGKILL)
    until(lambda: victim.id not in [one.id for one in world.group(group.name).instances])
    world.up(group.name, 2)
    with load(world.port) as constant:
        assert constant.end()["lost"] == 0


def listens(port: int) -> bool:
    """Somebody takes connections there."""
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1).close()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def end_supervisor(folder: Path) -> None:
    """End it as a power cut would."""
    for about in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = about.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder).encode() in argv and b"gennaker.plugins.local.supervisor" in argv:
            os.kill(int(about.parent.name), signal.SIGKILL)
            return
    raise AssertionError("there is no supervisor")
