"""Stages that work on one server group, or on what is left of a cluster."""

from typing import Any

import pytest
from clusters import Ground

from gennaker.core.cloud.model import Capacity
from gennaker.core.cloud.provider import CloudError
from gennaker.core.testing import Trouble

Json = dict[str, Any]
PLACE: Json = {"credentials": "prod", "regions": ["here"]}
GUARD = {"account": "*", "location": "*", "stack": "*", "detail": "*"}


@pytest.fixture
def two(ground: Ground) -> Ground:
    """Two server groups with traffic."""
    ground.cloud.add_group("shop-web-v000", 2, image="v1")
    ground.cloud.add_group("shop-web-v001", 3, image="v2")
    return ground


class TestTargets:
    @pytest.mark.parametrize(
        ("target", "disabled"),
        [
            ("current_asg_dynamic", "shop-web-v001"),
            ("ancestor_asg_dynamic", "shop-web-v000"),
            ("oldest_asg_dynamic", "shop-web-v000"),
            ("current_asg", "shop-web-v001"),
            ("largest", "shop-web-v001"),
        ],
    )
    def test_the_target_is_chosen_when_it_runs(self, two: Ground, target: str, disabled: str) -> None:
        stage = {"type": "disableServerGroup", **PLACE, "cluster": "shop-web", "target": target}
        assert two.run(stage) == "SUCCEEDED", two.error()
        assert [name for name, state in two.present().items() if state.startswith("off")] == [disabled]

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("ancestor_asg_dynamic", "has only shop-web-v000"),
            ("oldest_asg_dynamic", "has only shop-web-v000"),
            ("sideways", "names no server group"),
            ("", "expected target or serverGroupName"),
        ],
    )
    def test_what_cannot_be_chosen_is_said(self, ground: Ground, target: str, reason: str) -> None:
        ground.cloud.add_group("shop-web-v000")
        stage = {"type": "disableServerGroup", **PLACE, "cluster": "shop-web", "target": target}
        assert ground.run(stage) == "TERMINAL"
        assert reason in ground.error()

    def test_several_regions_are_stages_side_by_side(self, two: Ground) -> None:
        two.cloud.add_group("shop-web-v001", region="there")
        stage = {"type": "disableServerGroup", "credentials": "prod", "regions": ["here", "there"]}
        assert two.run({**stage, "cluster": "shop-web", "target": "current_asg_dynamic"}) == "SUCCEEDED", two.error()
        assert two.present()["shop-web-v001"] == "off 3"
        assert two.present("there")["shop-web-v001"] == "off 2"
        assert {"disableServerGroup in here", "disableServerGroup in there"} <= set(two.names())

    @pytest.mark.parametrize(
        ("place", "reason"),
        [
            ({"credentials": "nobody", "region": "here"}, "has no account 'nobody'; it has prod, test"),
            ({"credentials": "prod", "account": "test", "region": "here"}, "expected the same"),
            ({"credentials": "prod", "region": "moon"}, "has no region 'moon'; it has here, there"),
            ({"credentials": "prod"}, "no region was given"),
            ({"region": "here"}, "no account was given; memory has prod, test"),
        ],
    )
    def test_a_place_that_does_not_exist_is_said(self, two: Ground, place: Json, reason: str) -> None:
        assert two.run({"type": "disableServerGroup", "serverGroupName": "shop-web-v000", **place}) == "TERMINAL"
        assert reason in two.error()


class TestDisableAndEnable:
    def test_a_part_of_the_traffic_can_be_taken(self, two: Ground) -> None:
        stage = {"type": "disableServerGroup", **PLACE, "serverGroupName": "shop-web-v001", "desiredPercentage": 50}
        assert two.run(stage) == "SUCCEEDED", two.error()
        group = two.group("shop-web-v001")
        assert group is not None
        assert not group.disabled
        assert two.rig.stage("disableServerGroup").context["lastCapacityCheck"]["outOfService"] == 2

    def test_a_cloud_that_cannot_take_a_part_says_so(self) -> None:
        ground = Ground(capabilities={"disable"})
        ground.cloud.add_group("shop-web-v000", 2)
        stage = {"type": "disableServerGroup", **PLACE, "serverGroupName": "shop-web-v000", "desiredPercentage": 50}
        assert ground.run(stage) == "TERMINAL"
        assert "cannot partialDisable" in ground.error()

    def test_and_given_back(self, two: Ground) -> None:
        name = {"serverGroupName": "shop-web-v001", **PLACE}
        assert two.run({"type": "disableServerGroup", **name}, {"type": "enableServerGroup", **name}) == "SUCCEEDED"
        assert two.present()["shop-web-v001"] == "on 3"


class TestDestroy:
    def test_traffic_goes_first(self, two: Ground) -> None:
        assert two.run({"type": "destroyServerGroup", **PLACE, "serverGroupName": "shop-web-v000"}) == "SUCCEEDED"
        assert [method for method, subject, _ in two.cloud.asked if subject == "shop-web-v000"] == [
            "disable",
            "destroy",
        ]
        assert two.present() == {"shop-web-v001": "on 3"}

    def test_what_is_gone_is_fine(self, two: Ground) -> None:
        assert two.run({"type": "destroyServerGroup", **PLACE, "serverGroupName": "shop-web-v007"}) == "SUCCEEDED"


class TestResize:
    @pytest.mark.parametrize(
        ("wish", "size"),
        [
            ({"action": "scale_exact", "capacity": {"min": 1, "max": 6, "desired": 4}}, (1, 4, 6)),
            ({"action": "scale_up", "scalePct": 50}, (5, 5, 5)),
            ({"action": "scale_down", "scaleNum": 1, "resizeType": "incr"}, (2, 2, 2)),
            ({"action": "scale_to_server_group", "source": {"serverGroupName": "shop-web-v000"}}, (2, 2, 2)),
            ({"action": "scale_to_cluster"}, (3, 3, 3)),
            ({"resizeType": "exact", "action": "scale_up", "capacity": {"max": 2}}, None),
        ],
    )
    def test_the_actions(self, two: Ground, wish: Json, size: tuple[int, int, int] | None) -> None:
        ended = two.run({"type": "resizeServerGroup", **PLACE, "serverGroupName": "shop-web-v001", **wish})
        assert ended == "SUCCEEDED", two.error()
        assert two.size("shop-web-v001") == (size or (2, 2, 2))

    @pytest.mark.parametrize("seed", range(8))
    def test_a_step_is_never_made_twice(self, seed: int) -> None:
        ground = Ground(Trouble(seed=seed, duplicate=0.4, crash=0.4, lost=0.3, reorder=True))
        ground.cloud.add_group("shop-web-v001", 3)
        stage = {"type": "resizeServerGroup", **PLACE, "serverGroupName": "shop-web-v001", "action": "scale_up"}
        assert ground.run({**stage, "scaleNum": 2}) == "SUCCEEDED", ground.error()
        assert ground.size("shop-web-v001") == (5, 5, 5)


class TestGuards:
    @pytest.mark.parametrize(
        "stage",
        [
            {"type": "disableServerGroup", "serverGroupName": "shop-web-v000"},
            {"type": "destroyServerGroup", "serverGroupName": "shop-web-v000"},
            {"type": "destroyServerGroup", "serverGroupName": "shop-web-v000", "skipDisableBeforeDestroy": True},
            {
                "type": "resizeServerGroup",
                "serverGroupName": "shop-web-v000",
                "capacity": {"min": 0, "max": 0, "desired": 0},
            },
            {"type": "disableCluster", "cluster": "shop-web", "remainingEnabledServerGroups": 0},
            {"type": "shrinkCluster", "cluster": "shop-web", "shrinkToSize": 0, "allowDeleteActive": True},
            {
                "type": "scaleDownCluster",
                "cluster": "shop-web",
                "remainingFullSizeServerGroups": 0,
                "allowScaleDownActive": True,
            },
            {"type": "terminateInstances", "instanceIds": ["i-0001", "i-0002"]},
        ],
    )
    def test_nobody_takes_the_last_healthy_one(self, ground: Ground, stage: Json) -> None:
        ground.cloud.add_group("shop-web-v000", 2)
        ground.applications.attributes["trafficGuards"] = [GUARD]
        assert ground.run({**PLACE, **stage}) == "TERMINAL"
        assert "a traffic guard does not allow" in ground.error()
        assert "would be left with 0" in ground.error()
        assert ground.present() == {"shop-web-v000": "on 2"}
        ground.applications.attributes["trafficGuards"] = []
        assert ground.run({**PLACE, **stage}) == "SUCCEEDED", ground.error()

    def test_the_guards_of_the_clusters_application_hold_whoever_asks(self, ground: Ground) -> None:
        ground.cloud.add_group("shop-web-v000", 2)
        ground.applications.attributes["trafficGuards"] = [GUARD]
        stage = {"type": "disableServerGroup", "cloudProvider": "memory", **PLACE, "serverGroupName": "shop-web-v000"}
        ended = ground.rig.run({"application": "another", "stages": [stage]})
        assert ended.status.value == "TERMINAL"
        assert "a traffic guard does not allow" in ground.error()

    def test_a_part_of_the_traffic_is_not_guarded(self, ground: Ground) -> None:
        ground.cloud.add_group("shop-web-v000", 2)
        ground.applications.attributes["trafficGuards"] = [GUARD]
        stage = {"type": "disableServerGroup", **PLACE, "serverGroupName": "shop-web-v000", "desiredPercentage": 50}
        assert ground.run(stage) == "SUCCEEDED", ground.error()


class TestClusters:
    def test_shrinking_takes_the_oldest_without_traffic(self, two: Ground) -> None:
        two.cloud.add_group("shop-web-v002", 1, disabled=True, created=1)
        two.cloud.add_group("shop-web-v003", 1, disabled=True, created=2)
        assert two.run({"type": "shrinkCluster", **PLACE, "cluster": "shop-web", "shrinkToSize": 3}) == "SUCCEEDED"
        assert "shop-web-v002" not in two.present()
        assert len(two.present()) == 3

    def test_disabling_leaves_the_newest(self, two: Ground) -> None:
        two.cloud.add_group("shop-web-v002", 1, disabled=True)
        assert two.run({"type": "disableCluster", **PLACE, "cluster": "shop-web"}) == "SUCCEEDED"
        assert two.present() == {"shop-web-v000": "off 2", "shop-web-v001": "on 3", "shop-web-v002": "off 1"}

    def test_scaling_down_spares_those_with_traffic(self, two: Ground) -> None:
        two.cloud.add_group("shop-web-v002", 1, disabled=True, created=1)
        assert two.run({"type": "scaleDownCluster", **PLACE, "cluster": "shop-web"}) == "SUCCEEDED"
        assert two.present() == {"shop-web-v000": "on 2", "shop-web-v001": "on 3", "shop-web-v002": "off 0"}

    def test_what_was_deployed_before_in_the_pipeline_stays(self, two: Ground) -> None:
        made = {"type": "createServerGroup", **PLACE, "stack": "web", "imageId": "v2"}
        made["capacity"] = {"min": 1, "max": 1, "desired": 1}
        shrunk = {"type": "shrinkCluster", **PLACE, "cluster": "shop-web", "shrinkToSize": 1, "allowDeleteActive": True}
        assert two.run(made, shrunk) == "SUCCEEDED", two.error()
        assert two.present() == {"shop-web-v002": "on 1"}

    def test_a_cluster_that_is_not_there(self, two: Ground) -> None:
        stage = {"type": "shrinkCluster", **PLACE, "cluster": "shop-api"}
        assert two.run(stage) == "TERMINAL"
        assert "there is no cluster shop-api in prod/here" in two.error()
        assert two.run({**stage, "continueIfClusterNotFound": True}) == "SUCCEEDED"


class TestFaults:
    def test_a_fault_that_stays_is_told_with_the_clouds_words(self, two: Ground) -> None:
        two.cloud.fail("resize", CloudError("quota of prod/here is used up: ask for more instances"))
        stage = {"type": "resizeServerGroup", **PLACE, "serverGroupName": "shop-web-v001", "capacity": {"max": 9}}
        assert two.run({**stage, "capacity": {"min": 9, "max": 9, "desired": 9}}) == "TERMINAL"
        assert "quota of prod/here is used up" in two.error()


class TestClusterSize:
    @pytest.mark.parametrize(
        ("condition", "ended"),
        [
            ({"expected": 2}, "SUCCEEDED"),
            ({"expected": 1}, "TERMINAL"),
            ({"expected": 1, "comparison": ">="}, "SUCCEEDED"),
            ({"expected": 2, "comparison": "<"}, "TERMINAL"),
        ],
    )
    def test_it_is_counted(self, two: Ground, condition: Json, ended: str) -> None:
        given = {**PLACE, "cluster": "shop-web", **condition}
        stage = {"type": "checkPreconditions", "preconditions": [{"type": "clusterSize", "context": given}]}
        assert two.run(stage) == ended
        if ended == "TERMINAL":
            assert "in here but found 2: shop-web-v001, shop-web-v000" in two.error()


def test_terminated_instances_are_replaced_or_not(two: Ground) -> None:
    group = two.group("shop-web-v001")
    assert group is not None
    victim = group.instances[0].id
    assert two.run({"type": "terminateInstances", **PLACE, "instanceIds": [victim]}) == "SUCCEEDED", two.error()
    assert two.present()["shop-web-v001"] == "on 3"
    group = two.group("shop-web-v001")
    assert group is not None
    assert victim not in [one.id for one in group.instances]
    stage = {"type": "terminateInstanceAndDecrementServerGroup", **PLACE, "instance": group.instances[0].id}
    assert two.run(stage) == "SUCCEEDED", two.error()
    assert two.size("shop-web-v001") == (2, 2, 3)


def test_a_least_size_is_kept_and_given_back(two: Ground) -> None:
    two.cloud.groups["prod", "here", "shop-web-v001"].capacity = Capacity(min=1, max=5, desired=3)
    name = {"serverGroupName": "shop-web-v001", **PLACE}
    pinned = {"type": "pinServerGroup", **name, "action": "scale_exact", "pinMinimumCapacity": True}
    kept, back = {"type": "captureSourceServerGroupCapacity"}, {"type": "applySourceServerGroupCapacity"}
    assert two.run({**kept, **name}, pinned, {**back, **name}) == "SUCCEEDED", two.error()
    assert two.size("shop-web-v001") == (1, 3, 5)
    assert [method for method, *_ in two.cloud.asked] == ["resize", "resize"]


EVERY: list[Json] = [
    {"type": "enableServerGroup", "serverGroupName": "shop-web-v002"},
    {"type": "disableServerGroup", "serverGroupName": "shop-web-v000"},
    {"type": "disableServerGroup", "cluster": "shop-web", "target": "oldest_asg_dynamic", "desiredPercentage": 50},
    {"type": "destroyServerGroup", "serverGroupName": "shop-web-v000"},
    {"type": "shrinkCluster", "cluster": "shop-web", "allowDeleteActive": True},
    {"type": "disableCluster", "cluster": "shop-web"},
    {"type": "scaleDownCluster", "cluster": "shop-web"},
    {"type": "terminateInstances", "instanceIds": ["i-0001"]},
    {"type": "terminateInstanceAndDecrementServerGroup", "instanceIds": ["i-0001"]},
    {"type": "cloneServerGroup", "cluster": "shop-web", "useSourceCapacity": True, "strategy": "highlander"},
    {"type": "upsertImageTags", "imageNames": ["v1"], "tags": {"a": "b"}},
    {"type": "upsertLoadBalancer", "loadBalancerName": "edge"},
    {"type": "upsertSecurityGroup", "securityGroupName": "web"},
]


@pytest.mark.parametrize("stage", EVERY, ids=[f"{one['type']}-{number}" for number, one in enumerate(EVERY)])
def test_every_stage_ends_the_same_in_trouble(stage: Json) -> None:
    def ended(trouble: Trouble | None) -> tuple[str, dict[str, str], list[str], list[tuple[str, str, str]]]:
        ground = Ground(trouble)
        ground.cloud.add_image("v1")
        ground.cloud.add_group("shop-web-v000", 2, image="v1")
        ground.cloud.add_group("shop-web-v001", 3, image="v1")
        ground.cloud.add_group("shop-web-v002", 1, image="v1", disabled=True)
        status = ground.run({"credentials": "prod", "region": "here", **stage})
        tags = sorted(str(image.tags) for image in ground.cloud.image_list)
        return status, ground.present(), tags, sorted([*ground.cloud.balancers, *ground.cloud.walls])

    calm = ended(None)
    assert calm[0] == "SUCCEEDED"
    for seed in range(3):
        assert ended(Trouble(seed=seed, duplicate=0.4, crash=0.4, lost=0.2, reorder=True)) == calm
