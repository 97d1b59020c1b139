"""Red/black deployments in the in-memory cloud."""

from typing import Any

from clusters import Ground

DEPLOY: dict[str, Any] = {
    "type": "createServerGroup",
    "account": "prod",
    "region": "here",
    "stack": "web",
    "imageId": "v2",
    "capacity": {"min": 2, "max": 4, "desired": 3},
    "strategy": "redblack",
}


def test_a_first_deployment_has_nothing_to_disable(ground: Ground) -> None:
    assert ground.run(DEPLOY) == "SUCCEEDED"
    assert ground.present() == {"shop-web-v000": "on 3"}
    assert ground.names() == ["createServerGroup"]
    stage = ground.rig.stage("createServerGroup")
    assert stage.context["deploy.server.groups"] == {"here": ["shop-web-v000"]}
    assert stage.context["lastCapacityCheck"]["up"] == 3


def test_the_old_one_loses_its_traffic_once_the_new_one_is_up(ground: Ground) -> None:
    ground.cloud.add_group("shop-web-v000", image="v1", size=3)
    assert ground.run(DEPLOY) == "SUCCEEDED"
    assert ground.present() == {"shop-web-v000": "off 3", "shop-web-v001": "on 3"}
    assert ground.rig.stage("createServerGroup").context["source"]["serverGroupName"] == "shop-web-v000"
