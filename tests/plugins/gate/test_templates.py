"""Templates over HTTP: read from the store, changed by tasks; starting and planning what is made from one."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gennaker.core.errors import GennakerError
from gennaker.core.model.events import ExecutionFinished, ExecutionStarted, StageSpec
from gennaker.core.model.status import Status
from gennaker.plugins.gate import templates

TEMPLATE: dict[str, Any] = {
    "id": "release",
    "metadata": {"name": "Release", "scopes": ["app", "global"]},
    "variables": [{"name": "seconds", "type": "int"}],
    "pipeline": {"stages": [{"refId": "1", "type": "wait", "waitTime": "${templateVariables.seconds}"}]},
}
CONFIG: dict[str, Any] = {
    "type": "templatedPipeline",
    "schema": "v2",
    "application": "app",
    "name": "ship",
    "template": {"type": "front50/pipelineTemplate", "reference": "spinnaker://release"},
    "variables": {"seconds": 3},
}
HOME = "/v2/pipelineTemplates"


class Worker:
    """A control whose tasks are over as soon as they are asked for."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.tasks: list[dict[str, Any]] = []

    def submit(self, task: dict[str, Any], *, user: str, origin: str, key: str | None) -> str:
        self.tasks.append(task)
        id_ = f"T{len(self.tasks)}"
        status = Status.SUCCEEDED if self._do(task["job"][0], user) else Status.TERMINAL
        stages = (StageSpec(id="s1", ref_id="0", type=task["job"][0]["type"], name="job", context={}),)
        request = {"kind": "ORCHESTRATION", "application": task["application"], "stages": stages, "name": None}
        self.world.happened(id_, ExecutionStarted(), ExecutionFinished(status=status), **request)
        return id_

    def _do(self, job: dict[str, Any], user: str) -> bool:
        definitions = self.world.definitions
        try:
            if job["type"] == "deleteV2PipelineTemplate":
                names = {"tag": job["tag"], "digest": job["digest"]}
                definitions.delete_template(job["pipelineTemplateId"], user=user, **names)
            else:
                template = json.loads(base64.b64decode(job["pipelineTemplate"]))
                create = job["type"] == "createV2PipelineTemplate"
                definitions.save_template(template, user=user, tag=job["tag"], create=create)
        except GennakerError:
            return False
        return True


@pytest.fixture
def worker(world: Any) -> Worker:
    return Worker(world)


@pytest.fixture
def working(serve: Any, world: Any, worker: Worker) -> Iterator[httpx.Client]:
    with serve(services=replace(world.services, control=worker)) as client:
        yield client


def message(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    found: str = answer.json()["message"]
    return found


def test_create_waits_and_answers_the_finished_task(working: httpx.Client, worker: Worker) -> None:
    answer = working.post(f"{HOME}/create?tag=stable", json=TEMPLATE)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["id"], answer.json()["application"]) == ("SUCCEEDED", "T1", "app")
    (task,) = worker.tasks
    assert (task["application"], task["description"]) == ("app", "Create pipeline template 'release'")
    stored = working.get(f"{HOME}/release?tag=stable").json()
    assert stored["schema"] == "v2"
    assert working.get(f"{HOME}/release?digest={stored['digest']}").json() == stored
    assert working.get(f"{HOME}/release").json() == stored
    again = working.post(f"{HOME}/create?tag=stable", json=TEMPLATE)
    assert (again.status_code, again.json()["status"]) == (200, "TERMINAL")


def test_update_and_delete_wait_too(working: httpx.Client, worker: Worker) -> None:
    working.post(f"{HOME}/create", json={**TEMPLATE, "metadata": {}})
    assert worker.tasks[0]["application"] == "spinnaker"
    answer = working.post(f"{HOME}/update/release?tag=test&skipPlanDependents=true", json={**TEMPLATE, "protect": True})
    assert (answer.status_code, answer.json()["status"]) == (200, "SUCCEEDED")
    job = worker.tasks[1]["job"][0]
    assert (job["id"], job["tag"], job["skipPlanDependents"]) == ("release", "test", True)
    assert working.get(f"{HOME}/release?tag=test").json()["protect"] is True
    assert working.delete(f"{HOME}/release?tag=test&application=app").json()["status"] == "SUCCEEDED"
    assert worker.tasks[2]["application"] == "app"
    message(working.get(f"{HOME}/release?tag=test"), 404)
    assert working.delete(f"{HOME}/release").json()["status"] == "SUCCEEDED"
    assert working.get(HOME).json() == []


def test_a_task_that_takes_long_is_answered_as_it_is(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "PATIENCE_S", 0.05)
    answer = client.post(f"{HOME}/create", json=TEMPLATE)
    assert (answer.status_code, answer.json()["status"]) == (200, "NOT_STARTED")
    (stage,) = answer.json()["execution"]["stages"]
    assert stage["type"] == "createV2PipelineTemplate"
    assert json.loads(base64.b64decode(stage["context"]["pipelineTemplate"])) == {**TEMPLATE, "schema": "v2"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**TEMPLATE, "schema": "1"}, "schema: expected 'v2', found '1'"),
        ({**TEMPLATE, "id": "a/b"}, "id: 'a/b' is no id"),
        ({**TEMPLATE, "variables": [{"name": "a b"}]}, "variables[0].name: 'a b' is no name"),
        ({}, "pipeline: expected a pipeline, found nothing"),
    ],
)
@pytest.mark.parametrize("path", ["create", "update/release"])
def test_a_wrong_template_is_refused_before_any_task(
    working: httpx.Client, worker: Worker, path: str, body: dict[str, Any], expected: str
) -> None:
    assert expected in message(working.post(f"{HOME}/{path}", json=body), 400)
    assert worker.tasks == []


def test_what_is_not_there_or_named_in_two_ways_is_told(working: httpx.Client, worker: Worker) -> None:
    assert message(working.get(f"{HOME}/release"), 404) == "Pipeline template not found (id: release)"
    assert message(working.get(f"{HOME}/release?tag=test"), 404) == "Pipeline template not found (id: release:test)"
    both = f"{HOME}/release?tag=test&digest={'a' * 64}"
    assert "by a tag or by a digest" in message(working.get(both), 400)
    assert "by a tag or by a digest" in message(working.delete(both), 400)
    assert "no tag 'mine'" in message(working.get(f"{HOME}/release?tag=mine"), 400)
    assert "is no digest" in message(working.get(f"{HOME}/release?digest=1"), 400)
    message(working.delete(f"{HOME}/release"), 404)
    assert "another template" in message(working.post(f"{HOME}/update/other", json=TEMPLATE), 400)
    assert worker.tasks == []


def test_templates_are_listed_by_scope_with_their_versions_and_history(client: httpx.Client, world: Any) -> None:
    template = {**TEMPLATE, "schema": "v2"}
    first = world.definitions.save_template(template, user="ann", tag="stable", create=True)
    world.definitions.save_template({**template, "id": "other", "metadata": {}}, user="ann", create=True)
    assert [each["id"] for each in client.get(HOME).json()] == ["other", "release"]
    assert [each["id"] for each in client.get(f"{HOME}?scopes=x,global").json()] == ["release"]
    versions = client.get(f"{HOME}/versions?scopes=app").json()
    assert [each.get("tag") for each in versions["release"]] == ["latest", "stable", None]
    assert client.get(f"{HOME}/release/history").json() == [first]


def test_dependents_are_the_pipelines_that_name_it(client: httpx.Client, world: Any) -> None:
    stored = world.definitions.save_pipeline(CONFIG, user="ann")
    assert client.get(f"{HOME}/release/dependents").json() == [stored]
    assert client.get(f"{HOME}/other/dependents").json() == []


def test_a_plan_is_the_plain_pipeline_or_its_errors(client: httpx.Client, world: Any) -> None:
    world.definitions.save_template({**TEMPLATE, "schema": "v2"}, user="ann", create=True)
    planned = client.post(f"{HOME}/plan", json={**CONFIG, "trigger": {"type": "manual"}}).json()
    assert [stage["waitTime"] for stage in planned["stages"]] == [3]
    assert planned["source"] == {"id": "release", "type": "templatedPipeline", "version": "v2"}
    answer = client.post(f"{HOME}/plan", json={**CONFIG, "variables": {}})
    assert (answer.status_code, answer.json()["errors"]) == (200, ["variables: Missing variable values for: seconds"])
    assert "must be a JSON object" in message(client.post(f"{HOME}/plan", json={**CONFIG, "trigger": 1}), 400)
    inline = client.post("/pipelines/start", json={**CONFIG, "plan": True}).json()
    assert inline["stages"] == planned["stages"]
    assert client.get("/applications/*/executions/search").json() == []


def test_starting_plans_or_is_refused_with_every_error_and_recorded(client: httpx.Client, world: Any) -> None:
    world.definitions.save_template({**TEMPLATE, "schema": "v2"}, user="ann", create=True)
    assert client.post("/pipelines", json=CONFIG).status_code == 200
    execution = client.get(client.post("/pipelines/app/ship").json()["ref"]).json()
    assert execution["stages"][0]["context"] == {"waitTime": 3}
    assert (execution["templateVariables"], execution["source"]["id"]) == ({"seconds": 3}, "release")
    wrong = {**CONFIG, "name": "wrong", "variables": {"seconds": "3"}, "exclude": []}
    client.post("/pipelines", json=wrong)
    for answer in (client.post("/pipelines/app/wrong"), client.post("/pipelines/start", json=wrong)):
        problem = "variables.seconds: expected a whole number, found text: '3'"
        assert message(answer, 400) == f"Pipeline template is invalid: {problem}"
        assert answer.json()["errors"] == [problem]
    found = client.get("/applications/app/executions/search?pipelineName=wrong").json()
    assert [each["cancellationReason"] for each in found] == [
        f"Failed on startup: Pipeline template is invalid: {problem}"
    ] * 2
