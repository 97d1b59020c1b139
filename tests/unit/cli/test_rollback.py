"""`gennaker rollback` against a daemon."""

import json
from typing import Any

import pytest

PLAN = {
    "region": "here",
    "from": "shop-web-v001",
    "to": "shop-web-v000",
    "toImage": "v1",
    "why": "shop-web-v000 is the newest other server group",
}
CLUSTERS = "/applications/shop/clusters"
PLACE = ("--account", "prod", "--region", "here", "--cloud", "memory")


def ended(status: str = "SUCCEEDED", **context: Any) -> dict[str, Any]:
    stage = {"id": "S1", "refId": "0", "name": "Roll back shop-web", "type": "rollbackCluster", "status": status}
    execution = {"id": "T1", "status": status, "stages": [{**stage, "context": context}], "application": "shop"}
    return {"id": "T1", "status": status, "execution": execution}


@pytest.fixture
def accepted(server: Any) -> Any:
    server.on("POST", "/tasks", {"ref": "/tasks/T1"})
    server.on("GET", "/tasks/T1", ended(rollbackPlans=[PLAN]))
    return server


def test_it_tells_what_was_restored_and_why(gennaker: Any, accepted: Any) -> None:
    result = gennaker("rollback", "shop", "shop-web", *PLACE, "--reason", "errors")
    assert result.exit_code == 0, result.output
    line = "here: restored shop-web-v000 (v1) in place of shop-web-v001: shop-web-v000 is the newest other server group"
    assert line in result.output
    (call,) = accepted.made("POST")
    assert call.body["description"] == "Roll back shop-web: errors"
    (job,) = call.body["job"]
    assert job == {
        "type": "rollbackCluster",
        "name": "Roll back shop-web",
        "cloudProvider": "memory",
        "credentials": "prod",
        "regions": ["here"],
        "cluster": "shop-web",
        "failIfNothing": True,
        "reason": "errors",
    }


def test_a_server_group_can_be_named_and_nobody_need_wait(gennaker: Any, accepted: Any) -> None:
    result = gennaker("rollback", "shop", "shop-web", *PLACE, "--to", "shop-web-v000", "--no-wait", "-o", "json")
    assert json.loads(result.stdout)["id"] == "T1"
    assert accepted.made("POST")[0].body["job"][0]["originalServerGroup"] == "shop-web-v000"


def test_the_inventory_says_where_the_cluster_is(gennaker: Any, accepted: Any) -> None:
    accepted.on("GET", CLUSTERS, {"prod": ["shop-web"], "test": ["shop-api"]})
    groups = [{"region": region, "type": "memory", "name": "shop-web-v001"} for region in ("there", "here", "here")]
    accepted.on("GET", f"{CLUSTERS}/prod/shop-web", [{"name": "shop-web", "serverGroups": groups}])
    assert gennaker("rollback", "shop", "shop-web").exit_code == 0
    (job,) = accepted.made("POST")[0].body["job"]
    assert (job["credentials"], job["cloudProvider"], job["regions"]) == ("prod", "memory", ["here", "there"])


def test_two_accounts_are_a_question(gennaker: Any, accepted: Any) -> None:
    accepted.on("GET", CLUSTERS, {"prod": ["shop-web"], "test": ["shop-web"]})
    result = gennaker("rollback", "shop", "shop-web")
    assert result.exit_code == 2
    assert "is in the accounts prod, test; choose with --account" in result.output


def test_a_cluster_that_nobody_knows(gennaker: Any, accepted: Any) -> None:
    result = gennaker("rollback", "shop", "shop-web")
    assert result.exit_code == 4
    assert "give --account, --region and --cloud" in result.output
    assert not accepted.made("POST")


def test_a_rollback_that_fails_is_a_failure(gennaker: Any, server: Any) -> None:
    server.on("POST", "/tasks", {"ref": "/tasks/T1"})
    error = {"details": {"errors": ["cluster shop-web cannot be rolled back"]}}
    server.on("GET", "/tasks/T1", ended("TERMINAL", exception=error))
    result = gennaker("rollback", "shop", "shop-web", *PLACE)
    assert result.exit_code == 1
    assert "cannot be rolled back" in result.output
