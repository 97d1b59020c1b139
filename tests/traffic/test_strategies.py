"""Every strategy, its way back, and a deployment that fails in each of its steps: nobody who asks gets no answer, and there are always enough."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sites import Site
from traffic.theatre import Theatre, audience

Json = dict[str, Any]
BACK = {"rollback": {"onFailure": True, "destroyLatest": True}}
STRATEGIES: dict[str, Json] = {
    "none": {"strategy": ""},
    "highlander": {"strategy": "highlander"},
    "redblack": {"strategy": "redblack", "scaleDown": True, **BACK},
    "rollingredblack": {"strategy": "rollingredblack", "targetPercentages": [50], **BACK},
    "monitored": {
        "strategy": "monitored",
        "deploySteps": [50],
        "deploymentMonitor": {"id": "judge", "parameters": {}},
        "failureActions": {"rollback": "Automatic", "destroyInstances": True},
    },
    "custom": {"strategy": "custom", "strategyApplication": "shop", "strategyPipeline": "careful"},
}
#: What has traffic after v2 was deployed over v1.
ENDS = {"none": ["v1", "v2"]}
CAREFUL: Json = {
    "application": "shop",
    "name": "careful",
    "id": "careful",
    "strategy": True,
    "stages": [
        {"type": "deploy", "refId": "1", "name": "Deploy"},
        {
            "type": "disableServerGroup",
            "refId": "2",
            "requisiteStageRefIds": ["1"],
            "name": "Disable the old one",
            "target": "ancestor_asg_dynamic",
        },
    ],
}

pytestmark = pytest.mark.timeout(280)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_its_way_back_and_its_failures_lose_nothing(
    name: str, new_theatre: Callable[..., Theatre], site: Site, shown: Callable[[str], None]
) -> None:
    for path in ("starting", "evaluateHealth", "completed"):
        site.answer(f"/deployment/{path}", body={"nextStep": {"directive": "CONTINUE"}})
    monitor = f"{{id: judge, baseUrl: '{site.url}'}}"
    theatre = new_theatre(settings=f"  deploy: {{monitors: [{monitor}]}}\noutbound: {{allow: [127.0.0.0/8]}}\n")
    assert theatre.daemon.http.post("/strategies", json=CAREFUL).status_code == 200
    strategy = STRATEGIES[name]
    first = theatre.deploy("v1")
    assert first["status"] == "SUCCEEDED", errors(first)
    with audience(theatre) as show:
        steps = theatre.operations()
        deployed = theatre.deploy("v2", **strategy)
        assert deployed["status"] == "SUCCEEDED", errors(deployed)
        assert sorted(theatre.images().values()) == ENDS.get(name, ["v2"])
        steps = theatre.operations() - steps
        if len(theatre.groups) > 1:
            theatre.roll_back()
        assert theatre.deploy("sick", **strategy)["status"] == "TERMINAL"
        for number in range(1, steps + 1):
            theatre.refuse(number)
            failed = theatre.deploy("v2", **strategy)
            assert "is used up; ask for more" in errors(failed), (number, theatre.groups)
            assert not theatre.refusing
            theatre.tidy()
    shown(show.check())


def test_connections_that_are_kept_lose_nothing_either(
    new_theatre: Callable[..., Theatre], shown: Callable[[str], None]
) -> None:
    theatre = new_theatre()
    assert theatre.deploy("v1")["status"] == "SUCCEEDED"
    with audience(theatre, "--keep") as show:
        for image, strategy in (("v2", "redblack"), ("v1", "rollingredblack"), ("v2", "highlander")):
            deployed = theatre.deploy(image, **STRATEGIES[strategy])
            assert deployed["status"] == "SUCCEEDED", errors(deployed)
        theatre.tidy()
    assert show.told["connections"] < show.told["total"] / 2, show.told
    shown(show.check())


def errors(execution: Json) -> str:
    """What its stages say of their failures."""
    return json.dumps(
        [(stage["name"], stage["status"], stage["context"].get("exception")) for stage in execution["stages"]]
    )
