"""The inventory in a whole process: from a cloud to what Gate reads, and again after a stage."""

from typing import Any

import pytest
from processes import eventually
from tiny_cloud import TinyCloud, group, machine

from gennaker.core.cloud.inventory import Place
from gennaker.core.inventory import keeper

PLUGIN = """
import tiny_cloud
from gennaker.core.cloud.stage import CloudStage
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import task


class Destroy(CloudStage, type="destroyServerGroup"):
    \"\"\"Destroy one.\"\"\"

    needs = ("destroy",)

    @task
    def destroy(self, run):
        context = run.context
        found = self.cloud.server_groups(context["credentials"], context["region"])
        for group in found:
            if group.name == context["serverGroupName"]:
                self.cloud.destroy(group, self.operation(run))
        return run.succeeded()


@hookimpl
def gennaker_clouds():
    return [tiny_cloud.TinyCloud()]


@hookimpl
def gennaker_cloud_stages():
    return [Destroy]
"""


#: The cloud of this machine, and the stages that clouds have, are left out: here is a cloud and a stage of our own.
WITHOUT = {"plugins__local__enabled": False, "plugins__deploy__enabled": False}


@pytest.fixture
def runtime(home: Any, runtimes: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(keeper, "TICK_S", 0.02)
    (home / "plugins.d" / "tiny.py").write_text(PLUGIN)
    return runtimes(**WITHOUT)


def names(runtime: Any) -> list[str]:
    return [one.name for one in runtime.services.inventory.server_groups(Place())]


def areas(runtime: Any) -> dict[str, Any]:
    return {one["region"]: one for one in runtime.services.inventory.areas()}


def settled(runtime: Any) -> bool:
    """Both areas were looked at."""
    found = areas(runtime)
    return len(found) == 2 and all(one["answered"] for one in found.values())


def test_what_a_cloud_has_is_seen_and_what_a_stage_does_is_seen_at_once(runtime: Any, until: Any) -> None:
    """The next look at everything would come in an hour."""
    cloud: TinyCloud = runtime.plugins.clouds["tiny"]
    eventually(lambda: settled(runtime))
    assert names(runtime) == []
    cloud.groups = [group("shop-web-v001", machine("i-1")), group("shop-web-v002"), group("other-v000")]
    stage = {
        "type": "destroyServerGroup",
        "cloudProvider": "tiny",
        "credentials": "prod",
        "region": "north",
        "refId": "1",
    }
    pipeline = {"application": "Shop", "name": "p", "stages": [{**stage, "serverGroupName": "shop-web-v001"}]}
    id_ = runtime.services.control.start(pipeline, {}, user="ann")
    assert until(runtime, id_).status == "SUCCEEDED"
    eventually(lambda: names(runtime) == ["shop-web-v002"])
    assert [one.name for one in runtime.services.inventory.accounts()] == ["prod"]
    assert runtime.health().components["inventory"] == {"status": "UP", "areas": 2}


def test_an_area_that_cannot_be_read_is_shown_and_does_not_make_the_program_unhealthy(
    home: Any, runtimes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "TICK_S", 0.02)
    monkeypatch.setattr(TinyCloud, "load_balancers", lambda *_: 1 // 0)
    (home / "plugins.d" / "tiny.py").write_text(PLUGIN)
    runtime = runtimes(**WITHOUT)
    eventually(lambda: settled(runtime))
    health = runtime.health()
    assert health.up
    told = health.components["inventory"]["failing"]
    assert told["prod/north"] == "loadBalancers: ZeroDivisionError: integer division or modulo by zero"
    assert areas(runtime)["north"]["counts"] == {"serverGroups": 0, "securityGroups": 0, "images": 0}


def test_a_process_without_clouds_has_no_part_inventory(runtimes: Any) -> None:
    runtime = runtimes(**WITHOUT)
    assert "inventory" not in runtime.health().components
    assert runtime.services.inventory.server_groups(Place()) == []
