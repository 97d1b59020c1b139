"""Every strategy in the in-memory cloud: what it does, what it never does, what it takes back."""

from typing import Any

import pytest
from clusters import Ground

from gennaker.core.cloud.model import Capacity
from gennaker.core.cloud.provider import CloudError
from gennaker.core.model.status import Status
from gennaker.core.testing import Trouble

Json = dict[str, Any]
DEPLOY: Json = {
    "type": "createServerGroup",
    "account": "prod",
    "region": "here",
    "stack": "web",
    "imageId": "v2",
    "capacity": {"min": 3, "max": 3, "desired": 3},
}
STRATEGIES: dict[str, Json] = {
    "none": {"strategy": ""},
    "highlander": {"strategy": "highlander"},
    "redblack": {"strategy": "redblack", "maxRemainingAsgs": 2, "scaleDown": True, "delayBeforeDisableSec": 60},
    "rolling": {"strategy": "rollingredblack", "targetPercentages": [40], "delayBeforeCleanup": 30},
}
ENDS = {
    "none": {"shop-web-v000": "off 3", "shop-web-v001": "on 3", "shop-web-v002": "on 3"},
    "highlander": {"shop-web-v002": "on 3"},
    "redblack": {"shop-web-v001": "off 0", "shop-web-v002": "on 3"},
    "rolling": {"shop-web-v000": "off 3", "shop-web-v001": "off 3", "shop-web-v002": "on 3"},
}


def prepared(trouble: Trouble | None = None, id_: str = "TEST") -> Ground:
    """A disabled group, an enabled one, images good and bad."""
    ground = Ground(trouble, id_)
    for name in ("v1", "v2"):
        ground.cloud.add_image(name)
    ground.cloud.add_image("bad", bad=True)
    ground.cloud.add_group("shop-web-v000", 3, image="v1", disabled=True)
    ground.cloud.add_group("shop-web-v001", 3, image="v1")
    ground.applications.attributes["trafficGuards"] = [
        {"account": "prod", "location": "*", "stack": "*", "detail": "*", "enabled": True}
    ]
    return ground


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_ends_where_it_should_and_keeps_its_promise(name: str) -> None:
    ground = prepared()
    wrong = ground.promise(3)
    assert ground.run({**DEPLOY, **STRATEGIES[name]}) == "SUCCEEDED", ground.error()
    assert ground.present() == ENDS[name]
    assert wrong == []


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("seed", range(6))
def test_the_end_is_the_same_when_calls_come_twice_get_lost_or_crash(name: str, seed: int) -> None:
    ground = prepared(Trouble(seed=seed, duplicate=0.3, crash=0.3, lost=0.2, reorder=True))
    wrong = ground.promise(3)
    assert ground.run({**DEPLOY, **STRATEGIES[name]}) == "SUCCEEDED", ground.error()
    assert ground.present() == ENDS[name]
    assert wrong == []


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("method", ["create", "resize", "enable", "disable", "destroy", "server_groups"])
@pytest.mark.parametrize("after", [False, True])
def test_a_fault_that_passes_changes_nothing(name: str, method: str, after: bool) -> None:
    ground = prepared()
    wrong = ground.promise(3)
    ground.cloud.fail(method, CloudError("rate exceeded", retryable=True), times=3, after=after)
    assert ground.run({**DEPLOY, **STRATEGIES[name]}) == "SUCCEEDED", ground.error()
    assert ground.present() == ENDS[name]
    assert wrong == []


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_group_that_never_comes_up_leaves_the_old_one_alone(name: str) -> None:
    ground = prepared()
    wrong = ground.promise(3)
    stage = {**DEPLOY, **STRATEGIES[name], "imageId": "bad", "rollback": {"onFailure": True, "destroyLatest": True}}
    assert ground.run(stage) == "TERMINAL"
    assert wrong == []
    assert ground.present()["shop-web-v001"] == "on 3"
    assert ground.size("shop-web-v001") == (3, 3, 3)
    if name in ("redblack", "rolling"):
        assert "shop-web-v002" not in ground.present()


@pytest.mark.parametrize("destroy", [False, True])
@pytest.mark.parametrize("method", ["resize", "disable", "destroy"])
@pytest.mark.parametrize("strategy", ["redblack", "rolling", "highlander"])
def test_a_deploy_that_fails_in_a_later_step_keeps_its_promise(strategy: str, method: str, destroy: bool) -> None:
    ground = prepared()
    if destroy:
        ground.applications.attributes["trafficGuards"] = []  # the promise does not hang on those
    wrong = ground.promise(3)
    ground.cloud.fail(method, CloudError("quota of here is used up: ask for more"))
    stage = {**DEPLOY, **STRATEGIES[strategy], "rollback": {"onFailure": True, "destroyLatest": destroy}}
    ended = ground.run(stage)
    assert ended == "TERMINAL" or not any(fault.times == 0 for fault in ground.cloud.faults)
    assert wrong == []
    if ended == "TERMINAL":
        assert "quota of here is used up" in ground.error()


ROLLING: Json = {**DEPLOY, "strategy": "rollingredblack", "targetPercentages": [25, 50]}


class TestRolling:
    def test_the_steps(self) -> None:
        ground = prepared()
        ground.cloud.groups["prod", "here", "shop-web-v001"].capacity = Capacity(min=2, max=9, desired=7)
        ground.cloud.groups["prod", "here", "shop-web-v001"].machines = []
        ground.cloud._fill(ground.cloud.groups["prod", "here", "shop-web-v001"])
        ground.rig.clock.advance(60)
        assert ground.run(ROLLING) == "SUCCEEDED", ground.error()
        assert ground.names() == [
            "createServerGroup",
            "Pin shop-web-v001",
            "Grow to 25% of Desired Size",
            "Disable 25% of Traffic on shop-web-v001",
            "Grow to 50% of Desired Size",
            "Disable 50% of Traffic on shop-web-v001",
            "Grow to 100% of Desired Size",
            "Disable 100% of Traffic on shop-web-v001",
            "Unpin shop-web-v001",
        ]
        assert ground.rig.stage("Grow to 25% of Desired Size").context["resizedTo"] == {
            "min": 2,
            "max": 2,
            "desired": 2,
        }
        assert ground.size("shop-web-v002") == (2, 7, 9)
        assert ground.size("shop-web-v001") == (2, 7, 9)

    def test_without_a_source_it_grows_to_its_own_size(self, ground: Ground) -> None:
        stage = {**ROLLING, "capacity": {"min": 2, "max": 9, "desired": 7}, "targetPercentages": [25]}
        assert ground.run(stage) == "SUCCEEDED", ground.error()
        assert ground.rig.stage("Grow to 25% of Desired Size").context["resizedTo"] == {
            "min": 2,
            "max": 2,
            "desired": 2,
        }
        assert ground.size("shop-web-v000") == (2, 7, 9)

    def test_a_validation_pipeline_that_fails_takes_all_back(self) -> None:
        ground = prepared()
        wrong = ground.promise(3)
        ground.rig.children["check"] = (Status.TERMINAL, {})
        before = {"application": "shop", "pipelineId": "check", "pipelineParameters": {"own": 1}}
        stage = {**ROLLING, "pipelineBeforeCleanup": before, "rollback": {"onFailure": True}}
        assert ground.run(stage) == "TERMINAL"
        parameters = ground.rig.stage("Run Validation Pipeline").context["pipelineParameters"]
        assert parameters["deployedServerGroup"]["serverGroupName"] == "shop-web-v002"
        assert parameters["sourceServerGroup"]["serverGroupName"] == "shop-web-v001"
        assert parameters["percentageComplete"] == 25
        assert parameters["own"] == 1
        assert ground.present()["shop-web-v001"] == "on 3"
        assert ground.present()["shop-web-v002"].startswith("off")
        assert wrong == []


class TestRedBlack:
    def test_active_groups_stay_and_all_but_the_new_one_lose_their_traffic(self) -> None:
        ground = prepared()
        ground.cloud.add_group("shop-web-v000", 3, image="v1", created=1)  # enabled, too
        assert ground.run({**DEPLOY, "strategy": "redblack", "maxRemainingAsgs": 2}) == "SUCCEEDED"
        assert ground.present() == {"shop-web-v000": "off 3", "shop-web-v001": "off 3", "shop-web-v002": "on 3"}

    def test_a_failure_disables_the_new_group_and_nothing_else(self) -> None:
        ground = prepared()
        stage = {**DEPLOY, "strategy": "redblack", "imageId": "bad", "rollback": {"onFailure": True}}
        assert ground.run(stage) == "TERMINAL"
        assert ground.present() == {"shop-web-v000": "off 3", "shop-web-v001": "on 3", "shop-web-v002": "off 3"}


class TestCustom:
    def test_the_strategys_pipeline_does_it_all(self) -> None:
        ground = prepared()
        stage = {**DEPLOY, "strategy": "custom", "strategyApplication": "ops", "strategyPipeline": "slow"}
        assert ground.run({**stage, "pipelineParameters": {"pace": 2}}) == "SUCCEEDED", ground.error()
        assert not ground.cloud.asked
        asked = ground.rig.stage("Run the strategy").context["pipelineParameters"]
        assert asked["strategy"] is True
        assert asked["cluster"] == "shop-web"
        assert asked["cloudProvider"] == "memory"
        assert asked["parentStageId"] == ground.rig.stage("createServerGroup").id
        assert asked["pace"] == 2


class TestCapacity:
    def test_the_size_of_the_source_is_taken(self) -> None:
        ground = prepared()
        ground.cloud.groups["prod", "here", "shop-web-v001"].capacity = Capacity(min=1, max=5, desired=3)
        assert ground.run({**DEPLOY, "useSourceCapacity": True, "capacity": None}) == "SUCCEEDED", ground.error()
        assert ground.size("shop-web-v002") == (1, 3, 5)

    def test_without_a_source_a_size_must_be_given(self, ground: Ground) -> None:
        assert ground.run({**DEPLOY, "useSourceCapacity": True}) == "TERMINAL"
        assert "expected capacity and preferSourceCapacity" in ground.error()

    def test_or_is_preferred_only(self, ground: Ground) -> None:
        stage = {**DEPLOY, "useSourceCapacity": True, "preferSourceCapacity": True}
        assert ground.run(stage) == "SUCCEEDED", ground.error()
        assert ground.size("shop-web-v000") == (3, 3, 3)


def test_a_restart_deploys_anew() -> None:
    ground = prepared()
    assert ground.run({**DEPLOY, "strategy": "redblack", "imageId": "bad"}) == "TERMINAL"
    cleared = ground.rig.stage("createServerGroup").context
    assert cleared["deploy.server.groups"] == {"here": ["shop-web-v002"]}


def test_what_the_cloud_refuses_is_told_before_anything_is_made(ground: Ground) -> None:
    assert ground.run({**DEPLOY, "instanceType": "impossible"}) == "TERMINAL"
    assert "instanceType: 'impossible' is unknown" in ground.error()
    assert not ground.cloud.asked


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"strategy": "rollingredblack", "targetPercentages": [80, 20]}, "targetPercentages: [80, 20] was given"),
        ({"strategy": "redblack", "delayBeforeDisableSec": "soon"}, "delayBeforeDisableSec: 'soon' was given"),
        ({"strategy": "custom"}, "no strategy was chosen"),
    ],
)
def test_a_strategy_that_cannot_be_is_refused_before_anything_is_made(wish: Json, reason: str) -> None:
    ground = prepared()
    assert ground.run({**DEPLOY, **wish}) == "TERMINAL"
    assert reason in ground.error()
    assert not ground.cloud.asked


def test_a_cancelled_deployment_lets_its_source_go() -> None:
    ground = prepared()
    ground.cloud.groups["prod", "here", "shop-web-v001"].capacity = Capacity(min=1, max=5, desired=3)
    ground.run({**ROLLING, "delayBeforeCleanup": 3600}, seconds=600)
    assert ground.size("shop-web-v001") == (3, 3, 5)
    ground.rig.cancel()
    ground.rig.run()
    assert ground.rig.execution.status is Status.CANCELED
    assert ground.size("shop-web-v001") == (1, 3, 5)
