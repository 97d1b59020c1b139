"""Jobs that change templates: what they store, whom they ask first, and that twice is once."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gennaker.core.call import call
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.services import Json, Services
from gennaker.core.store.database import Database
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.testing import Rig
from gennaker.plugins.catalog import gennaker_stages

STAGES = gennaker_stages()
NAMED = {stage.type: stage for stage in STAGES}
TEMPLATE: Json = {
    "schema": "v2",
    "id": "release",
    "variables": [{"name": "seconds", "type": "int"}],
    "pipeline": {"stages": [{"refId": "1", "type": "wait", "waitTime": "${templateVariables.seconds}"}]},
}
CREATE, UPDATE, DELETE = "createV2PipelineTemplate", "updateV2PipelineTemplate", "deleteV2PipelineTemplate"


@pytest.fixture
def definitions(tmp_path: Path) -> Iterator[SqlDefinitions]:
    database = Database.open(f"sqlite:///{tmp_path}/catalog.db", synchronous="NORMAL")
    ticks = iter(range(1_800_000_000_000, 1_900_000_000_000))
    yield SqlDefinitions(database, lambda: next(ticks))
    database.close()


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def run(definitions: SqlDefinitions, type_: str, **context: Any) -> Any:
    rig = Rig(*STAGES, services=Services(definitions=definitions))
    rig.run([{"type": type_, "name": "job", **context}])
    return rig.stage("job")


def succeeded(definitions: SqlDefinitions, type_: str, **context: Any) -> Json:
    stage = run(definitions, type_, **context)
    assert stage.status is Status.SUCCEEDED, stage.context
    found: Json = stage.context
    return found


def failed(definitions: SqlDefinitions, type_: str, **context: Any) -> str:
    stage = run(definitions, type_, **context)
    assert stage.status is Status.TERMINAL
    message: str = stage.context["exception"]["details"]["error"]
    return message


def use(definitions: SqlDefinitions, name: str, reference: str, **variables: Any) -> None:
    config = {"type": "templatedPipeline", "schema": "v2", "application": "app", "name": name}
    definitions.save_pipeline({**config, "template": {"reference": reference}, "variables": variables}, user="ann")


def test_a_template_is_created_with_its_expressions_untouched(definitions: SqlDefinitions) -> None:
    told = succeeded(definitions, CREATE, pipelineTemplate=encoded(TEMPLATE), tag="stable")
    assert (told["notification.type"], told["pipelineTemplate.id"]) == ("createpipelinetemplate", "release")
    stored = definitions.template("release", tag="stable")
    assert stored is not None
    assert (stored["pipeline"], stored["lastModifiedBy"]) == (TEMPLATE["pipeline"], "tester")
    assert definitions.template("release") == stored
    assert "release:stable already exists" in failed(
        definitions, CREATE, pipelineTemplate=encoded(TEMPLATE), tag="stable"
    )


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"pipelineTemplate": "?!"}, "base64"),
        ({"pipelineTemplate": encoded([])}, "JSON object"),
        ({"pipelineTemplate": encoded({**TEMPLATE, "schema": "v1"})}, "schema: expected 'v2'"),
        ({"pipelineTemplate": encoded({**TEMPLATE, "id": None})}, "id: None is no id"),
        ({"pipelineTemplate": encoded(TEMPLATE), "tag": "mine"}, "there is no tag 'mine'"),
    ],
)
@pytest.mark.parametrize("type_", [CREATE, UPDATE])
def test_a_wrong_template_is_refused_and_nothing_is_stored(
    definitions: SqlDefinitions, type_: str, context: Json, message: str
) -> None:
    assert message in failed(definitions, type_, **context)
    assert definitions.template_versions() == {}


def test_a_template_is_updated(definitions: SqlDefinitions) -> None:
    assert "Pipeline template not found (id: release)" in failed(
        definitions, UPDATE, pipelineTemplate=encoded(TEMPLATE)
    )
    succeeded(definitions, CREATE, pipelineTemplate=encoded(TEMPLATE))
    changed = {**TEMPLATE, "protect": True}
    told = succeeded(definitions, UPDATE, id="release", pipelineTemplate=encoded(changed), tag="test")
    assert told["notification.type"] == "updatepipelinetemplate"
    assert (definitions.template("release", tag="test") or {})["protect"] is True
    other = failed(definitions, UPDATE, id="other", pipelineTemplate=encoded(changed))
    assert "pipelineTemplate.id: is 'release', where 'other' is to be changed" in other


def test_an_update_is_refused_when_a_pipeline_could_not_be_made_any_more(definitions: SqlDefinitions) -> None:
    digest = definitions.save_template(TEMPLATE, user="ann", tag="stable", create=True)["digest"]
    use(definitions, "latest", "spinnaker://release", seconds=1)
    use(definitions, "stable", "spinnaker://release:stable", seconds=1)
    use(definitions, "pinned", f"spinnaker://release@sha256:{digest}", seconds=1)
    more = {**TEMPLATE, "variables": [*TEMPLATE["variables"], {"name": "more", "type": "string"}]}
    refused = failed(definitions, UPDATE, pipelineTemplate=encoded(more), tag="test")
    assert refused.startswith(
        "1 pipelines could not be made from it any more: app/latest: Pipeline template is invalid"
    )
    assert "Missing variable values for: more" in refused
    both = failed(definitions, UPDATE, pipelineTemplate=encoded(more), tag="stable")
    assert "app/latest" in both
    assert "app/stable" in both
    assert "app/pinned" not in both
    assert definitions.template("release", tag="test") is None
    succeeded(definitions, UPDATE, pipelineTemplate=encoded(more), tag="test", skipPlanDependents=True)
    assert definitions.template("release", tag="test") is not None
    fine = {**TEMPLATE, "variables": [{**TEMPLATE["variables"][0], "description": "how long"}]}
    succeeded(definitions, UPDATE, pipelineTemplate=encoded(fine), tag="stable")


def test_a_template_is_deleted_when_nobody_needs_it(definitions: SqlDefinitions) -> None:
    definitions.save_template(TEMPLATE, user="ann", tag="stable", create=True)
    use(definitions, "ship", "spinnaker://release", seconds=1)
    assert "is used by app/ship" in failed(definitions, DELETE, pipelineTemplateId="release")
    succeeded(definitions, DELETE, pipelineTemplateId="release", tag="stable")
    assert definitions.template("release", tag="stable") is None
    definitions.delete_pipeline(definitions.pipelines("app")[0]["id"], user="ann")
    for _ in range(2):
        told = succeeded(definitions, DELETE, pipelineTemplateId="release")
        assert told["notification.type"] == "deletepipelinetemplate"
    assert definitions.template_versions() == {}


def work(type_: str, task: str, context: Json, *, again: bool) -> Work:
    key = {"execution": "E", "stage": "S", "kind": "task", "round": 0, "attempt": 1, "key": "E/S/0/1"}
    times = {"at": 0, "answer_by": 0, "not_after": 0, "shard": 0}
    return Work(name=task, type=type_, again=again, user="ann", context=context, **key, **times)  # type: ignore[arg-type]


def test_rule_10_a_call_that_is_made_again_creates_nothing_twice(definitions: SqlDefinitions) -> None:
    services = Services(definitions=definitions)
    context = {"pipelineTemplate": encoded(TEMPLATE), "tag": "stable"}
    for type_ in (CREATE, UPDATE):
        for again in (False, True, True):
            outcome = call(NAMED[type_], work(type_, type_, context, again=again), services)
            assert outcome.status is Status.SUCCEEDED, outcome.error
    assert len(definitions.template_history("release")) == 2
    lost = call(
        NAMED[CREATE], work(CREATE, CREATE, {"pipelineTemplate": encoded({**TEMPLATE, "a": 1})}, again=True), services
    )
    assert lost.status is Status.TERMINAL
