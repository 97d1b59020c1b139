"""Jobs that change definitions: what they store, what they tell, and that twice is once."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gennaker.core.call import call
from gennaker.core.errors import Unavailable
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.services import Json, Services
from gennaker.core.store.database import Database
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.testing import Rig, Trouble, check_stage
from gennaker.plugins.catalog import gennaker_stages

STAGES = gennaker_stages()
NAMED = {stage.type: stage for stage in STAGES}
PIPELINE = {"application": "app", "name": "deploy", "stages": [{"type": "wait"}]}


@pytest.fixture
def definitions(tmp_path: Path) -> Iterator[SqlDefinitions]:
    database = Database.open(f"sqlite:///{tmp_path}/catalog.db", synchronous="NORMAL")
    ticks = iter(range(1_800_000_000_000, 1_900_000_000_000))
    yield SqlDefinitions(database, lambda: next(ticks))
    database.close()


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def run(definitions: Any, type_: str, trouble: Trouble | None = None, **context: Any) -> Rig:
    rig = Rig(*STAGES, services=Services(definitions=definitions), trouble=trouble)
    rig.run([{"type": type_, "name": "job", **context}])
    return rig


def succeeded(definitions: Any, type_: str, **context: Any) -> Json:
    stage = run(definitions, type_, **context).stage("job")
    assert stage.status is Status.SUCCEEDED, stage.context
    return stage.context


def failed(definitions: Any, type_: str, **context: Any) -> str:
    stage = run(definitions, type_, **context).stage("job")
    assert stage.status is Status.TERMINAL
    message: str = stage.context["exception"]["details"]["error"]
    return message


@pytest.mark.parametrize("type_", ["createApplication", "updateApplication", "upsertApplication"])
def test_an_application_is_created_and_changed_key_by_key(definitions: SqlDefinitions, type_: str) -> None:
    first = succeeded(definitions, type_, application={"name": "App", "email": "a@b.c", "cloudProviders": "aws"})
    assert first["previousState"] is None
    assert (first["application"], first["notification.type"]) == ("app", type_.lower())
    second = succeeded(definitions, type_, application={"name": "app", "email": "d@e.f"})
    assert second["previousState"]["email"] == "a@b.c"
    assert second["newState"]["cloudProviders"] == "aws"
    stored = definitions.application("app")
    assert stored is not None
    assert (stored["email"], stored["lastModifiedBy"]) == ("d@e.f", "tester")


def test_deleting_an_application_takes_its_pipelines_along(definitions: SqlDefinitions) -> None:
    succeeded(definitions, "createApplication", application={"name": "app", "email": "a@b.c"})
    definitions.save_pipeline(dict(PIPELINE), user="ann")
    for _ in range(2):
        succeeded(definitions, "deleteApplication", application={"name": "app"})
    assert definitions.application("app") is None
    assert definitions.pipelines("app") == []


def test_what_is_wrong_is_told_in_the_stage(definitions: SqlDefinitions) -> None:
    assert "email" in failed(definitions, "createApplication", application={"name": "app"})
    assert "application.name" in failed(definitions, "deleteApplication", application={})
    assert "base64" in failed(definitions, "savePipeline", pipeline="?!")
    assert "JSON object" in failed(definitions, "savePipeline", pipeline=encoded([1]))
    assert "pipelineId" in failed(definitions, "deletePipeline")
    assert "Pipeline not found (id: x)" in failed(definitions, "updatePipeline", pipeline={**PIPELINE, "id": "x"})
    assert "whole number" in failed(definitions, "reorderPipelines", idsToIndices={"x": "y"})
    assert "list of JSON objects" in failed(definitions, "savePipeline", isBulkSavingPipelines=True, pipelines=[1])
    assert "project.id" in failed(definitions, "deleteProject", project={"name": "x"})


def test_a_pipeline_is_saved_from_base64_and_keeps_its_place(definitions: SqlDefinitions) -> None:
    told = succeeded(definitions, "savePipeline", pipeline=encoded({**PIPELINE, "index": 3}))
    assert (told["application"], told["pipeline.name"], told["notification.type"]) == ("app", "deploy", "savepipeline")
    changed = {**PIPELINE, "id": told["pipeline.id"], "description": "new"}
    assert succeeded(definitions, "savePipeline", pipeline=encoded(changed))["pipeline.id"] == told["pipeline.id"]
    stored = definitions.pipeline(told["pipeline.id"])
    assert stored is not None
    assert (stored["description"], stored["index"]) == ("new", 3)
    by_field = succeeded(definitions, "savePipeline", pipeline=dict(PIPELINE), **{"pipeline.id": told["pipeline.id"]})
    assert by_field["pipeline.id"] == told["pipeline.id"]


def test_a_stale_pipeline_is_refused_when_asked(definitions: SqlDefinitions) -> None:
    stored = definitions.save_pipeline(dict(PIPELINE), user="ann")
    stale = {**PIPELINE, "id": stored["id"], "lastModified": 1}
    assert "stale" in failed(definitions, "savePipeline", pipeline=stale, staleCheck=True)
    succeeded(definitions, "updatePipeline", pipeline={**stored, "description": "x"}, staleCheck=True)


def test_several_pipelines_are_saved_each_for_itself(definitions: SqlDefinitions) -> None:
    several = [PIPELINE, {"application": "app"}, {**PIPELINE, "name": "other"}]
    told = succeeded(definitions, "savePipeline", isBulkSavingPipelines=True, pipelines=encoded(several))["bulksave"]
    assert (told["successful_pipelines"], told["failed_pipelines_count"]) == (["deploy", "other"], 1)
    assert "name" in told["failed_pipelines"][0]["errorMsg"]


def test_pipelines_are_deleted_by_id_by_name_and_whole(definitions: SqlDefinitions) -> None:
    ids = {n: definitions.save_pipeline({**PIPELINE, "name": n}, user="ann")["id"] for n in ("one", "two", "three")}
    succeeded(definitions, "deletePipeline", pipelineId=ids["one"])
    succeeded(definitions, "deletePipeline", application="app", pipelineName="TWO")
    assert [one["name"] for one in definitions.pipelines("app")] == ["three"]
    succeeded(definitions, "deletePipeline", pipeline={"application": "app", "name": "three"})
    assert definitions.pipelines("app") == []
    succeeded(definitions, "deletePipeline", pipelineId=ids["one"])


def test_pipelines_are_ordered(definitions: SqlDefinitions) -> None:
    ids = [definitions.save_pipeline({**PIPELINE, "name": name}, user="ann")["id"] for name in ("one", "two")]
    succeeded(definitions, "reorderPipelines", application="app", idsToIndices=encoded({ids[0]: 1, ids[1]: 0}))
    assert [one["name"] for one in definitions.pipelines("app")] == ["two", "one"]
    assert "no pipeline" in failed(definitions, "reorderPipelines", application="app", idsToIndices={"x": 1})


def test_projects_are_saved_and_removed(definitions: SqlDefinitions) -> None:
    told = succeeded(definitions, "upsertProject", project={"name": "Ship", "email": "a@b.c"})
    assert definitions.project("ship")["id"] == told["projectId"]  # type: ignore[index]
    succeeded(definitions, "deleteProject", project={"id": told["projectId"]})
    assert definitions.projects() == []


def work(type_: str, task: str, context: Json, *, again: bool) -> Work:
    return Work(
        execution="E",
        stage="S",
        kind="task",
        name=task,
        round=0,
        attempt=1,
        again=again,
        key="E/S/0/1",
        at=0,
        answer_by=0,
        not_after=0,
        shard=0,
        type=type_,
        user="ann",
        context=context,
    )


def test_rule_10_a_call_that_is_made_again_creates_nothing_twice(definitions: SqlDefinitions) -> None:
    services = Services(definitions=definitions)
    for again in (False, True, True):
        saved = call(
            NAMED["savePipeline"], work("savePipeline", "savePipeline", {"pipeline": PIPELINE}, again=again), services
        )
        assert saved.status is Status.SUCCEEDED, saved.error
        project = {"project": {"name": "Ship", "email": "a@b.c"}}
        call(NAMED["upsertProject"], work("upsertProject", "upsertProject", project, again=again), services)
    (stored,) = definitions.pipelines("app")
    assert len(definitions.history(stored["id"])) == 1
    assert len(definitions.projects()) == 1


def test_rule_10_a_stale_check_is_no_obstacle_to_the_same_call_again(definitions: SqlDefinitions) -> None:
    before = definitions.save_pipeline(dict(PIPELINE), user="ann")
    context = {"pipeline": {**before, "description": "new"}, "staleCheck": True}
    services = Services(definitions=definitions)
    for again in (False, True):
        outcome = call(NAMED["savePipeline"], work("savePipeline", "savePipeline", context, again=again), services)
        assert outcome.status is Status.SUCCEEDED
    other = {**before, "description": "other"}
    call(NAMED["savePipeline"], work("savePipeline", "savePipeline", {"pipeline": other}, again=False), services)
    lost = call(NAMED["savePipeline"], work("savePipeline", "savePipeline", context, again=True), services)
    assert lost.status is Status.TERMINAL


def test_a_database_that_is_away_is_tried_again() -> None:
    class Away:
        def application(self, name: str) -> None:
            raise Unavailable("no connection")

    services: Any = replace(Services(), definitions=Away())
    context = {"application": {"name": "app", "email": "a@b.c"}}
    outcome = call(
        NAMED["upsertApplication"], work("upsertApplication", "upsertApplication", context, again=False), services
    )
    assert outcome.retryable
    assert "run the worker where" in failed(None, "upsertApplication", **context)


@pytest.mark.parametrize("type_", sorted(NAMED))
def test_every_stage_type_keeps_its_promises_in_trouble(definitions: SqlDefinitions, type_: str) -> None:
    assert check_stage(NAMED[type_], services=Services(definitions=definitions)) == []
