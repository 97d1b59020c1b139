"""Pipelines from an artifact: each is created or replaced, whatever becomes of the others."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import InvalidRequest, Unavailable
from gennaker.core.model.status import Status
from gennaker.core.services import Json, Services
from gennaker.core.store.database import Database
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.testing import FakeHttp, Rig, Trouble
from gennaker.plugins.catalog.from_artifact import MOST, SavePipelinesFromArtifact, read_pipelines
from gennaker.plugins.catalog.pipelines import SavePipeline, UpdatePipeline
from gennaker.plugins.embedded import gennaker_artifacts

STAGES = [{"type": "wait", "waitTime": "${parameters.seconds}"}]


@pytest.fixture
def definitions(tmp_path: Path) -> Iterator[SqlDefinitions]:
    database = Database.open(f"sqlite:///{tmp_path}/catalog.db", synchronous="NORMAL")
    ticks = iter(range(1_800_000_000_000, 1_900_000_000_000))
    yield SqlDefinitions(database, lambda: next(ticks))
    database.close()


def artifact(content: Any) -> Json:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {"type": "embedded/base64", "name": "all", "reference": b64encode(data).decode()}


def run(definitions: Any, trouble: Trouble | None = None, **context: Any) -> Rig:
    services = Services(definitions=definitions, artifacts=Accounts(gennaker_artifacts(), FakeHttp()))
    rig = Rig(SavePipelinesFromArtifact, services=services, trouble=trouble)
    rig.run([{"type": "savePipelinesFromArtifact", "name": "job", **context}])
    return rig


def test_pipelines_are_created_and_the_ones_of_the_same_name_replaced(definitions: SqlDefinitions) -> None:
    old = definitions.save_pipeline({"application": "shop", "name": "Build", "stages": []}, user="ann")
    content = {"shop": [{"name": "build", "stages": STAGES}, {"name": "ship", "stages": []}], "bank": [{"name": "pay", "application": "other", "stages": []}]}  # fmt: skip
    stage = run(definitions, pipelinesArtifact=artifact(content)).stage("job")
    assert stage.status is Status.SUCCEEDED, stage.context
    assert [one["name"] for one in stage.context["pipelinesUpdated"]] == ["build"]
    assert [(one["application"], one["name"]) for one in stage.context["pipelinesCreated"]] == [
        ("shop", "ship"),
        ("bank", "pay"),
    ]
    assert stage.context["pipelinesFailedToSave"] == []
    stored = definitions.pipeline(old["id"])
    assert stored is not None
    assert stored["stages"] == STAGES
    assert [one["application"] for one in definitions.pipelines("bank")] == ["bank"]
    assert definitions.pipelines("other") == []


def test_an_id_that_is_known_is_the_same_pipeline_by_another_name(definitions: SqlDefinitions) -> None:
    old = definitions.save_pipeline({"application": "shop", "name": "old", "stages": []}, user="ann")
    stage = run(
        definitions, pipelinesArtifact=artifact({"shop": [{"id": old["id"], "name": "new", "stages": []}]})
    ).stage("job")
    assert [one["id"] for one in stage.context["pipelinesUpdated"]] == [old["id"]]
    assert [one["name"] for one in definitions.pipelines("shop")] == ["new"]


@pytest.mark.parametrize("seed", range(5))
def test_saved_twice_is_saved_once(definitions: SqlDefinitions, seed: int) -> None:
    trouble = Trouble(duplicate=1.0, crash=0.4, seed=seed)
    stage = run(definitions, trouble, pipelinesArtifact=artifact({"shop": [{"name": "ship", "stages": []}]})).stage(
        "job"
    )
    assert [one["name"] for one in stage.context["pipelinesCreated"]] == ["ship"]
    (stored,) = definitions.pipelines("shop")
    assert len(definitions.history(stored["id"])) == 1


def test_one_that_cannot_be_saved_does_not_keep_the_others(definitions: SqlDefinitions) -> None:
    class Strict:
        def __getattr__(self, name: str) -> Any:
            return getattr(definitions, name)

        def save_pipeline(self, pipeline: Json, **more: Any) -> Json:
            if pipeline["name"] == "bad":
                raise InvalidRequest("has no stages", "stages")
            return definitions.save_pipeline(pipeline, **more)

    content = {"shop": [{"name": "bad"}, {"name": "good", "stages": []}]}
    stage = run(Strict(), pipelinesArtifact=artifact(content)).stage("job")
    assert stage.status is Status.TERMINAL
    message = "1 of 2 pipelines could not be saved; the first: 'bad' of 'shop': stages: has no stages"
    assert stage.context["exception"]["details"]["error"] == message
    assert [one["name"] for one in stage.context["pipelinesCreated"]] == ["good"]
    assert stage.context["pipelinesFailedToSave"][0]["errorMsg"] == "stages: has no stages"


def test_an_outage_is_waited_for(definitions: SqlDefinitions) -> None:
    class Down:
        left = 2

        def __getattr__(self, name: str) -> Any:
            if name == "save_pipeline" and self.left:
                self.left -= 1
                raise Unavailable("the database cannot be reached")
            return getattr(definitions, name)

    stage = run(Down(), pipelinesArtifact=artifact({"shop": [{"name": "ship", "stages": []}]})).stage("job")
    assert stage.status is Status.SUCCEEDED


def test_an_expected_artifact_may_hold_them(definitions: SqlDefinitions) -> None:
    bound = {"id": "x", "boundArtifact": artifact({"shop": [{"name": "ship", "stages": []}]})}
    stage = run(definitions, pipelinesArtifactId="x", resolvedExpectedArtifacts=[bound]).stage("job")
    assert stage.status is Status.SUCCEEDED, stage.context
    stage = run(definitions, pipelinesArtifactId="y", resolvedExpectedArtifacts=[bound]).stage("job")
    assert "there is no bound artifact with the id 'y'" in stage.context["exception"]["details"]["error"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "all: is no JSON"),
        (b"\xff", "all: is no JSON"),
        (b"[" * 100_000, "all: is no JSON"),
        ([], "all: expected an object of applications, each with a list of pipelines"),
        ({"shop": {}}, "all, shop: expected a list of pipelines"),
        ({"shop": ["x"]}, "all, shop[0]: expected a pipeline with a name"),
        ({"shop": [{"name": "a"}, {"name": " "}]}, "all, shop[1]: expected a pipeline with a name"),
        ({"shop": [{"name": str(n)} for n in range(MOST + 1)]}, f"all: has {MOST + 1} pipelines; at most {MOST}"),
    ],
)
def test_what_holds_no_pipelines_is_refused_as_a_whole(content: Any, message: str) -> None:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(InvalidRequest) as raised:
        read_pipelines(data, "all")
    assert message in raised.value.message


def test_without_an_artifact_there_is_nothing_to_save(definitions: SqlDefinitions) -> None:
    for context in ({}, {"pipelinesArtifact": {"type": "http/file", "reference": "x"}}):
        stage = run(definitions, **context).stage("job")
        assert stage.status is Status.TERMINAL
        assert "artifact" in stage.context["exception"]["details"]["error"]
    rig = Rig(SavePipelinesFromArtifact)
    rig.run([{"type": "savePipelinesFromArtifact", "name": "job"}])
    assert "this worker has no definitions" in rig.stage("job").context["exception"]["details"]["error"]


def test_expressions_of_a_saved_pipeline_may_be_left_to_it(definitions: SqlDefinitions) -> None:
    saved = {"application": "shop", "name": "ship", "stages": STAGES}
    rig = Rig(SavePipeline, UpdatePipeline, services=Services(definitions=definitions))
    rig.run([{"type": "savePipeline", "name": "job", "pipeline": saved, "skipExpressionEvaluation": True}])
    (stored,) = definitions.pipelines("shop")
    assert stored["stages"] == STAGES
    changed = {**saved, "id": stored["id"], "stages": [{"type": "wait", "name": "${execution.id}"}]}
    rig.run([{"type": "updatePipeline", "pipeline": changed, "skipExpressionEvaluation": True}])
    assert definitions.pipelines("shop")[0]["stages"][0]["name"] == "${execution.id}"
    rig.run([{"type": "updatePipeline", "pipeline": changed}])
    assert definitions.pipelines("shop")[0]["stages"][0]["name"] == "TEST"
