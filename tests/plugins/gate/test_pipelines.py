"""Saving and starting pipelines, as `spin` and Deck do it."""

import json
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gennaker.core.model.stage_type import StageType
from gennaker.core.model.status import Status

PIPELINE = {"application": "app", "name": "deploy", "stages": [{"type": "wait", "refId": "1", "waitTime": 1}]}


def save(client: httpx.Client, **fields: object) -> str:
    assert client.post("/pipelines", json={**PIPELINE, **fields}).status_code == 200
    name = fields.get("name", "deploy")
    return client.get(f"/applications/app/pipelineConfigs/{name}").json()["id"]


def message(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["status"] == status
    assert body["error"]
    assert body["timestamp"]
    return body["message"]


def test_a_saved_pipeline_answers_200_with_an_empty_body_and_can_be_read(client: httpx.Client) -> None:
    answer = client.post("/pipelines", json=PIPELINE)
    assert (answer.status_code, answer.content) == (200, b"")
    stored = client.get("/applications/app/pipelineConfigs/DEPLOY").json()
    assert stored["name"] == "deploy"
    assert client.get(f"/applications/APP/pipelineConfigs/{stored['id']}").json()["id"] == stored["id"]
    assert [one["name"] for one in client.get("/applications/app/pipelineConfigs").json()] == ["deploy"]
    assert [one["id"] for one in client.get("/pipelineConfigs").json()] == [stored["id"]]


def test_a_pipeline_that_does_not_exist_is_404(client: httpx.Client) -> None:
    assert "nothing" in message(client.get("/applications/app/pipelineConfigs/nothing"), 404)
    assert "nothing" in message(client.post("/pipelines/app/nothing", json={}), 404)


def test_a_pipeline_of_another_application_cannot_be_started_by_its_id(client: httpx.Client) -> None:
    id_ = save(client)
    message(client.post(f"/pipelines/other/{id_}", json={}), 404)


def test_a_bad_pipeline_is_refused_with_the_place(client: httpx.Client) -> None:
    assert "name" in message(client.post("/pipelines", json={"application": "app", "stages": []}), 400)
    assert "stages" in message(client.post("/pipelines", json={**PIPELINE, "stages": "x"}), 400)
    save(client)
    assert "already exists" in message(client.post("/pipelines", json={**PIPELINE, "name": "Deploy "}), 400)


def test_a_stale_pipeline_is_refused_when_asked(client: httpx.Client) -> None:
    id_ = save(client)
    stale = {**PIPELINE, "id": id_, "lastModified": 1}
    assert "stale" in message(client.post("/pipelines?staleCheck=true", json=stale), 400)
    assert client.post("/pipelines", json=stale).status_code == 200


def test_updating_names_one_pipeline(client: httpx.Client) -> None:
    id_ = save(client)
    answer = client.put(f"/pipelines/{id_}", json={**PIPELINE, "description": "new"})
    assert answer.json()["description"] == "new"
    assert [one.get("description") for one in client.get(f"/pipelineConfigs/{id_}/history").json()] == ["new", None]
    assert message(client.put("/pipelines/other", json=PIPELINE), 404) == "Pipeline not found (id: other)"
    assert "another pipeline" in message(client.put(f"/pipelines/{id_}", json={**PIPELINE, "id": "else"}), 400)


def test_deleting_compares_names_without_case_and_is_silent_about_what_is_gone(client: httpx.Client) -> None:
    save(client, name="a/b c")
    assert client.get("/applications/app/pipelineConfigs/a%2Fb%20c").json()["name"] == "a/b c"
    for _ in range(2):
        answer = client.delete("/pipelines/app/A%2FB%20C")
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.get("/applications/app/pipelineConfigs").json() == []


def test_renaming_and_ordering(client: httpx.Client) -> None:
    first, second = save(client, name="one"), save(client, name="two")
    assert client.post("/pipelines/move", json={"application": "app", "from": "one", "to": "zero"}).status_code == 200
    order = {"application": "app", "idsToIndices": {first: 1, second: 0}}
    assert client.post("/actions/pipelines/reorder", json=order).status_code == 200
    shown = client.get("/applications/app/pipelineConfigs").json()
    assert [(one["name"], one["index"]) for one in shown] == [("two", 0), ("zero", 1)]
    message(client.post("/pipelines/move", json={"application": "app", "from": "one", "to": "x"}), 404)
    assert "idsToIndices" in message(client.post("/actions/pipelines/reorder", json={"application": "app"}), 400)


def test_a_pipeline_that_is_saved_without_a_place_keeps_its_place(client: httpx.Client) -> None:
    first, _second = save(client, name="b", index=0), save(client, name="a", index=1)
    save(client, name="b", id=first)
    assert [one["name"] for one in client.get("/applications/app/pipelineConfigs").json()] == ["b", "a"]


def test_bulk_saving_tells_which_ones_failed(client: httpx.Client) -> None:
    answer = client.post("/pipelines/bulksave", json=[PIPELINE, {"application": "app"}, {**PIPELINE, "name": "b"}])
    body = answer.json()
    assert (body["successful_pipelines_count"], body["successful_pipelines"]) == (2, ["deploy", "b"])
    assert body["failed_pipelines_count"] == 1
    assert "name" in body["failed_pipelines"][0]["errorMsg"]


def test_strategies_are_kept_apart(client: httpx.Client) -> None:
    assert client.post("/strategies", json={**PIPELINE, "name": "red"}).status_code == 200
    assert client.get("/applications/app/pipelineConfigs").json() == []
    (strategy,) = client.get("/applications/app/strategyConfigs").json()
    assert client.get("/applications/app/strategyConfigs/red").json()["id"] == strategy["id"]
    assert client.put(f"/strategies/{strategy['id']}", json=strategy).json()["strategy"] is True
    assert client.get(f"/strategyConfigs/{strategy['id']}/history").json()[0]["name"] == "red"
    assert client.post("/strategies/move", json={"application": "app", "from": "red", "to": "black"}).status_code == 200
    order = {"application": "app", "idsToIndices": {strategy["id"]: 0}}
    assert client.post("/actions/strategies/reorder", json=order).status_code == 200
    assert client.delete("/strategies/app/black").status_code == 200
    message(client.get("/applications/app/strategyConfigs/black"), 404)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "manual", "parameters": {"x": "1"}},
        {"trigger": {"type": "manual", "parameters": {"x": "1"}}},
    ],
)
def test_starting_takes_the_trigger_flat_or_nested(client: httpx.Client, world, body) -> None:  # type: ignore[no-untyped-def]
    save(client)
    answer = client.post(
        "/pipelines/app/deploy", json=body, headers={"X-SPINNAKER-USER": "ann", "X-SPINNAKER-USER-ORIGIN": "deck"}
    )
    assert answer.status_code == 202
    ref = answer.json()["ref"]
    assert ref.startswith("/pipelines/")
    execution = client.get(ref).json()
    assert execution["trigger"]["parameters"] == {"x": "1"}
    assert execution["trigger"]["user"] == "ann"
    assert execution["authentication"]["user"] == "ann"
    assert execution["origin"] == "deck"
    assert execution["status"] == "NOT_STARTED"
    assert execution["stages"][0]["context"] == {"waitTime": 1}
    assert world.executions.get(execution["id"]).status is Status.NOT_STARTED


def test_starting_needs_no_body_and_takes_an_id(client: httpx.Client) -> None:
    id_ = save(client)
    answer = client.post(f"/pipelines/app/{id_}")
    execution = client.get(answer.json()["ref"]).json()
    assert execution["pipelineConfigId"] == id_
    assert execution["trigger"]["user"] == "anonymous"
    assert execution["trigger"]["type"] == "manual"
    again = client.post("/applications/app/pipelineConfigs/deploy", json={})
    assert again.status_code == 202


def test_the_second_form_names_the_event(client: httpx.Client) -> None:
    save(client)
    answer = client.post("/pipelines/v2/app/deploy", json={})
    assert answer.status_code == 202
    assert set(answer.json()) == {"eventId", "ref"}


def test_a_disabled_pipeline_and_a_missing_parameter_are_refused(client: httpx.Client) -> None:
    save(client, name="off", disabled=True)
    assert message(client.post("/pipelines/app/off"), 400) == "Pipeline is disabled and cannot be started."
    save(client, name="asks", parameterConfig=[{"name": "env", "required": True, "default": None}])
    assert "Required parameter env is missing" in message(client.post("/pipelines/app/asks", json={}), 400)


def test_rule_06_the_same_idempotency_key_starts_one_execution(client: httpx.Client) -> None:
    save(client)
    headers = {"Idempotency-Key": "build-7"}
    first, second = (client.post("/pipelines/app/deploy", json={}, headers=headers).json() for _ in range(2))
    assert first == second
    other = client.post("/pipelines/app/deploy", json={}, headers={**headers, "X-SPINNAKER-USER": "bob"}).json()
    assert other != first
    assert "200" in message(client.post("/pipelines/app/deploy", headers={"Idempotency-Key": "k" * 201}), 400)


def test_an_inline_pipeline_runs(client: httpx.Client) -> None:
    answer = client.post("/pipelines/start", json={**PIPELINE, "trigger": {"parameters": {"a": 1}}})
    assert answer.status_code == 200
    assert client.get(answer.json()["ref"]).json()["trigger"]["parameters"] == {"a": 1}
    assert "refId" in message(
        client.post("/pipelines/start", json={**PIPELINE, "stages": [{"type": "wait", "refId": "1"}] * 2}), 400
    )


def test_a_plan_is_told_and_not_run(client: httpx.Client) -> None:
    def plan(**fields: Any) -> Any:
        return client.post("/pipelines/start", json={**PIPELINE, "plan": True, **fields}).json()

    asked = {"parameterConfig": [{"name": "env", "default": "test"}], "trigger": {"type": "git"}}
    stages = [{"type": "wait", "waitTime": 1, "name": "A"}, {"type": "wait", "mine": 2}]
    planned = plan(**asked, stages=stages)
    assert planned["trigger"]["parameters"] == {"env": "test"}
    assert (planned["trigger"]["type"], planned["trigger"]["user"]) == ("git", "anonymous")
    assert planned["stages"] == [
        {"type": "wait", "waitTime": 1, "name": "A", "refId": "0", "requisiteStageRefIds": []},
        {"type": "wait", "mine": 2, "name": "wait", "refId": "1", "requisiteStageRefIds": ["0"]},
    ]
    assert not {"errors", "plan"} & set(planned)
    assert "refId" in plan(stages=[{"type": "wait", "refId": "1"}] * 2)["errors"][0]
    assert "env" in plan(parameterConfig=[{"name": "env", "required": True}])["errors"][0]
    assert plan(disabled=True)["errors"] == ["Pipeline is disabled and cannot be started."]
    assert client.get("/applications/*/executions/search").json() == []


def test_a_dry_run_tells_what_each_stage_would_do_and_starts_nothing(client: httpx.Client) -> None:
    enabled = {"type": "expression", "expression": "parameters.env == 'prod'"}
    stages = [
        {"type": "wait", "refId": "1", "waitTime": "${parameters.seconds}"},
        {"type": "wait", "refId": "2", "requisiteStageRefIds": ["1"], "stageEnabled": enabled},
    ]
    save(client, stages=stages, parameterConfig=[{"name": "seconds", "default": "3"}])
    answer = client.post("/pipelines/app/deploy?plan=true", json={"parameters": {"env": "test"}})
    assert answer.status_code == 200
    told = answer.json()
    assert [stage["outcome"] for stage in told["stages"]] == ["runs", "skipped"]
    assert told["stages"][0]["expressions"] == [{"path": "waitTime", "text": "${parameters.seconds}", "value": "3"}]
    assert told["trigger"]["parameters"] == {"env": "test", "seconds": "3"}
    assert client.get("/applications/app/pipelines").json() == []


def test_a_dry_run_of_what_cannot_start_says_so(client: httpx.Client) -> None:
    save(client, disabled=True)
    assert "disabled" in client.post("/pipelines/app/deploy?plan=true", json={}).json()["errors"][0]
    save(client, name="strict", parameterConfig=[{"name": "env", "required": True}])
    assert "env" in message(client.post("/pipelines/app/strict?plan=true", json={}), 400)


def test_a_stage_that_no_cloud_could_run_is_warned_of_and_saved(world: Any, serve: Any) -> None:
    local = StageType(type="createServerGroup", provider="local", refusal="local cannot create, größer")
    services = replace(world.services, stage_types=lambda: {local.key: local})
    wrong = {**PIPELINE, "stages": [{"type": "createServerGroup", "cloudProvider": "local"}]}
    with serve(services) as client:
        answer = client.post("/pipelines", json=wrong)
        assert (answer.status_code, answer.content) == (200, b"")
        told = json.loads(answer.headers["X-Gennaker-Warnings"])
        assert told == ["stages[0]: this stage will be refused: local cannot create, größer"]
        stored = client.get("/applications/app/pipelineConfigs/DEPLOY").json()
        assert "X-Gennaker-Warnings" in client.put(f"/pipelines/{stored['id']}", json=stored).headers
        assert (
            "X-Gennaker-Warnings" not in client.put(f"/pipelines/{stored['id']}", json={**stored, "stages": []}).headers
        )
