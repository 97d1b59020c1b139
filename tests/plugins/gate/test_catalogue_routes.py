"""Applications, projects and tasks over HTTP."""

from typing import Any

import httpx

from gennaker.core.model import events as e
from gennaker.core.model import messages as m
from gennaker.core.model.status import Status

DAY = 24 * 60 * 60 * 1000
JOB = {"application": "app", "description": "Create Application: app", "job": [{"type": "createApplication"}]}


def refusal(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    message: str = answer.json()["message"]
    return message


def test_applications_are_listed_and_shown(client: httpx.Client, world: Any) -> None:
    for name, email in (("One", "ann@example.com"), ("two", "bob@example.com")):
        world.definitions.save_application({"name": name, "email": email, "accounts": "test, prod"}, user="ann")
    assert [one["name"] for one in client.get("/applications").json()] == ["one", "two"]
    assert [one["name"] for one in client.get("/applications?owner=BOB@example.com").json()] == ["two"]
    assert len(client.get("/applications?account=prod").json()) == 2
    assert client.get("/applications?account=stage").json() == []
    shown = client.get("/applications/ONE?expand=true").json()
    assert (shown["name"], shown["attributes"]["email"], shown["clusters"]) == ("one", "ann@example.com", {})
    assert "clusters" not in client.get("/applications/one?expand=false").json()
    assert refusal(client.get("/applications/none"), 404) == "Application not found (id: none)"


def test_the_history_of_an_application_is_told_even_when_it_is_gone(client: httpx.Client, world: Any) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        world.definitions.save_application({"name": "Shop", "email": email}, user="ann")
    world.definitions.delete_application("shop", user="ann")
    history = client.get("/applications/SHOP/history").json()
    assert [one["email"] for one in history] == ["bob@example.com", "ann@example.com"]
    assert client.get("/applications/shop/history?limit=1").json() == history[:1]


def test_projects_are_found_by_id_and_name(client: httpx.Client, world: Any) -> None:
    config = {"pipelineConfigs": [{"application": "app", "pipelineConfigId": "p1"}], "applications": ["app"]}
    project = world.definitions.save_project({"name": "Ship", "email": "a@b.c", "config": config}, user="ann")
    assert [one["name"] for one in client.get("/projects").json()] == ["Ship"]
    assert client.get("/projects/ship").json()["id"] == project["id"]
    assert client.get(f"/projects/{project['id']}").json()["name"] == "Ship"
    for number in range(3):
        world.clock.now += 1
        world.happened(f"E{number}")
    world.happened("F", pipeline_config_id="p2")
    shown = client.get("/projects/Ship/pipelines?limit=2&statuses=NOT_STARTED").json()
    assert [one["id"] for one in shown] == ["E2", "E1"]
    assert refusal(client.get("/projects/none"), 404) == "Project not found (id: none)"
    refusal(client.get("/projects/none/pipelines"), 404)


def test_a_project_without_pipelines_has_no_executions(client: httpx.Client, world: Any) -> None:
    world.definitions.save_project({"name": "Bare", "email": "a@b.c"}, user="ann")
    world.happened("E1")
    assert client.get("/projects/Bare/pipelines").json() == []


def test_a_task_is_submitted_and_watched_as_spin_does(client: httpx.Client) -> None:
    answer = client.post("/tasks", json=JOB)
    assert answer.status_code == 200
    ref = answer.json()["ref"]
    assert ref.startswith("/tasks/")
    task = client.get(ref).json()
    assert (task["name"], task["application"], task["status"]) == (JOB["description"], "app", "NOT_STARTED")
    assert task["execution"]["type"] == "ORCHESTRATION"
    assert task["execution"]["stages"][0]["type"] == "createApplication"
    assert [one["id"] for one in client.get("/applications/app/tasks").json()] == [task["id"]]
    assert client.get(f"/applications/app/tasks/{task['id']}").json()["id"] == task["id"]
    refusal(client.get(f"/applications/other/tasks/{task['id']}"), 404)
    assert "job" in refusal(client.post("/tasks", json={"application": "app", "job": []}), 400)


def test_a_task_may_be_submitted_to_an_application(client: httpx.Client) -> None:
    body = {"description": "x", "job": [{"type": "wait"}]}
    ref = client.post("/applications/app/tasks", json=body).json()["ref"]
    assert client.get(ref).json()["application"] == "app"


def test_lists_of_tasks_are_paged_and_end_after_fourteen_days(client: httpx.Client, world: Any) -> None:
    world.happened("T0", kind="ORCHESTRATION", description="old")
    world.clock.now += 15 * DAY
    for number in range(1, 4):
        world.clock.now += 1
        world.happened(f"T{number}", kind="ORCHESTRATION", description=f"task {number}")
    world.happened("E1")

    def shown(query: str = "") -> list[str]:
        return [one["id"] for one in client.get(f"/applications/app/tasks{query}").json()]

    assert shown() == ["T3", "T2", "T1"]
    assert shown("?limit=2&page=2") == ["T1"]
    assert shown("?statuses=RUNNING") == []


def test_tasks_are_cancelled_one_by_one_and_together(client: httpx.Client, world: Any) -> None:
    for id_ in ("T1", "T2"):
        world.happened(id_, kind="ORCHESTRATION", description="x")
    assert client.put("/tasks/T1/cancel").status_code == 200
    assert client.put("/tasks/cancel?ids=T1,T2").status_code == 200
    assert client.put("/applications/app/tasks/T2/cancel").status_code == 200
    assert [(execution, type(command)) for execution, command in world.control.commands] == [
        ("T1", m.Cancel),
        ("T1", m.Cancel),
        ("T2", m.Cancel),
        ("T2", m.Cancel),
    ]
    assert "T9" in refusal(client.put("/tasks/cancel?ids=T9,T1"), 404)
    assert world.control.commands[-1][0] == "T1"
    refusal(client.put("/tasks/cancel"), 400)
    refusal(client.put("/tasks/T9/cancel"), 404)


def test_a_task_that_has_ended_can_be_deleted(client: httpx.Client, world: Any) -> None:
    world.happened("T1", kind="ORCHESTRATION", description="x")
    world.happened("T2", e.ExecutionFinished(status=Status.SUCCEEDED), kind="ORCHESTRATION", description="x")
    refusal(client.delete("/tasks/T1"), 409)
    assert client.delete("/tasks/T2").status_code == 200
    refusal(client.get("/tasks/T2"), 404)


def test_details_of_a_task_are_a_stage_or_what_an_operation_noted_in_one(client: httpx.Client, world: Any) -> None:
    operation = {"id": 77, "status": {"completed": True, "failed": False}, "history": []}
    stages = (
        e.StageSpec(id="s1", ref_id="0", type="createApplication", name="create"),
        e.StageSpec(id="s2", ref_id="1", type="scaleManifest", name="scale", context={"kato.tasks": [operation]}),
    )
    world.happened("T1", kind="ORCHESTRATION", description="x", stages=stages)
    assert client.get("/tasks/T1/details/s1").json()["name"] == "create"
    assert client.get("/tasks/T1/details/77").json() == operation
    assert client.get("/applications/app/tasks/T1/details/77").json() == operation
    assert refusal(client.get("/tasks/T1/details/9"), 404) == "Task details not found (id: 9, task: T1)"
    refusal(client.get("/applications/other/tasks/T1/details/77"), 404)
    refusal(client.get("/tasks/T9/details/77"), 404)
