"""Every route of the interface, called by nobody, by a stranger, by someone who may too little, and by someone who may."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gennaker.core.authoriser import Authoriser, Credential
from gennaker.core.services import Services
from gennaker.plugins.gate.access import GuardedRoute, routes
from gennaker.plugins.gate.app import create_app

#: What each route needs. A route that is not here fails the tests below: think about who may call it, then add it.
SCOPES = {
    "public": ["GET /health"],
    "read": [
        "GET /applications",
        "GET /applications/{application}",
        "GET /applications/{application}/clusters",
        "GET /applications/{application}/clusters/{account}",
        "GET /applications/{application}/clusters/{account}/{cluster}",
        "GET /applications/{application}/clusters/{account}/{cluster}/{type}",
        "GET /applications/{application}/clusters/{account}/{cluster}/{type}/loadBalancers",
        "GET /applications/{application}/clusters/{account}/{cluster}/{type}/serverGroups",
        "GET /applications/{application}/clusters/{account}/{cluster}/{type}/serverGroups/{name}",
        "GET /applications/{application}/clusters/{account}/{cluster}/{type}/serverGroups/{name}/scalingActivities",
        "GET /applications/{application}/clusters/{account}/{cluster}/{type}/{scope}/serverGroups/target/{target}",
        "GET /applications/{application}/clusters/{account}/{cluster}/{type}/{scope}/serverGroups/target/{target}/{summary}",
        "GET /applications/{application}/executions/search",
        "GET /applications/{application}/history",
        "GET /applications/{application}/loadBalancers",
        "GET /applications/{application}/pipelineConfigs",
        "GET /applications/{application}/pipelineConfigs/{name}",
        "GET /applications/{application}/pipelines",
        "GET /applications/{application}/rawResources",
        "GET /applications/{application}/serverGroupManagers",
        "GET /applications/{application}/serverGroups",
        "GET /applications/{application}/serverGroups/{account}/{region}/{name}",
        "GET /applications/{application}/strategyConfigs",
        "GET /applications/{application}/strategyConfigs/{name}",
        "GET /applications/{application}/tasks",
        "GET /applications/{application}/tasks/{task}",
        "GET /applications/{application}/tasks/{task}/details/{details}",
        "GET /api/v1/{region}/bake/{id}",
        "GET /api/v1/{region}/logs/{id}",
        "GET /api/v1/{region}/status/{id}",
        "GET /artifacts/account/{account}/names",
        "GET /artifacts/account/{account}/versions",
        "GET /artifacts/credentials",
        "GET /auth/user",
        "GET /bakery/logs/{region}/{id}",
        "GET /bakery/options",
        "GET /bakery/options/{provider}",
        "GET /bus",
        "GET /capabilities/expressions",
        "GET /certificates",
        "GET /certificates/{provider}",
        "GET /credentials",
        "GET /credentials/type/{type}",
        "GET /credentials/{account}",
        "GET /docs",
        "GET /elasticIps/{account}",
        "GET /events",
        "GET /executions",
        "GET /executions/failedStages",
        "GET /firewalls",
        "GET /firewalls/{account}",
        "GET /firewalls/{account}/{region}/{name}",
        "GET /functions",
        "GET /images/find",
        "GET /images/{account}/{region}/{image}",
        "GET /instanceTypes",
        "GET /instances/{account}/{region}/{instance}",
        "GET /instances/{account}/{region}/{instance}/console",
        "GET /inventory/areas",
        "GET /keyPairs",
        "GET /loadBalancers",
        "GET /loadBalancers/{account}/{region}/{name}",
        "GET /loadBalancers/{name}",
        "GET /metrics",
        "GET /networks",
        "GET /networks/{provider}",
        "GET /openapi.json",
        "GET /pipelineConfigs",
        "GET /pipelineConfigs/{id}/history",
        "GET /pipelines/{id}",
        "GET /pipelines/{id}/evaluateExpression",
        "GET /pipelines/{id}/events",
        "GET /pipelines/{id}/why",
        "GET /pipelines/{id}/{stage}/evaluateExpression",
        "GET /projects",
        "GET /projects/{project}",
        "GET /projects/{project}/clusters",
        "GET /projects/{project}/pipelines",
        "GET /roles/{provider}",
        "GET /search",
        "GET /securityGroups",
        "GET /securityGroups/{account}",
        "GET /securityGroups/{account}/{region}/{name}",
        "GET /serverGroups",
        "GET /serverGroups/{account}/{region}/{name}",
        "GET /sources",
        "GET /stageTypes",
        "GET /storage",
        "GET /strategyConfigs",
        "GET /strategyConfigs/{id}/history",
        "GET /subnets/{provider}",
        "GET /tasks/{task}",
        "GET /tasks/{task}/details/{details}",
        "GET /v2/pipelineTemplates",
        "GET /v2/pipelineTemplates/versions",
        "GET /v2/pipelineTemplates/{id}",
        "GET /v2/pipelineTemplates/{id}/dependents",
        "GET /v2/pipelineTemplates/{id}/history",
        "GET /version",
        "GET /vpcs",
        "POST /pipelines/{id}/evaluateExpression",
        "POST /pipelines/{id}/evaluateVariables",
    ],
    "run": [
        "GET /api/v1/{region}/cancel/{id}",
        "PATCH /pipelines/{id}/stages/{stage}",
        "POST /api/v1/{region}/bake",
        "POST /applications/{application}/pipelineConfigs/{name}",
        "POST /pipelines/v2/{application}/{name}",
        "POST /pipelines/{application}/{name}",
        "POST /v2/pipelineTemplates/plan",
        "PUT /api/v1/{region}/cancel/{id}",
        "PUT /applications/{application}/pipelines/{execution}/cancel",
        "PUT /applications/{application}/tasks/{task}/cancel",
        "PUT /artifacts/fetch",
        "PUT /pipelines/{id}/cancel",
        "PUT /pipelines/{id}/pause",
        "PUT /pipelines/{id}/resume",
        "PUT /pipelines/{id}/stages/{stage}/restart",
        "PUT /tasks/cancel",
        "PUT /tasks/{task}/cancel",
    ],
    "admin": [
        "DELETE /bus/deadLetters/{letter}",
        "DELETE /pipelines/{application}/{name}",
        "DELETE /pipelines/{id}",
        "DELETE /sources/{name}",
        "DELETE /strategies/{application}/{name}",
        "DELETE /tasks/{task}",
        "DELETE /v2/pipelineTemplates/{id}",
        "GET /bus/deadLetters",
        "GET /bus/deadLetters/{letter}",
        "POST /actions/pipelines/reorder",
        "POST /actions/strategies/reorder",
        "POST /applications/{application}/tasks",
        "POST /bus/deadLetters/requeue",
        "POST /bus/deadLetters/{letter}/requeue",
        "POST /pipelines",
        "POST /pipelines/bulksave",
        "POST /pipelines/move",
        "POST /pipelines/start",
        "POST /strategies",
        "POST /strategies/move",
        "POST /tasks",
        "POST /v2/pipelineTemplates/create",
        "POST /v2/pipelineTemplates/update/{id}",
        "PUT /pipelines/{id}",
        "PUT /strategies/{id}",
    ],
}
NEEDS = {route: scope for scope, listed in SCOPES.items() for route in listed}
LESS = {"read": "none", "run": "read", "admin": "run"}

JUDGE = Authoriser(
    tokens=[
        Credential(user="none", secret="t-none", scopes=()),
        Credential(user="reader", secret="t-read", scopes=("read",)),
        Credential(user="runner", secret="t-run", scopes=("run",)),
        Credential(user="admin", secret="t-admin", scopes=("admin",)),
    ],
    passwords=[Credential(user="ann", secret="pa", scopes=("run",))],
    host="0.0.0.0",
)


@pytest.fixture
def closed(serve: Any) -> Iterator[httpx.Client]:
    with serve(authoriser=JUDGE) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def status(client: httpx.Client, route: str, headers: dict[str, str]) -> int:
    """Only the status: one route never ends its answer."""
    method, path = route.split(" ")
    path = re.sub(r"\{\w+\}", "x", path)
    body = None if method in ("GET", "DELETE") else b"{}"
    with client.stream(method, path, headers=headers, content=body) as answer:
        return answer.status_code


def test_every_route_of_the_schema_is_known_here_with_its_scope(closed: httpx.Client) -> None:
    schema = closed.get("/openapi.json", headers=bearer("t-read")).json()
    found = {
        f"{method.upper()} {path}": operation["x-scope"]
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    assert found == NEEDS


def test_no_route_hides_from_the_schema() -> None:
    app = create_app(Services(), JUDGE, 1000)
    every = app.routes
    assert all(isinstance(route, GuardedRoute) and route.include_in_schema for route in every)
    assert len(every) == len(NEEDS)


def test_nobody_and_strangers_are_turned_away_everywhere(closed: httpx.Client) -> None:
    wrong = ({}, bearer("t-wrong"), {"X-SPINNAKER-USER": "admin"}, {"Authorization": "Basic YW5uOndyb25n"})
    for route, needed in NEEDS.items():
        for headers in wrong:
            expected = 200 if needed == "public" else 401
            assert status(closed, route, headers) == expected, (route, headers)


def test_who_may_too_little_is_turned_away_everywhere(closed: httpx.Client) -> None:
    for route, needed in NEEDS.items():
        if needed != "public":
            assert status(closed, route, bearer(f"t-{LESS[needed]}")) == 403, route


def test_who_may_comes_in_everywhere(closed: httpx.Client) -> None:
    for route, needed in NEEDS.items():
        if needed != "public":
            assert status(closed, route, bearer(f"t-{needed}")) not in (401, 403), route


def test_the_caller_is_judged_before_the_body_is_read(closed: httpx.Client) -> None:
    assert closed.post("/pipelines", content=b"{").status_code == 401
    assert closed.post("/pipelines", content=b"{", headers=bearer("t-run")).status_code == 403
    assert closed.post("/pipelines", content=b"{", headers=bearer("t-admin")).status_code == 400


def test_a_refusal_has_gates_shape_and_says_what_to_do(closed: httpx.Client) -> None:
    answer = closed.get("/applications")
    assert answer.headers["www-authenticate"].startswith("Basic")
    body = answer.json()
    assert (body["status"], body["error"], body["exception"]) == (401, "Unauthorized", "NotAuthenticated")
    assert "Authorization: Bearer" in body["message"]
    assert "scope `admin`" in closed.post("/tasks", json={}, headers=bearer("t-run")).json()["message"]


def test_health_shows_its_parts_only_to_those_who_may_read(closed: httpx.Client) -> None:
    assert closed.get("/health").json() == {"status": "UP"}
    assert closed.get("/health", headers=bearer("t-read")).json()["components"]


def test_the_scope_run_answers_stages_but_does_not_rewrite_them(closed: httpx.Client, world: Any) -> None:
    world.happened("E1")
    path, run = "/pipelines/E1/stages/s1", bearer("t-run")
    assert closed.patch(path, json={"judgmentStatus": "stop", "judgmentInput": "x"}, headers=run).status_code == 200
    assert closed.patch(path, json={"skipRemainingWait": True, "url": "http://evil"}, headers=run).status_code == 403
    assert closed.patch(path, json={"url": "http://fine"}, headers=bearer("t-admin")).status_code == 200


def test_nobody_starts_a_pipeline_in_anothers_name(closed: httpx.Client) -> None:
    pipeline = {"application": "app", "name": "p", "stages": [{"type": "wait"}]}
    assert closed.post("/pipelines", json=pipeline, headers=bearer("t-admin")).status_code == 200

    def user(token: str) -> str:
        headers = {**bearer(token), "X-SPINNAKER-USER": "boss"}
        ref = closed.post("/pipelines/app/p", json={"user": "chief"}, headers=headers).json()["ref"]
        found: str = closed.get(ref, headers=bearer("t-read")).json()["trigger"]["user"]
        return found

    assert user("t-run") == "runner"
    assert user("t-admin") == "chief"


def test_without_authentication_a_foreign_page_or_name_gets_nothing(client: httpx.Client) -> None:
    foreign = {"Origin": "http://evil.example", "Content-Type": "text/plain"}
    answer = client.post("/pipelines", content=json.dumps({"application": "a", "name": "b"}), headers=foreign)
    assert answer.status_code == 403
    assert client.get("/applications", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/health", headers={"Host": "evil.example"}).json() == {"status": "UP"}
    assert client.get("/applications").status_code == 200
    assert client.get("/auth/user").json()["username"] == "anonymous"


def test_the_signed_in_user_is_shown(closed: httpx.Client) -> None:
    shown = closed.get("/auth/user", auth=("ann", "pa")).json()
    assert (shown["username"], shown["roles"], shown["isAdmin"]) == ("ann", ["read", "run"], False)


def test_a_route_without_a_scope_cannot_be_made() -> None:
    router = routes()
    with pytest.raises(TypeError, match="says no scope"):
        router.get("/open")(lambda: None)
