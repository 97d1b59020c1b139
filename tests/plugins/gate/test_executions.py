"""Executions over HTTP: finding them, stopping them, answering their stages."""

import base64
import json
from typing import Any

import httpx

from gennaker.core.errors import Refused
from gennaker.core.model import events as e
from gennaker.core.model import messages as m
from gennaker.core.model.status import Status

DAY = 24 * 60 * 60 * 1000
STARTED = (e.ExecutionStarted(), e.StageStarted(stage="s1", tasks=("wait",)), e.TaskStarted(stage="s1", task="wait"))
ENDED = (*STARTED, e.StageFinished(stage="s1", status=Status.SUCCEEDED), e.ExecutionFinished(status=Status.SUCCEEDED))


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()]


def refusal(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    message: str = answer.json()["message"]
    return message


def test_an_execution_is_shown_whole(client: httpx.Client, world: Any) -> None:
    world.happened("E1", *STARTED)
    shown = client.get("/pipelines/E1").json()
    assert (shown["id"], shown["type"], shown["status"], shown["pipelineConfigId"]) == (
        "E1",
        "PIPELINE",
        "RUNNING",
        "p1",
    )
    (stage,) = shown["stages"]
    assert (stage["status"], stage["context"]["waitTime"]) == ("RUNNING", 1)
    assert [(task["id"], task["name"], task["status"]) for task in stage["tasks"]] == [("1", "wait", "RUNNING")]


def test_what_does_not_exist_is_404_with_the_id(client: httpx.Client, world: Any) -> None:
    assert refusal(client.get("/pipelines/E9"), 404) == "Pipeline not found (id: E9)"
    assert refusal(client.get("/tasks/E9"), 404) == "Task not found (id: E9)"
    world.happened("T1", kind="ORCHESTRATION", name=None, description="x")
    refusal(client.get("/pipelines/T1"), 404)
    refusal(client.put("/pipelines/E9/pause"), 404)
    refusal(client.put("/pipelines/E9/cancel"), 404)
    refusal(client.delete("/pipelines/E9"), 404)
    refusal(client.get("/pipelines/E9/why"), 404)


def test_executions_are_found_by_pipeline_or_by_id_but_not_by_both(client: httpx.Client, world: Any) -> None:
    for number in range(3):
        world.clock.now += 1000
        world.happened(f"E{number}", *ENDED)
    world.happened("F", pipeline_config_id="p2")
    assert ids(client.get("/executions?pipelineConfigIds=p1")) == ["E2"]
    assert ids(client.get("/executions?pipelineConfigIds=p1&limit=2")) == ["E2", "E1"]
    assert set(ids(client.get("/executions?pipelineConfigIds=p1,p2&limit=1"))) == {"E2", "F"}
    assert ids(client.get("/executions?pipelineConfigIds=p1,p2&limit=5&statuses=NOT_STARTED,RUNNING")) == ["F"]
    assert ids(client.get("/executions?executionIds=E0,gone,F&limit=1")) == ["E0", "F"]
    refusal(client.get("/executions"), 400)
    refusal(client.get("/executions?executionIds=E0&pipelineConfigIds=p1"), 400)
    assert "'NOPE' is no status" in refusal(client.get("/executions?pipelineConfigIds=p1&statuses=NOPE"), 400)
    assert "query limit" in refusal(client.get("/executions?pipelineConfigIds=p1&limit=x"), 400)


def test_short_lists_leave_contexts_out(client: httpx.Client, world: Any) -> None:
    world.happened("E1", *STARTED)
    (shown,) = client.get("/executions?executionIds=E1&expand=false").json()
    assert shown["stages"][0]["context"] == {"group": "g"}
    assert shown["stages"][0]["tasks"] == []


def test_an_applications_list_has_the_last_fourteen_days_or_else_two_of_each_pipeline(
    client: httpx.Client, world: Any
) -> None:
    client.post("/pipelines", json={"application": "app", "name": "deploy", "id": "p1", "stages": []})
    client.post("/pipelines", json={"application": "app", "name": "other", "id": "p2", "stages": []})
    for number in range(3):
        world.happened(f"A{number}", *ENDED)
        world.happened(f"B{number}", *ENDED, pipeline_config_id="p2")
        world.clock.now += 1000
    world.happened("queued")
    world.clock.now += 15 * DAY
    world.happened("A9", *ENDED)
    assert ids(client.get("/applications/app/pipelines")) == ["A9", "queued", "B2", "B1"]
    assert ids(client.get("/applications/app/pipelines?pipelineNameFilter=OTH")) == ["B2", "B1"]
    assert ids(client.get("/applications/app/pipelines?statuses=NOT_STARTED")) == ["queued"]
    assert ids(client.get("/applications/none/pipelines")) == []


def test_a_search_looks_into_triggers(client: httpx.Client, world: Any) -> None:
    for number in range(4):
        world.clock.now += 1000
        trigger = {"type": "git", "branch": f"release-{number}", "hooks": [{"n": number}, {"n": 9}], "draft": False}
        world.happened(f"E{number}", *ENDED, trigger=trigger)

    def search(application: str = "app", wanted: Any = None, **parameters: Any) -> list[str]:
        if wanted is not None:
            parameters["trigger"] = base64.b64encode(json.dumps(wanted).encode()).decode()
        return ids(client.get(f"/applications/{application}/executions/search", params=parameters))

    assert search() == ["E3", "E2", "E1", "E0"]
    assert search("*", size=2) == ["E3", "E2"]
    assert search(size=2, startIndex=1, reverse=True) == ["E1", "E2"]
    assert search(wanted={"branch": "RELEASE-2"}) == ["E2"]
    assert search(wanted={"branch": "release-.*"}, size=2, startIndex=1) == ["E2", "E1"]
    assert search(wanted={"hooks": [{"n": 9}, {"n": 3}], "draft": False}) == ["E3"]
    assert search(wanted={"hooks": [{"n": 9}, {"n": 9}]}) == []
    assert search(wanted={"draft": 0}) == []
    assert search(wanted={"branch": "(a+)+$"}) == []
    assert search(triggerTypes="cron,git", pipelineName="deploy", triggerTimeEndBoundary=2**63 - 1)[0] == "E3"
    assert search(triggerTypes="cron") == []
    assert search(triggerTimeStartBoundary=world.clock.now) == ["E3"]
    for bad in ("%%%", base64.b64encode(b"[1]").decode(), base64.b64encode(b"{").decode()):
        assert "base64" in refusal(client.get("/applications/app/executions/search", params={"trigger": bad}), 400)


def test_commands_reach_the_engine_with_their_user(client: httpx.Client, world: Any) -> None:
    world.happened("E1", *STARTED)
    headers = {"X-SPINNAKER-USER": "ann"}
    for path in ("cancel?reason=enough", "pause", "resume"):
        answer = client.put(f"/pipelines/E1/{path}", headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.put("/applications/APP/pipelines/E1/cancel?reason=x").status_code == 200
    refusal(client.put("/applications/other/pipelines/E1/cancel"), 404)
    kinds = [type(command) for _, command in world.control.commands]
    assert kinds == [m.Cancel, m.Pause, m.Resume, m.Cancel]
    first = world.control.commands[0][1]
    assert (first.user, first.reason) == ("ann", "enough")


def test_a_second_cancel_is_fine_but_not_one_after_another_end(client: httpx.Client, world: Any) -> None:
    def refuse(_execution: str, _message: m.Command) -> None:
        raise Refused("The execution has already ended.")

    world.happened("E1", e.ExecutionFinished(status=Status.CANCELED))
    world.happened("E2", *ENDED)
    world.control._command = refuse
    assert client.put("/pipelines/E1/cancel").status_code == 200
    assert client.put("/applications/app/pipelines/E1/cancel").status_code == 200
    assert refusal(client.put("/pipelines/E2/cancel"), 400) == "The execution has already ended."


def test_a_running_execution_cannot_be_deleted(client: httpx.Client, world: Any) -> None:
    world.happened("E1", *STARTED)
    world.happened("E2", *ENDED)
    assert "has not ended" in refusal(client.delete("/pipelines/E1"), 409)
    assert client.delete("/pipelines/E2").status_code == 200
    refusal(client.get("/pipelines/E2"), 404)


def test_a_judgment_is_merged_into_its_stage(client: httpx.Client, world: Any) -> None:
    world.happened("E1", *STARTED)
    answer = client.patch("/pipelines/E1/stages/s1", json={"judgmentStatus": "continue"})
    assert answer.json()["id"] == "E1"
    ((execution, patch),) = world.control.commands
    assert (execution, patch.stage, patch.context) == ("E1", "s1", {"judgmentStatus": "continue"})
    assert "Stage not found" in refusal(client.patch("/pipelines/E1/stages/s9", json={}), 404)
    assert "JSON object" in refusal(client.patch("/pipelines/E1/stages/s1", json=[1]), 400)


def test_only_a_skippable_stage_is_skipped(client: httpx.Client, world: Any) -> None:
    def stage(**context: Any) -> tuple[e.StageSpec, ...]:
        return (e.StageSpec(id="s1", ref_id="1", type="pipeline", name="Child", context=context),)

    world.happened("E1", *STARTED)
    world.happened("E2", stages=stage())
    world.happened("E3", stages=stage(skippable=True))
    for execution in ("E1", "E2"):
        answer = client.patch(f"/pipelines/{execution}/stages/s1", json={"manualSkip": True})
        assert refusal(answer, 405) == "Cannot manually skip stage."
    assert client.patch("/pipelines/E3/stages/s1", json={"manualSkip": True}).status_code == 200
    assert client.get("/pipelines/E3").json()["stages"][0]["canManuallySkip"] is True


def test_a_restart_takes_the_stored_pipeline_and_the_round_that_was_seen(client: httpx.Client, world: Any) -> None:
    stored = {"application": "app", "name": "deploy", "id": "p1"}
    client.post("/pipelines", json={**stored, "stages": [{"type": "wait", "refId": "1", "preconditions": [{"a": 1}]}]})
    world.happened("E1", *ENDED)
    answer = client.put(
        "/pipelines/E1/stages/s1/restart?seen=0", json={"stages": [{"refId": "1", "preconditions": []}]}
    )
    assert answer.json()["id"] == "E1"
    ((_, restart),) = world.control.commands
    assert (restart.stage, restart.seen) == ("s1", 0)
    assert restart.context == {"s1": {"preconditions": [{"a": 1}]}}
    refusal(client.put("/pipelines/E1/stages/s7/restart"), 404)


def test_why_and_the_log_of_an_execution(client: httpx.Client, world: Any) -> None:
    world.happened("E1", *ENDED)
    assert client.get("/pipelines/E1/why").json()["why"]
    log = client.get("/pipelines/E1/events").json()
    assert [one["type"] for one in log][:2] == ["execution.requested", "execution.started"]
    assert [one["id"] for one in log] == [f"E1:{number}" for number in range(1, 7)]
    assert log[-1]["data"] == {"type": "execution.finished", "status": "SUCCEEDED"}
    assert log[0]["application"] == "app"
    assert [one["id"] for one in client.get("/pipelines/E1/events?after=5").json()] == ["E1:6"]


def test_a_repeated_parameter_is_one_list(client: httpx.Client, world: Any) -> None:
    world.happened("E1")
    world.happened("E2")
    assert ids(client.get("/executions?executionIds=E1&executionIds=E2,E1")) == ["E1", "E2"]


def test_expressions_can_be_tried_on_an_execution(client: httpx.Client, world: Any) -> None:
    world.happened("E1", trigger={"type": "manual", "parameters": {"env": "prod", "n": 3}})
    path, text = "/pipelines/E1/evaluateExpression", "to ${parameters.env}"
    assert client.get(path, params={"expression": "${parameters.n}"}).json() == {"result": 3}
    assert client.post(path, json={"expression": text}).json() == {"result": "to prod"}
    assert client.post(path, content=text, headers={"Content-Type": "text/plain"}).json() == {"result": "to prod"}
    assert client.get("/pipelines/E1/s1/evaluateExpression", params={"expression": text}).json()["result"] == "to prod"
    failed = client.get(path, params={"expression": "${parameters.no}"}).json()
    assert failed["result"] == "${parameters.no}"
    assert failed["detail"]["parameters.no"][0]["level"] == "INFO"
    refusal(client.get("/pipelines/E1/s9/evaluateExpression?expression=x"), 404)
    refusal(client.get("/pipelines/E9/evaluateExpression?expression=x"), 404)
    assert "query expression" in refusal(client.get(path), 400)
    assert "expression" in refusal(client.post(path, json=["x"]), 400)
    assert "10000" in refusal(client.post(path, json={"expression": "x" * 10_001}), 400)


def test_variables_can_be_tried_too(client: httpx.Client, world: Any) -> None:
    world.happened("E1", trigger={"type": "manual", "parameters": {"env": "prod"}})
    path = "/pipelines/E1/evaluateVariables"
    body = client.post(path, json=[{"key": "a", "value": "${parameters.env}"}, {"key": "b", "value": ["${no}"]}]).json()
    assert [(one["key"], one["value"], one["sourceValue"]) for one in body["result"]] == [
        ("a", "prod", "${parameters.env}"),
        ("b", ["${no}"], ["${no}"]),
    ]
    assert list(body["detail"]) == ["no"]
    assert "body[0]" in refusal(client.post(path, json=[{"value": 1}]), 400)
