"""`gennaker template` against a daemon."""

import json
from pathlib import Path
from typing import Any

import pytest

TEMPLATE = {"schema": "v2", "id": "release", "variables": [], "pipeline": {"stages": []}}
STORED = {**TEMPLATE, "digest": "ab" * 32, "updateTs": "1700000000000", "lastModifiedBy": "ann"}
HOME = "/v2/pipelineTemplates"
DONE = {"id": "T1", "status": "SUCCEEDED"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "release.json"
    path.write_text(json.dumps(TEMPLATE))
    return path


def test_saving_a_new_template_creates_it(gennaker: Any, server: Any, file: Path) -> None:
    server.answers["GET", f"{HOME}/release"] = [(404, {}), (200, STORED)]
    server.on("POST", f"{HOME}/create", DONE)
    result = gennaker("template", "save", str(file), "--tag", "stable")
    assert result.output == f"Created template release:stable (sha256:{'ab' * 32})\n"
    (call,) = server.made("POST")
    assert (call.body, call.query) == (TEMPLATE, {"tag": "stable"})
    assert [each.query for each in server.made("GET")] == [{"tag": "stable"}] * 2


def test_saving_a_known_template_updates_it(gennaker: Any, server: Any, file: Path) -> None:
    server.on("GET", f"{HOME}/release", STORED)
    server.on("POST", f"{HOME}/update/release", DONE)
    result = gennaker("template", "save", str(file), "--skip-plan", "-o", "json")
    assert json.loads(result.stdout) == [{"id": "release", "tag": "latest", "digest": "ab" * 32, "created": False}]
    assert server.made("POST")[0].query == {"skipPlanDependents": "true"}


def test_a_save_that_failed_says_why_and_that_it_failed(gennaker: Any, server: Any, file: Path) -> None:
    exception = {"details": {"errors": ["app/ship: Pipeline template is invalid"]}}
    stages = [{"context": {"exception": exception}}]
    server.on("GET", f"{HOME}/release", STORED)
    server.on("POST", f"{HOME}/update/release", {"id": "T1", "status": "TERMINAL", "execution": {"stages": stages}})
    result = gennaker("template", "save", str(file))
    assert result.exit_code == 1
    assert result.stderr == "Error: Saving template release: TERMINAL\napp/ship: Pipeline template is invalid\n"
    server.answers["POST", f"{HOME}/update/release"] = [(200, {"id": "T1", "status": "RUNNING"})]
    assert "goes on; `gennaker execution why T1`" in gennaker("template", "save", str(file)).stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [("{}", "a template needs 'id', a text"), ("[1]", "item 0: holds a number"), ("a: &a [*a]", "is")],
)
def test_a_wrong_file_is_told_and_nothing_is_sent(
    gennaker: Any, server: Any, tmp_path: Path, file: Path, text: str, message: str
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text)
    result = gennaker("template", "save", str(file), str(wrong))
    assert (result.exit_code, server.calls) == (2, [])
    assert str(wrong) in result.stderr
    assert message in result.stderr


def test_what_the_daemon_refuses_is_told(gennaker: Any, server: Any, file: Path) -> None:
    server.on("POST", f"{HOME}/create", {"message": "variables[0].name: None is no name"}, status=400)
    result = gennaker("template", "save", str(file))
    assert (result.exit_code, result.stderr) == (4, "Error: variables[0].name: None is no name\n")


def test_get_prints_a_version_or_says_where_to_look(gennaker: Any, server: Any) -> None:
    server.on("GET", f"{HOME}/release", STORED)
    assert json.loads(gennaker("template", "get", "release", "--digest", "ab" * 32).stdout) == STORED
    assert server.calls[0].query == {"digest": "ab" * 32}
    result = gennaker("template", "get", "other")
    assert result.exit_code == 4
    assert "there is no such template 'other'; `gennaker template list --versions`" in result.stderr


def test_list_shows_templates_or_all_versions(gennaker: Any, server: Any) -> None:
    row = {**STORED, "metadata": {"name": "Release", "scopes": ["shop", "global"]}}
    server.on("GET", HOME, [row, {**STORED, "id": "other"}])
    server.on("GET", f"{HOME}/versions", {"release": [{**row, "tag": "latest"}, row]})
    lines = gennaker("template", "list", "--scope", "shop", "--scope", "global").output.splitlines()
    assert server.calls[0].query == {"scopes": "shop,global"}
    assert lines[1].split()[:5] == ["release", "Release", "shop,", "global", "0"]
    assert lines[2].split()[0] == "other"
    lines = gennaker("template", "list", "--versions").output.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["latest", "Release"]
    assert all(line.endswith("ab" * 32) for line in lines[1:])


def test_history_lists_revisions(gennaker: Any, server: Any) -> None:
    server.on("GET", f"{HOME}/release/history", [STORED])
    assert "ann" in gennaker("template", "history", "release", "--limit", "5").output
    assert server.calls[-1].query == {"limit": "5"}


def test_delete_asks_and_tells_what_keeps_it(gennaker: Any, server: Any) -> None:
    server.on("DELETE", f"{HOME}/release", DONE)
    assert gennaker("template", "delete", "release", stdin="n\n").exit_code == 1
    assert server.made("DELETE") == []
    result = gennaker("template", "delete", "release", "--tag", "test", "--yes")
    assert result.output == "Deleted template release:test\n"
    assert server.made("DELETE")[0].query == {"tag": "test"}
    stages = [{"context": {"exception": {"details": {"error": "is used by app/ship"}}}}]
    server.answers["DELETE", f"{HOME}/release"] = [(200, {"status": "TERMINAL", "execution": {"stages": stages}})]
    failed = gennaker("template", "delete", "release", "--yes")
    assert failed.exit_code == 1
    assert "is used by app/ship" in failed.stderr


def test_plan_prints_the_pipeline_or_every_error(gennaker: Any, server: Any, file: Path) -> None:
    server.on("POST", f"{HOME}/plan", {"name": "ship"}, {"name": "ship", "errors": ["one: x", "two: y"]})
    assert json.loads(gennaker("template", "plan", str(file)).stdout) == {"name": "ship"}
    assert server.calls[0].body == TEMPLATE
    failed = gennaker("template", "plan", str(file))
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr == f"Error: {file}: one: x\n{file}: two: y\n"
    as_json = gennaker("template", "plan", str(file), "-o", "json")
    assert (as_json.exit_code, json.loads(as_json.stdout)["errors"]) == (1, ["one: x", "two: y"])


def test_use_makes_a_pipeline_without_a_daemon(gennaker: Any, server: Any, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("service: shop\nsettle: 5\n")
    options = ("--tag", "stable", "--values", str(values), "--set", "settle:=7", "--set", "a=b")
    made = json.loads(gennaker("template", "use", "release", "shop", "ship", *options).stdout)
    assert made["template"]["reference"] == "spinnaker://release:stable"
    assert (made["type"], made["schema"], made["application"], made["name"]) == (
        "templatedPipeline",
        "v2",
        "shop",
        "ship",
    )
    assert made["variables"] == {"service": "shop", "settle": 7, "a": "b"}
    assert server.calls == []


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--tag", "mine"), 4, "there is no tag 'mine'"),
        (("--digest", "12"), 4, "is no digest"),
        (("--tag", "test", "--digest", "ab" * 32), 2, "by --tag or by --digest"),
        (("--set", "x"), 2, "expected KEY=VALUE"),
        (("--set", "x:=y"), 2, "is not JSON"),
    ],
)
def test_wrong_options_of_use_are_told(gennaker: Any, options: tuple[str, ...], code: int, message: str) -> None:
    result = gennaker("template", "use", "release", "shop", "ship", *options)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr


def test_pipeline_validate_knows_pipelines_that_are_made_from_templates(gennaker: Any, tmp_path: Path) -> None:
    made = gennaker("template", "use", "release", "shop", "ship").stdout
    path = tmp_path / "ship.json"
    path.write_text(made)
    assert gennaker("pipeline", "validate", str(path)).output == f"{path} (ship): ok\n"
    path.write_text(json.dumps({**json.loads(made), "exclude": ["x"]}))
    result = gennaker("pipeline", "validate", str(path))
    assert (result.exit_code, "exclude[0]: there is no section 'x'" in result.output) == (1, True)
