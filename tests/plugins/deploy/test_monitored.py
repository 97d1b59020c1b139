"""Monitored deployments: a real server judges them."""

from typing import Any

import msgspec
import pytest
from clusters import Ground

from gennaker.core.outbound import Outbound
from gennaker.plugins.deploy.settings import Monitor

Json = dict[str, Any]
STAGE: Json = {
    "type": "createServerGroup",
    "account": "prod",
    "region": "here",
    "stack": "web",
    "imageId": "v2",
    "capacity": {"min": 2, "max": 2, "desired": 2},
    "strategy": "monitored",
    "deploySteps": [50],
    "deploymentMonitor": {"id": "judge", "parameters": {"metric": "errors"}},
    "failureActions": {"rollback": "Automatic", "destroyInstances": True},
}


@pytest.fixture
def watched(site: Any) -> Ground:
    ground = Ground(monitors=(Monitor(id="judge", base_url=site.url),), http=Outbound(("127.0.0.0/8",)))
    for name in ("v1", "v2"):
        ground.cloud.add_image(name)
    ground.cloud.add_group("shop-web-v000", 2, image="v1")
    for path in ("starting", "completed"):
        site.answer(f"/deployment/{path}", body={"nextStep": {"directive": "CONTINUE"}})
    return ground


def verdict(word: str, **more: Any) -> Json:
    return {"nextStep": {"directive": word}, **more}


def test_it_goes_on_as_the_monitor_says(watched: Ground, site: Any) -> None:
    wrong = watched.promise(2)
    path = "/deployment/evaluateHealth"
    site.answer(path, body=verdict("WAIT"))
    site.answer(path, body=verdict("CONTINUE"))
    assert watched.run(STAGE) == "SUCCEEDED", watched.error()
    assert watched.present() == {"shop-web-v000": "off 2", "shop-web-v001": "on 2"}
    asked = [(one["path"].rsplit("/", 1)[1], msgspec.json.decode(one["body"])) for one in site.asked]
    assert [name for name, _ in asked] == ["starting", *["evaluateHealth"] * 3, "completed"]
    assert [body["currentProgress"] for name, body in asked if name == "evaluateHealth"] == [50, 50, 100]
    assert asked[1][1]["newServerGroup"] == "shop-web-v001"
    assert asked[1][1]["oldServerGroup"] == "shop-web-v000"
    assert asked[1][1]["parameters"] == {"metric": "errors"}
    assert len(asked[1][1]["newInstances"]) == 1
    assert asked[-1][1]["hasDeploymentFailed"] is False
    assert wrong == []


def test_a_stop_takes_all_back(watched: Ground, site: Any) -> None:
    wrong = watched.promise(2)
    site.answer("/deployment/evaluateHealth", body=verdict("ABORT", statusReason={"message": "too many errors"}))
    assert watched.run(STAGE) == "TERMINAL"
    assert "deployment monitor judge stopped the deployment at 50%: too many errors" in watched.error()
    assert watched.present() == {"shop-web-v000": "on 2"}
    assert watched.size("shop-web-v000") == (2, 2, 2)
    assert msgspec.json.decode(site.asked[-1]["body"])["hasDeploymentFailed"] is True
    assert wrong == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"code": 500}, "cannot be asked: it answered 500"),
        ({"body": b"<html>"}, "its answer cannot be read"),
        ({"body": verdict("UNSPECIFIED")}, "expected CONTINUE, WAIT, COMPLETE or ABORT"),
    ],
)
def test_a_monitor_that_cannot_judge(watched: Ground, site: Any, answer: Json, reason: str) -> None:
    site.answer("/deployment/evaluateHealth", **answer)
    assert watched.run(STAGE) == "TERMINAL"
    assert reason in watched.error()


def test_a_monitor_that_never_decides(watched: Ground, site: Any) -> None:
    site.answer("/deployment/evaluateHealth", body=verdict("WAIT"))
    assert watched.run(STAGE) == "TERMINAL"
    assert "has not decided in 30 minutes" in watched.error()


def test_a_monitor_may_be_away_when_that_is_allowed(watched: Ground, site: Any) -> None:
    watched.configure(monitors=(Monitor(id="judge", base_url=site.url, fail_on_error=False),))
    assert watched.run(STAGE) == "SUCCEEDED", watched.error()


def test_a_monitor_that_does_not_exist(watched: Ground) -> None:
    assert watched.run({**STAGE, "deploymentMonitor": {"id": "other"}}) == "TERMINAL"
    assert "there is no deployment monitor 'other'; plugins.deploy.monitors has judge" in watched.error()


def test_no_monitor_at_all(watched: Ground) -> None:
    assert watched.run({**STAGE, "deploymentMonitor": {}}) == "TERMINAL"
    assert "no deployment monitor was chosen" in watched.error()
