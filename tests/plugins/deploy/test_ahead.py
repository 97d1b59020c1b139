"""What stages would do, told before they do it."""

from typing import Any

import pytest
from clusters import Ground

from gennaker.core.cloud.stage import CloudStage, bind
from gennaker.plugins import deploy

Json = dict[str, Any]
PLACE: Json = {"account": "prod", "region": "here"}
DEPLOY: Json = {**PLACE, "stack": "web", "imageId": "v2", "capacity": {"min": 1, "max": 1, "desired": 1}}


def told(ground: Ground, type_: str, context: Json) -> list[str]:
    code = next(stage for stage in deploy.gennaker_cloud_stages() if stage.type == type_)
    bound: type[CloudStage] = bind(code, ground.cloud)
    return bound(context).ahead("shop", {**context, "type": type_})


@pytest.fixture
def three(ground: Ground) -> Ground:
    """Two with traffic, an older one without."""
    ground.cloud.add_group("shop-web-v000", 1, image="v1", disabled=True)
    ground.cloud.add_group("shop-web-v001", 1, image="v1")
    ground.cloud.add_group("shop-web-v002", 1, image="v1")
    return ground


def test_a_strategy_names_what_it_would_change(three: Ground) -> None:
    wish = {"strategy": "redblack", "maxRemainingAsgs": 3, "scaleDown": True, "delayBeforeDisableSec": 5}
    assert told(three, "createServerGroup", {**DEPLOY, **wish}) == [
        "locks cluster memory:prod:here:shop-web",
        "creates a server group of shop-web",
        "then: Keep 3 server groups: destroy shop-web-v000",
        "then: Wait Before Disable",
        "then: Disable the others: disable shop-web-v001, shop-web-v002",
        "then: Scale the others down: scale down shop-web-v001, shop-web-v002",
    ]
    assert not three.cloud.asked


def test_an_image_that_is_found_later_is_said(three: Ground) -> None:
    assert "the image is known once an earlier stage has found it" in told(
        three, "createServerGroup", {**DEPLOY, "imageId": None}
    )


def test_fields_that_the_cloud_refuses_are_said(three: Ground) -> None:
    lines = told(three, "createServerGroup", {**DEPLOY, "instanceType": "impossible"})
    assert "would be refused: instanceType: 'impossible' is unknown" in lines


def test_a_strategy_of_people_is_named(three: Ground) -> None:
    wish = {"strategy": "custom", "strategyPipeline": "careful", "strategyApplication": "ops"}
    assert told(three, "createServerGroup", {**DEPLOY, **wish}) == [
        "runs the pipeline 'careful' of 'ops' as its strategy"
    ]


@pytest.mark.parametrize(
    ("type_", "context", "line"),
    [
        ("disableServerGroup", {"cluster": "shop-web", "target": "ancestor_asg_dynamic"}, "works on shop-web-v001"),
        ("destroyServerGroup", {"serverGroupName": "shop-web-v000"}, "works on shop-web-v000"),
        ("shrinkCluster", {"cluster": "shop-web"}, "as things are it would destroy shop-web-v000"),
        ("disableCluster", {"cluster": "shop-web"}, "as things are it would disable shop-web-v001"),
        ("disableCluster", {"cluster": "shop-api"}, "as things are it would disable nothing"),
        (
            "rollbackCluster",
            {"cluster": "shop-web"},
            "here: from shop-web-v002 to shop-web-v001: shop-web-v001 is the newest other server group "
            "(enabled, 1 of 1 instances up)",
        ),
        ("rollbackCluster", {"cluster": "shop-api"}, "here: nothing, for there is nothing to go back to"),
    ],
)
def test_other_stages_name_what_they_would_work_on(three: Ground, type_: str, context: Json, line: str) -> None:
    found = told(three, type_, {**PLACE, **context})
    assert any(each.startswith(line) for each in found), found


def test_several_regions_are_named(three: Ground) -> None:
    context = {"credentials": "prod", "regions": ["here", "there"], "serverGroupName": "shop-web-v000"}
    assert told(three, "disableServerGroup", context) == ["runs once for each of here, there"]
