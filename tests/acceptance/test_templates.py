"""The life of a template through the command line and a real daemon; what is wrong is refused and leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest

HOME = "/v2/pipelineTemplates"
Json = dict[str, Any]


def template(id_: str, **changes: Any) -> Json:
    stages = [{"refId": "1", "type": "wait", "waitTime": "${templateVariables.seconds}", "note": "${parameters.who}"}]
    made = {
        "schema": "v2",
        "id": id_,
        "variables": [{"name": "seconds", "type": "int"}],
        "pipeline": {"stages": stages},
    }
    return {**made, **changes}


@pytest.fixture
def save(daemon: Any, tmp_path: Path) -> Any:
    """Saves something by a file, as a template or as a pipeline."""

    def saving(what: str, content: Any, *options: str) -> Any:
        path = tmp_path / "file.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return daemon(what, "save", str(path), *options)

    return saving


def stored(daemon: Any) -> Any:
    return daemon.http.get(f"{HOME}/versions").json()


def test_a_template_lives_from_its_first_version_to_its_end(daemon: Any, save: Any) -> None:
    created = save("template", template("life"), "--tag", "stable", "-o", "json")
    assert created.code == 0, created.err
    digest = created.json[0]["digest"]
    made = daemon("template", "use", "life", "app", "lives", "--set", "seconds:=0")
    assert daemon("pipeline", "save", "-", stdin=made.out).code == 0
    ended = daemon.ended(daemon.run("app", "lives", parameters={"who": "${templateVariables.seconds}"}))
    assert ended["status"] == "SUCCEEDED", json.dumps(ended, indent=1)
    (stage,) = ended["stages"]
    assert (stage["context"]["waitTime"], stage["context"]["note"]) == (0, "${templateVariables.seconds}")
    assert ended["source"] == {"id": "life", "type": "templatedPipeline", "version": "v2"}

    more = template("life", variables=[{"name": "seconds", "type": "int"}, {"name": "more"}])
    refused = save("template", more)
    assert refused.code == 1
    assert "app/lives: Pipeline template is invalid: variables: Missing variable values for: more" in refused.err
    assert list(stored(daemon)["life"][0]["variables"]) == [{"name": "seconds", "type": "int"}]
    assert save("template", more, "--skip-plan").code == 0
    answer = daemon.http.post("/pipelines/app/lives", json={})
    assert (answer.status_code, answer.json()["errors"]) == (400, ["variables: Missing variable values for: more"])
    newest = daemon.http.get("/applications/app/executions/search?pipelineName=lives&size=1").json()[0]
    failed = daemon.ended(newest["id"])
    assert (failed["status"], failed["canceledBy"]) == ("TERMINAL", "system")
    assert failed["cancellationReason"] == f"Failed on startup: {answer.json()['message']}"

    kept = daemon("template", "delete", "life", "--yes")
    assert kept.code == 1
    assert "is used by app/lives" in kept.err
    assert daemon("pipeline", "delete", "app", "lives", "--yes").code == 0
    assert daemon.http.get(f"{HOME}/life?digest={digest}").status_code == 200
    assert daemon("template", "delete", "life", "--yes").code == 0
    assert "life" not in stored(daemon)
    assert len(daemon("template", "history", "life", "-o", "json").json) == 2


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(97 + i)}: &{chr(97 + i)} [{','.join(['*' + chr(96 + i)] * 9)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("content", "options", "code", "message"),
    [
        (template("bad", schema="v1"), (), 4, "schema: expected 'v2', found 'v1'"),
        (template("bad", pipeline={"stages": [{"refId": "1"}]}), (), 4, "pipeline.stages[0].type"),
        (template("bad", pipeline={"template": {}}), (), 4, "a template cannot be made from another one"),
        (template("bad"), ("--tag", "mine"), 4, "there is no tag 'mine'"),
        (template("b/d"), (), 4, "'b/d' is no id"),
        (BOMB, (), 2, "has too many values"),
        ("a: !!python/name:os.system", (), 2, "is not allowed"),
    ],
)
def test_a_wrong_template_is_refused_and_not_stored(
    daemon: Any, save: Any, content: Any, options: tuple[str, ...], code: int, message: str
) -> None:
    before = stored(daemon)
    refused = save("template", content, *options)
    assert (refused.code, message in refused.err) == (code, True), refused.err
    assert stored(daemon) == before


def test_a_pipeline_with_a_circle_of_injections_is_told_and_not_run(daemon: Any, save: Any) -> None:
    chain = [{"refId": "a", "type": "wait"}, {"refId": "b", "type": "wait", "requisiteStageRefIds": ["a"]}]
    assert save("template", template("circle", variables=[], pipeline={"stages": chain})).code == 0
    config = daemon("template", "use", "circle", "app", "round").json
    config["stages"] = [{"refId": "x", "type": "wait", "inject": {"before": ["a", "b"]}}]
    planned = daemon("template", "plan", "-", stdin=json.dumps(config))
    assert planned.code == 1
    assert "stages wait for one another in a circle: 'x' → 'a' → 'x'" in planned.err
    assert save("pipeline", config).code == 0
    assert daemon.http.post("/pipelines/app/round", json={}).status_code == 400


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("spinnaker://nowhere", "there is no template spinnaker://nowhere"),
        ("spinnaker://life:mine", "there is no tag 'mine'"),
        (f"spinnaker://life:test@sha256:{'a' * 64}", "gives a tag and a digest"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(daemon: Any, reference: str, message: str) -> None:
    config = daemon("template", "use", "life", "app", "lost").json
    config["template"]["reference"] = reference
    answer = daemon.http.post(f"{HOME}/plan", json=config)
    assert (answer.status_code, message in answer.json()["errors"][0]) == (200, True), answer.text
