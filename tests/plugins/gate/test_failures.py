"""Why an execution failed, over HTTP."""

from typing import Any

import httpx

from gennaker.core.model import events as e
from gennaker.core.model.status import Status

WRONG = {"details": {"error": "boom"}}


def stage(id_: str, **context: Any) -> e.StageSpec:
    return e.StageSpec(id=id_, ref_id=id_, type="pipeline" if context else "wait", name=id_.upper(), context=context)


def ended(id_: str, status: Status) -> tuple[e.AnyEvent, ...]:
    return (
        e.StageStarted(stage=id_),
        e.StageFinished(stage=id_, status=status, exception=WRONG if status.failed else None),
    )


def asked(client: httpx.Client, execution: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/executions/failedStages", params={"executionId": execution, **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def ids(*asked_: Any, **query: Any) -> list[str]:
    return [one["stageId"] for one in asked(*asked_, **query)]


def test_the_failed_stages_are_told_with_status_and_exception(client: httpx.Client, world: Any) -> None:
    stages = (stage("a"), stage("b"), stage("c"), stage("d"))
    statuses = (Status.SUCCEEDED, Status.TERMINAL, Status.STOPPED, Status.FAILED_CONTINUE)
    events = [event for each, status in zip(stages, statuses, strict=True) for event in ended(each.id, status)]
    world.happened("E1", *events, stages=stages)
    (first,) = asked(client, "E1")
    assert first == {
        "stageId": "b",
        "stageName": "B",
        "stageType": "wait",
        "stageStatus": "TERMINAL",
        "stageException": WRONG,
        "pipelineApplication": "app",
        "pipelineExecutionId": "E1",
        "pipelineExecutionName": "deploy",
    }
    assert ids(client, "E1", limit=9) == ["b", "c", "d"]
    (linked,) = asked(client, "E1", deckOrigin="https://deck.example/")
    assert linked["pipelineExecutionUrl"] == "https://deck.example/#/applications/app/executions/details/E1"


def test_a_failed_stage_is_followed_into_what_it_started(client: httpx.Client, world: Any) -> None:
    def bad(execution: str, *stages: e.StageSpec, **request: Any) -> None:
        events = [event for each in stages for event in ended(each.id, Status.TERMINAL)]
        world.happened(execution, *events, stages=stages, **request)

    bad("E3", stage("deepest"), stage("round", executionId="E1"), parent="E2")
    bad("E2", stage("further", executionId="E3"), stage("here"), parent="E1")
    bad("E1", stage("child", executionId="E2"), stage("gone", executionId="E9"))
    assert ids(client, "E1", limit=9) == ["deepest", "round", "here", "gone"]
    assert ids(client, "E1", limit=1) == ["deepest"]
    (cause,) = asked(client, "E1")
    assert (cause["pipelineExecutionId"], cause["parentPipelineExecutionId"]) == ("E3", "E2")


def test_a_synthetic_stage_that_failed_is_told_in_place_of_its_parent(client: httpx.Client, world: Any) -> None:
    planned = e.StagePlanned(stage="a", phase="before", stages=(stage("a1"), stage("a2")))
    world.happened(
        "E1",
        e.StageStarted(stage="a"),
        planned,
        *ended("a1", Status.SUCCEEDED),
        *ended("a2", Status.TERMINAL),
        e.StageFinished(stage="a", status=Status.TERMINAL),
        stages=(stage("a"),),
    )
    assert ids(client, "E1", limit=9) == ["a2"]


def test_without_a_failure_there_is_nothing_and_without_an_execution_404(client: httpx.Client, world: Any) -> None:
    world.happened("E1")
    assert asked(client, "E1") == []
    assert client.get("/executions/failedStages?executionId=E9").status_code == 404
    missing = client.get("/executions/failedStages")
    assert (missing.status_code, "executionId" in missing.json()["message"]) == (400, True)
