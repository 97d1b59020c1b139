"""Deployments through the whole program, in a cloud that a plugin brings."""

import pytest

from gennaker.core.cloud.provider import CloudError

CLOUD = """
import time
from gennaker.core.hookspecs import hookimpl
from gennaker.core.testing.memory_cloud import MemoryCloud

cloud = MemoryCloud(lambda: time.time_ns() // 1_000_000, boot_s=0, leave_s=0)
cloud.add_image("v1")
cloud.add_image("v2")


@hookimpl
def gennaker_clouds():
    return [cloud]
"""
CLUSTER = {
    "account": "prod",
    "cloudProvider": "memory",
    "region": "here",
    "stack": "web",
    "imageId": "v2",
    "capacity": {"min": 1, "max": 1, "desired": 1},
    "strategy": "redblack",
}
DEPLOY = {"type": "deploy", "refId": "1", "name": "Deploy", "clusters": [CLUSTER]}


@pytest.fixture
def cloudy(home, runtimes):
    """A daemon with a cloud; `cloudy.cloud` is it."""
    (home / "plugins.d" / "sky.py").write_text(CLOUD)
    runtime = runtimes()
    return runtime, runtime.plugins.clouds["memory"]


def pipeline(*stages):
    return {"application": "shop", "name": "ship", "stages": list(stages)}


def present(cloud):
    return {group.name: group.disabled for group in cloud.server_groups("prod", "here", "shop")}


def test_a_deployment_and_its_rollback(cloudy, until):
    runtime, cloud = cloudy
    cloud.add_group("shop-web-v000", 1, image="v1")
    control = runtime.services.control
    id_ = control.start(pipeline(DEPLOY), {}, user="ann")
    assert until(runtime, id_).status == "SUCCEEDED"
    assert present(cloud) == {"shop-web-v000": True, "shop-web-v001": False}
    job = {"type": "rollbackCluster", "cloudProvider": "memory", "credentials": "prod", "regions": ["here"]}
    id_ = control.submit({"application": "shop", "job": [{**job, "cluster": "shop-web"}]}, user="ann")
    assert until(runtime, id_).status == "SUCCEEDED"
    assert present(cloud) == {"shop-web-v000": False, "shop-web-v001": True}


def test_two_deployments_never_change_a_cluster_at_once(cloudy, until):
    runtime, cloud = cloudy
    ids = [runtime.services.control.start(pipeline(DEPLOY), {}, user="ann") for _ in range(3)]
    assert [until(runtime, id_).status for id_ in ids] == ["SUCCEEDED"] * 3
    makers = [key.split("/")[0] for method, _, key in cloud.asked if method in ("create", "disable")]
    spans = [makers.index(one) for one in dict.fromkeys(makers)]
    assert len(makers) == 5
    assert makers == sorted(makers, key=lambda one: spans[list(dict.fromkeys(makers)).index(one)])
    assert sorted(present(cloud).values()) == [False, True, True]


def test_a_strategy_of_people_runs_with_the_place_of_its_deployment(cloudy, until):
    runtime, cloud = cloudy
    stages = [
        {"type": "deploy", "refId": "1", "name": "The new one"},
        {
            "type": "disableServerGroup",
            "refId": "2",
            "requisiteStageRefIds": ["1"],
            "name": "The old one",
            "target": "ancestor_asg_dynamic",
        },
    ]
    strategy = {"application": "shop", "name": "careful", "strategy": True, "stages": stages}
    saved = runtime.services.definitions.save_pipeline(strategy, user="ann")
    cloud.add_group("shop-web-v000", 1, image="v1")
    wish = {**CLUSTER, "strategy": "custom", "strategyApplication": "shop", "strategyPipeline": saved["id"]}
    id_ = runtime.services.control.start(pipeline({**DEPLOY, "clusters": [wish]}), {}, user="ann")
    found = until(runtime, id_)
    assert found.status == "SUCCEEDED", [stage.context.get("exception") for stage in found.stages.values()]
    assert present(cloud) == {"shop-web-v000": True, "shop-web-v001": False}


def test_a_plan_asks_the_cloud_and_changes_nothing(cloudy):
    runtime, cloud = cloudy
    cloud.add_group("shop-web-v000", 1, image="v1")
    (told,) = runtime.services.control.dry_run(pipeline(DEPLOY), {}, user="ann")["stages"]
    (part,) = told["clouds"]
    assert (part["stage"], part["cloudProvider"], part["region"]) == ("Deploy in here", "memory", "here")
    assert part["does"] == [
        "locks cluster memory:prod:here:shop-web",
        "creates a server group of shop-web",
        "then: Disable the others: disable shop-web-v000",
    ]
    assert not cloud.asked


def test_a_plan_says_what_would_be_in_the_way(cloudy):
    runtime, cloud = cloudy
    broken = {**CLUSTER, "useSourceCapacity": True, "capacity": None}
    elsewhere = {**CLUSTER, "cloudProvider": "moon"}
    stages = [{**DEPLOY, "clusters": [broken]}, {**DEPLOY, "refId": "2", "clusters": [elsewhere]}]
    first, second = runtime.services.control.dry_run(pipeline(*stages), {}, user="ann")["stages"]
    assert "would fail as things are: useSourceCapacity" in first["clouds"][0]["does"][0]
    assert "clouds" not in second
    assert not cloud.asked


def test_a_cluster_is_counted_for_a_precondition(cloudy, until):
    runtime, cloud = cloudy
    cloud.add_group("shop-web-v000", 1)
    context = {"cluster": "shop-web", "credentials": "prod", "regions": ["here"], "cloudProvider": "memory"}
    ends = {}
    for expected in (1, 2):
        checks = [{"type": "clusterSize", "context": {**context, "expected": expected}}]
        stage = {"type": "checkPreconditions", "refId": "1", "preconditions": checks}
        id_ = runtime.services.control.start(pipeline(stage), {}, user="ann")
        ends[expected] = until(runtime, id_).status
    assert ends == {1: "SUCCEEDED", 2: "TERMINAL"}


def test_a_failed_deployment_can_be_restarted(cloudy, until):
    runtime, cloud = cloudy
    cloud.add_group("shop-web-v000", 1, image="v1")
    cloud.fail("disable", CloudError("quota of here is used up"))
    id_ = runtime.services.control.start(pipeline(DEPLOY), {}, user="ann")
    found = until(runtime, id_)
    assert found.status == "TERMINAL"
    assert present(cloud) == {"shop-web-v000": False, "shop-web-v001": False}
    (top,) = found.top_level()
    runtime.services.control.restart(id_, top.id, user="ann")
    again = until(runtime, id_, test=lambda each: each.status.complete and each.sequence > found.sequence)
    assert again.status == "SUCCEEDED"
    assert present(cloud) == {"shop-web-v000": True, "shop-web-v001": True, "shop-web-v002": False}
