"""Rollbacks: of a server group, of a cluster, with and without trouble."""

from typing import Any

import pytest
from clusters import Ground

from gennaker.core.cloud.model import Capacity
from gennaker.core.cloud.provider import CloudError
from gennaker.core.testing import Trouble

Json = dict[str, Any]
PLACE: Json = {"credentials": "prod", "region": "here"}
CLUSTER: Json = {"type": "rollbackCluster", "credentials": "prod", "regions": ["here"], "cluster": "shop-web"}
EXPLICIT: Json = {"rollbackServerGroupName": "shop-web-v001", "restoreServerGroupName": "shop-web-v000"}


def prepared(trouble: Trouble | None = None) -> Ground:
    """The old version disabled and smaller, the new one with traffic and larger."""
    ground = Ground(trouble)
    ground.cloud.add_image("v1")
    ground.cloud.add_image("v2")
    ground.cloud.add_group("shop-web-v000", 1, image="v1", disabled=True)
    ground.cloud.add_group("shop-web-v001", 4, image="v2", capacity=Capacity(min=2, max=6, desired=4))
    guard = {"account": "*", "location": "*", "stack": "*", "detail": "*"}
    ground.applications.attributes["trafficGuards"] = [guard]
    return ground


@pytest.mark.parametrize("seed", [None, 1, 2, 3, 4])
def test_a_cluster_goes_back_to_the_newest_other_one(seed: int | None) -> None:
    ground = prepared(None if seed is None else Trouble(seed=seed, duplicate=0.3, crash=0.3, lost=0.2, reorder=True))
    wrong = ground.promise(4)
    assert ground.run({**CLUSTER, "reason": "errors"}) == "SUCCEEDED", ground.error()
    assert ground.present() == {"shop-web-v000": "on 4", "shop-web-v001": "off 4"}
    assert ground.size("shop-web-v000") == (2, 4, 6)
    assert wrong == []
    outputs = ground.rig.stage("rollbackCluster").outputs
    assert outputs["rollbackTypes"] == {"here": "EXPLICIT"}
    assert outputs["rollbackContexts"]["here"]["restoreServerGroupName"] == "shop-web-v000"
    assert outputs["reason"] == "errors"
    assert ground.rig.stage("rollbackCluster").context["imagesToRestore"][0]["image"] == "v1"


def test_the_order_keeps_traffic_until_the_old_one_is_up() -> None:
    ground = prepared()
    assert ground.run(CLUSTER) == "SUCCEEDED"
    assert [(method, subject) for method, subject, _ in ground.cloud.asked] == [
        ("enable", "shop-web-v000"),
        ("resize", "shop-web-v000"),
        ("disable", "shop-web-v001"),
        ("resize", "shop-web-v000"),
    ]


@pytest.mark.parametrize("method", ["enable", "resize", "disable"])
def test_a_rollback_that_fails_in_a_step_takes_nothing_away(method: str) -> None:
    ground = prepared()
    wrong = ground.promise(4)
    ground.cloud.fail(method, CloudError("the account is locked"))
    assert ground.run(CLUSTER) == "TERMINAL"
    assert "the account is locked" in ground.error()
    assert wrong == []


def test_an_image_that_is_broken_by_now_is_not_given_the_traffic() -> None:
    ground = prepared()
    wrong = ground.promise(4)
    ground.cloud.bad_images.add("v1")
    assert ground.run({**CLUSTER, "targetHealthyRollbackPercentage": 100}) == "TERMINAL"
    assert ground.present()["shop-web-v001"] == "on 4"
    assert wrong == []


def test_a_server_group_can_be_named() -> None:
    ground = prepared()
    ground.cloud.add_group("shop-web-v002", 4, image="v2")
    assert ground.run({**CLUSTER, "originalServerGroup": "shop-web-v000"}) == "SUCCEEDED", ground.error()
    assert ground.present()["shop-web-v000"] == "on 4"
    assert ground.present()["shop-web-v002"] == "off 4"


def test_regions_follow_one_another() -> None:
    ground = prepared()
    ground.cloud.add_group("shop-web-v000", 1, disabled=True, region="there")
    ground.cloud.add_group("shop-web-v001", 1, region="there")
    began = ground.rig.clock()
    stage = {**CLUSTER, "regions": ["here", "there"], "waitTimeBetweenRegions": 600}
    assert ground.run(stage) == "SUCCEEDED", ground.error()
    assert ground.present("there") == {"shop-web-v000": "on 1", "shop-web-v001": "off 1"}
    assert ground.rig.clock() - began > 600_000
    assert ground.names().index("Roll back there") > ground.names().index("Wait between regions")


def test_no_way_back_is_a_failure_only_when_somebody_asked(ground: Ground) -> None:
    ground.cloud.add_group("shop-web-v000", 1)
    assert ground.run(CLUSTER) == "SUCCEEDED"
    assert ground.run({**CLUSTER, "failIfNothing": True}) == "TERMINAL"
    assert "cannot be rolled back: here: there is nothing to go back to" in ground.error()


@pytest.mark.parametrize(
    ("options", "present", "methods"),
    [
        ({"disableOnly": True}, {"shop-web-v000": "on 2", "shop-web-v001": "off 4"}, ["disable"]),
        ({"enableAndDisableOnly": True}, {"shop-web-v000": "on 2", "shop-web-v001": "off 4"}, ["enable", "disable"]),
    ],
)
def test_less_can_be_asked_for(options: Json, present: dict[str, str], methods: list[str]) -> None:
    ground = prepared()
    ground.cloud.groups.pop(("prod", "here", "shop-web-v000"))
    ground.cloud.add_group("shop-web-v000", 2, image="v1", created=1)
    stage = {"type": "rollbackServerGroup", **PLACE, "rollbackContext": {**EXPLICIT, **options}}
    assert ground.run(stage) == "SUCCEEDED", ground.error()
    assert ground.present() == present
    assert [method for method, *_ in ground.cloud.asked] == methods


def test_a_guard_holds_in_a_rollback() -> None:
    ground = prepared()
    stage = {"type": "rollbackServerGroup", **PLACE, "rollbackContext": {**EXPLICIT, "disableOnly": True}}
    assert ground.run(stage) == "TERMINAL"
    assert "a traffic guard does not allow to disable shop-web-v001" in ground.error()


def test_a_server_group_that_is_gone_is_said() -> None:
    ground = prepared()
    context = {**EXPLICIT, "restoreServerGroupName": "shop-web-v007"}
    assert ground.run({"type": "rollbackServerGroup", **PLACE, "rollbackContext": context}) == "TERMINAL"
    assert "there is no server group prod/here/shop-web-v007" in ground.error()


def test_a_previous_image_is_deployed_anew() -> None:
    ground = prepared()
    wrong = ground.promise(4)
    context = {"rollbackServerGroupName": "shop-web-v001", "imageName": "v1"}
    stage = {"type": "rollbackServerGroup", **PLACE, "rollbackType": "PREVIOUS_IMAGE", "rollbackContext": context}
    assert ground.run(stage) == "SUCCEEDED", ground.error()
    assert ground.present() == {"shop-web-v000": "off 1", "shop-web-v001": "off 4", "shop-web-v002": "on 4"}
    made = ground.group("shop-web-v002")
    assert made is not None
    assert made.image is not None
    assert made.image.name == "v1"
    assert ground.size("shop-web-v002") == (2, 4, 6)
    assert wrong == []
