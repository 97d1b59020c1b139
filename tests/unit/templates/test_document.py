"""What a template may be, and its digest."""

import hashlib

import pytest

from gennaker.core.errors import InvalidRequest
from gennaker.core.templates import Reference, check_template, digest_of, read_reference, template_to_store
from gennaker.core.templates.reference import artifact_of, used_by

VARIABLE = {"name": "x", "type": "int"}
STAGE = {"refId": "a", "type": "wait"}
DIGEST = "ab" * 32


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"variables": ...},
        {"protect": True, "metadata": {"name": "Ship it - now & here 2", "scopes": ["global"], "owner": "a"}},
        {"variables": [{"name": "a_1"}, {**VARIABLE, "type": "INT", "defaultValue": 3.0}]},
        {"variables": [{**VARIABLE, "defaultValue": "${parameters.n}", "nullable": True}]},
        {"stages": []},
        {"stages": [{"type": "wait"}, {"type": "wait"}]},
        {"stages": [STAGE, {"refId": "b", "type": "wait", "inject": {"first": False, "after": ["a"], "before": []}}]},
        {"unknown": {"kept": 1}},
    ],
)
def test_a_template_is_accepted(template, changes):
    assert check_template(template(**changes)) == ()


@pytest.mark.parametrize(
    ("changes", "where", "message"),
    [
        ({"schema": "1"}, "schema", "expected 'v2', found '1'"),
        ({"schema": ...}, "schema", "found None"),
        ({"id": ...}, "id", "None is no id"),
        ({"id": "a:b"}, "id", "is no id"),
        ({"id": "a/b"}, "id", "is no id"),
        ({"id": "versions"}, "id", "is no id"),
        ({"id": "x" * 201}, "id", "is no id"),
        ({"protect": "yes"}, "protect", "expected true or false, found text"),
        ({"metadata": []}, "metadata", "expected an object, found a list"),
        ({"metadata": {"name": "a/b"}}, "metadata.name", "'a/b' is no name"),
        ({"metadata": {"scopes": "global"}}, "metadata.scopes", "expected a list"),
        ({"variables": {}}, "variables", "expected a list of objects, found an object"),
        ({"variables": ["x"]}, "variables[0]", "expected an object, found text"),
        ({"variables": [{"type": "int"}]}, "variables[0].name", "None is no name"),
        ({"variables": [VARIABLE, {"name": "a-b"}]}, "variables[1].name", "'a-b' is no name"),
        ({"variables": [VARIABLE, VARIABLE]}, "variables[1].name", "declared by variables[0] already"),
        ({"variables": [{**VARIABLE, "type": "date"}]}, "variables[0].type", "no type 'date'; expected one of int"),
        ({"variables": [{**VARIABLE, "defaultValue": "3"}]}, "variables[0].defaultValue", "a whole number, found text"),
        ({"variables": [{**VARIABLE, "nullable": 1}]}, "variables[0].nullable", "expected true or false"),
        ({"variables": [{"name": f"v{i}"} for i in range(501)]}, "variables", "at most 500"),
        ({"pipeline": {"template": {}}}, "pipeline.template", "cannot be made from another one"),
        ({"pipeline": {"type": "templatedPipeline"}}, "pipeline.template", "cannot be made from another one"),
        ({"pipeline": {"triggers": [1]}}, "pipeline.triggers[0]", "expected an object, found a number"),
        ({"stages": {}}, "pipeline.stages", "expected a list of objects"),
        ({"stages": [{"refId": "a"}]}, "pipeline.stages[0].type", "is missing"),
        ({"stages": [STAGE, STAGE]}, "pipeline.stages[1].refId", "'a' is used by stages[0] already"),
        ({"stages": [STAGE, {"type": "x"}]}, "pipeline.stages[1].refId", "found nothing"),
        ({"stages": [{**STAGE, "requisiteStageRefIds": "b"}]}, "pipeline.stages[0].requisiteStageRefIds", "a list"),
        ({"stages": [{**STAGE, "inject": []}]}, "pipeline.stages[0].inject", "found a list"),
        ({"stages": [{**STAGE, "inject": {}}]}, "pipeline.stages[0].inject", "exactly one"),
        (
            {"stages": [{**STAGE, "inject": {"first": True, "last": True}}]},
            "pipeline.stages[0].inject",
            "first and last",
        ),
        ({"stages": [{**STAGE, "inject": {"over": True}}]}, "pipeline.stages[0].inject", "no rule over"),
        ({"stages": [{**STAGE, "inject": {"first": 1}}]}, "pipeline.stages[0].inject.first", "expected true"),
        ({"stages": [{**STAGE, "inject": {"after": "a"}}]}, "pipeline.stages[0].inject.after", "a list of refIds"),
        ({"stages": [{"refId": str(i), "type": "x"} for i in range(1001)]}, "pipeline.stages", "at most 1000"),
        ({"note": nested(120)}, "pipeline", "nested too deeply"),
        ({"note": nested(5_000)}, "pipeline", "nested too deeply"),
        ({"note": "x" * 2_000_001}, "pipeline", "at most 2,000,000"),
    ],
)
def test_a_wrong_template_is_refused_with_its_place(template, changes, where, message):
    found = check_template(template(**changes))
    assert [each.where for each in found if message in each.message] == [where], found


def test_a_template_without_a_pipeline_is_refused(template):
    (problem,) = check_template({**template(), "pipeline": None})
    assert str(problem) == "pipeline: expected a pipeline, found nothing"


def test_every_problem_is_told_at_once(template):
    with pytest.raises(InvalidRequest) as caught:
        template_to_store(template(schema="v1", id="a b"), user="ann", now=1)
    assert caught.value.where == "schema"
    assert len(caught.value.problems) == 2


def test_a_digest_is_of_sorted_keys_without_blanks_and_without_what_the_server_says(template):
    first = digest_of({"b": "x y z", "a": [1, None]})
    assert first == digest_of(
        {"a": [1, None], "b": "xyz", "digest": "forged", "lastModifiedBy": "ann", "updateTs": "1"}
    )
    assert first != digest_of({"a": [1], "b": "xyz"})
    assert first == hashlib.sha256(b'{"a":[1,null],"b":"xyz"}').hexdigest()
    stored = template_to_store({**template(), "tag": "test", "digest": "forged"}, user="ann", now=7)
    assert stored == {**template(), "digest": digest_of(template()), "updateTs": "7", "lastModifiedBy": "ann"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spinnaker://release", Reference(id="release")),
        ("spinnaker://release:latest", Reference(id="release")),
        ("spinnaker://release:stable", Reference(id="release", tag="stable")),
        (f"spinnaker://release@sha256:{DIGEST}", Reference(id="release", digest=DIGEST)),
    ],
)
def test_a_reference_names_a_tag_or_a_digest(text, expected):
    assert read_reference(text) == expected
    assert read_reference(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("release", "names no template"),
        ("spinnaker://", "names no template"),
        ("spinnaker://a/b", "names no template"),
        ("spinnaker://release:", "names no template"),
        ("spinnaker://release@sha256:", "names no template"),
        ("spinnaker://release:mine", "no tag 'mine'; expected one of latest, stable"),
        ("spinnaker://release@sha256:12", "'12' is no digest"),
        (f"spinnaker://release:stable@sha256:{DIGEST}", "a tag and a digest"),
    ],
)
def test_a_wrong_reference_is_refused(text, message):
    with pytest.raises(InvalidRequest, match=message):
        read_reference(text)


def test_a_pipeline_names_its_template_unless_only_a_run_can_tell(config):
    assert used_by(config()) == Reference(id="release")
    assert used_by(config(type=...)) is None
    assert used_by(config(schema="1")) is None
    assert used_by(config(template={"reference": "spinnaker://${parameters.t}"})) is None
    assert used_by(config(template="x")) is None


@pytest.mark.parametrize(
    ("template", "reference", "type_"),
    [
        ({"type": "front50/pipelineTemplate"}, "https://example.com/t.json", "http/file"),
        ({}, "s3://bucket/t.json", "s3/object"),
        ({}, "gs://bucket/t.json", "gcs/object"),
        ({"type": "github/file"}, "https://api.example.com/t.json", "github/file"),
    ],
)
def test_a_template_from_elsewhere_is_an_artifact(template, reference, type_):
    made = artifact_of({**template, "artifactAccount": "mine", "reference": "${x}"}, reference)
    assert made == {"artifactAccount": "mine", "type": type_, "reference": reference}
