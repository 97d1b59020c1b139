"""Pipelines that are made from templates, from the request to the plain pipeline that runs."""

import json

import pytest

from gennaker.core.errors import InvalidTemplate, NotFound, Unavailable
from gennaker.core.runtime.planning import Planning
from gennaker.core.services import Search

TEMPLATE = {
    "schema": "v2",
    "id": "release",
    "variables": [{"name": "type", "type": "string", "defaultValue": "nothing"}, {"name": "label", "type": "string"}],
    "pipeline": {
        "stages": [
            {
                "refId": "1",
                "type": "${templateVariables.type}",
                "name": "Go",
                "label": "${templateVariables.label}",
                "later": "${parameters.seen + ', ' + templateVariables.label}",
            }
        ],
        "parameterConfig": [{"name": "seen", "default": "yes"}],
        "limitConcurrent": True,
    },
}
CONFIG = {
    "type": "templatedPipeline",
    "schema": "v2",
    "application": "app",
    "name": "ship",
    "template": {"artifactAccount": "mine", "type": "front50/pipelineTemplate", "reference": "spinnaker://release"},
    "variables": {"label": "for ${parameters.seen}"},
}


class Definitions:
    """Holds one template."""

    def __init__(self, **versions):
        self.versions = {"latest": TEMPLATE, **versions}

    def template(self, id_, *, tag="", digest=""):
        return self.versions.get(tag or digest or "latest") if id_ == "release" else None


class Artifacts:
    """Gives what it is told and remembers what it was asked."""

    def __init__(self, content=b""):
        self.content = content
        self.asked = []

    def fetch(self, artifact):
        self.asked.append(artifact)
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


def config(reference="spinnaker://release", type_="front50/pipelineTemplate"):
    return {**CONFIG, "template": {**CONFIG["template"], "reference": reference, "type": type_}}


def test_a_pipeline_without_a_template_is_left_alone():
    plain = {"application": "app", "stages": []}
    assert Planning(Definitions()).planned(plain, {}) is plain


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("spinnaker://release", "latest"),
        ("spinnaker://release:stable", "stable"),
        ("spinnaker://release:${parameters.tag}", "test"),
        (f"spinnaker://release@sha256:{'a' * 64}", "a" * 64),
    ],
)
def test_the_reference_chooses_the_version(reference, version):
    versions = {
        each: {**TEMPLATE, "pipeline": {"description": each, "stages": []}}
        for each in ("latest", "stable", "test", "a" * 64)
    }
    planned = Planning(Definitions(**versions)).planned(config(reference), {"parameters": {"tag": "test"}})
    assert planned["description"] == version


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("spinnaker://other", "there is no template spinnaker://other"),
        ("spinnaker://release:stable", "there is no template spinnaker://release:stable"),
        ("spinnaker://release:${parameters.tag}", "names no template: column 12: there is no property 'tag'"),
        ("spinnaker://${trigger.name}", "'spinnaker://a:b:c' names no template|there is no tag 'b:c'"),
        ("spinnaker://${trigger.code}", "names no template"),
        ("https://example.com/t.json", "this process knows no artifacts"),
    ],
)
def test_a_template_that_is_not_there_is_told(reference, message):
    trigger = {"parameters": {}, "name": "a:b:c", "code": "${parameters.x}"}
    with pytest.raises(InvalidTemplate, match=message) as caught:
        Planning(Definitions()).planned(config(reference), trigger)
    assert caught.value.problems[0].startswith("template.reference: ")


YAML = b"schema: v2\nid: far\npipeline:\n  stages:\n  - {refId: '1', type: noop}\n"


@pytest.mark.parametrize("content", [json.dumps({**TEMPLATE, "id": "far"}).encode(), YAML])
def test_a_template_from_elsewhere_is_json_or_yaml(content):
    artifacts = Artifacts(content)
    planned = Planning(Definitions(), artifacts).planned(config("https://example.com/t"), {})
    assert planned["source"]["id"] == "far"
    assert artifacts.asked == [{"type": "http/file", "artifactAccount": "mine", "reference": "https://example.com/t"}]


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (97 + i, 97 + i, b",".join([b"*%c" % (96 + i)] * 9)) for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "has too many values"),
        (b"a: &a [*a]", "nested too deeply|is not YAML"),
        (b"!!python/object/apply:os.system ['true']", "is not allowed"),
        (b"schema: v2\nschema: v1", "is there twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "is not UTF-8 text"),
        (b"[1]", "holds no template; expected an object"),
        (b"", "holds no template"),
        (b" " * 2_000_001, "is too large"),
        (b"schema: v1", "template, schema: expected 'v2', found 'v1'"),
        (Unavailable("nobody answers"), "https://example.com/t cannot be fetched: nobody answers"),
        (NotFound("no account 'mine'"), "cannot be fetched: no account 'mine'"),
    ],
)
def test_what_is_no_template_is_refused(content, message):
    with pytest.raises(InvalidTemplate, match=message):
        Planning(Definitions(), Artifacts(content)).planned(config("https://example.com/t"), {})


@pytest.fixture
def saved(runtime):
    """A stored template and pipeline; keywords change the pipeline."""
    definitions = runtime.services.definitions
    definitions.save_template(TEMPLATE, user="ann", create=True)
    return lambda **changes: definitions.save_pipeline({**CONFIG, **changes}, user="ann")


def test_a_templated_pipeline_runs_as_the_plain_one(runtime, until, saved):
    stored = saved()
    id_ = runtime.services.control.start_stored("app", "ship", {}, user="ann")
    found = until(runtime, id_, status="SUCCEEDED")
    (stage,) = found.top_level()
    assert (stage.type, stage.name, stage.context["label"]) == ("nothing", "Go", "for yes")
    assert stage.context["later"] == "yes, for ${parameters.seen}"
    assert (found.pipeline_config_id, found.name, found.limit_concurrent) == (stored["id"], "ship", True)
    assert found.source == {"id": "release", "type": "templatedPipeline", "version": "v2"}
    assert found.template_variables == {"type": "nothing", "label": "for ${parameters.seen}"}
    assert found.trigger["parameters"] == {"seen": "yes"}


def test_a_template_is_read_at_each_start(runtime, until, saved):
    saved()
    changed = {**TEMPLATE, "pipeline": {"stages": [{"refId": "9", "type": "nothing"}]}}
    runtime.services.definitions.save_template(changed, user="bob")
    id_ = runtime.services.control.start_stored("app", "ship", {}, user="ann")
    assert [stage.ref_id for stage in until(runtime, id_, status="SUCCEEDED").top_level()] == ["9"]


def test_what_cannot_be_planned_is_recorded_as_failed_on_startup(runtime, until, saved):
    stored = saved(variables={"label": 7})
    for _ in range(2):
        with pytest.raises(InvalidTemplate, match=r"variables\.label: expected text, found a number"):
            runtime.services.control.start_stored("app", "ship", {}, user="ann", key="once")
    (found,) = runtime.services.executions.find(Search(pipeline_ids=(stored["id"],)))
    found = until(runtime, found.id, status="TERMINAL")
    assert found.canceled_by == "system"
    assert found.cancellation_reason == (
        "Failed on startup: Pipeline template is invalid: variables.label: expected text, found a number: 7"
    )
    assert not found.top_level()


def test_a_plan_shows_the_plain_pipeline_or_its_errors_and_starts_nothing(runtime, saved):
    plan = runtime.services.control.plan(saved(), {}, user="ann")
    assert plan["stages"][0]["label"] == "for ${parameters.seen}"
    assert (plan["trigger"]["parameters"], "errors" in plan, "template" in plan) == ({"seen": "yes"}, False, False)
    wrong = runtime.services.control.plan({**CONFIG, "plan": True, "variables": {}, "exclude": ["x"]}, {}, user="ann")
    assert wrong["errors"] == [
        "exclude[0]: there is no section 'x'; expected some of triggers, notifications, parameters, parameterConfig, expectedArtifacts"
    ]
    assert "plan" not in wrong
    assert runtime.services.executions.find(Search()) == []


def test_a_child_may_be_made_from_a_template(runtime, until, saved):
    stage = {"type": "pipeline", "refId": "1", "application": "app", "pipeline": saved()["id"]}
    id_ = runtime.services.control.start({"application": "app", "stages": [stage]}, {}, user="ann")
    until(runtime, id_, status="SUCCEEDED")


def test_a_child_expects_the_artifacts_of_its_template(runtime, until, saved):
    image = {"type": "docker/image", "name": "shop"}
    pipeline = {**TEMPLATE["pipeline"], "expectedArtifacts": [{"id": "image", "matchArtifact": image}]}
    runtime.services.definitions.save_template({**TEMPLATE, "pipeline": pipeline}, user="ann")
    stage = {"type": "pipeline", "refId": "1", "application": "app", "pipeline": saved()["id"]}
    trigger = {"artifacts": [{**image, "version": "2", "reference": "shop:2"}]}
    id_ = runtime.services.control.start({"application": "app", "stages": [stage]}, trigger, user="ann")
    parent = until(runtime, id_, status="SUCCEEDED")
    child = runtime.services.executions.get(parent.top_level()[0].context["executionId"])
    assert [each["boundArtifact"]["version"] for each in child.trigger["resolvedExpectedArtifacts"]] == ["2"]


def test_a_child_that_cannot_be_planned_fails_its_parent_and_says_why(runtime, until, saved):
    stage = {"type": "pipeline", "refId": "1", "application": "app", "pipeline": saved(variables={})["id"]}
    id_ = runtime.services.control.start({"application": "app", "stages": [stage]}, {}, user="ann")
    found = until(runtime, id_, status="TERMINAL").top_level()[0]
    assert "Missing variable values for: label" in json.dumps(found.context["exception"])
