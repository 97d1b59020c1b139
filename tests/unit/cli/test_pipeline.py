"""`gennaker pipeline` and `gennaker application` against a daemon."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]
SHIP = {"application": "shop", "name": "ship", "stages": [{"type": "wait", "refId": "1", "waitTime": 1}]}
CONFIG = "/applications/shop/pipelineConfigs/ship"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ship.json"
    path.write_text(json.dumps(SHIP))
    return path


def test_saving_a_new_pipeline_sends_it_as_it_is(gennaker: Any, server: Any, file: Path) -> None:
    server.answers["GET", CONFIG] = [(404, {}), (200, {**SHIP, "id": "P1"})]
    server.on("POST", "/pipelines")
    result = gennaker("pipeline", "save", str(file))
    assert result.output == "Created pipeline shop/ship (P1)\n"
    assert server.made("POST")[0].body == SHIP


def test_saving_again_keeps_the_id_that_the_name_has(gennaker: Any, server: Any, file: Path) -> None:
    server.on("GET", CONFIG, {**SHIP, "id": "P1"})
    server.on("POST", "/pipelines")
    result = gennaker("pipeline", "save", str(file), "-o", "json")
    assert json.loads(result.stdout) == [{"application": "shop", "name": "ship", "id": "P1", "created": False}]
    assert server.made("POST")[0].body == {**SHIP, "id": "P1"}


def test_yaml_a_list_and_standard_input_are_read(gennaker: Any, server: Any, tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text("- {application: shop, name: a}\n- application: shop\n  name: b\n")
    for name in "abc":
        server.on(
            "GET", f"/applications/shop/pipelineConfigs/{name}", {"application": "shop", "name": name, "id": name}
        )
    server.on("POST", "/pipelines")
    result = gennaker("pipeline", "save", str(tmp_path / "two.yaml"), "-", stdin='{"application":"shop","name":"c"}')
    assert result.exit_code == 0
    assert [call.body["name"] for call in server.made("POST")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"application": "shop",\n "name" "x"}', ":2:9: is not JSON"),
        ('{"name": "x"}', "a pipeline needs 'application'"),
        ('{"application": "shop", "name": 7}', "a pipeline needs 'name', a text"),
        ("[1]", "item 0: holds a number; expected an object"),
        ("just text", "holds a text; expected an object"),
        ("", "holds nothing; expected an object"),
        ('{"application": "shop", "name": "x", "n": NaN}', "holds NaN"),
        ("a: 1\na: 2\n", "is there twice"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_wrong_file_is_told_with_its_place_and_nothing_is_sent(
    gennaker: Any, server: Any, tmp_path: Path, file: Path, text: str, message: str
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text)
    result = gennaker("pipeline", "save", str(file), str(wrong))
    assert result.exit_code == 2
    assert str(wrong) in result.stderr
    assert message in result.stderr
    assert server.calls == []


def test_a_file_that_is_not_there_or_no_text_is_told(gennaker: Any, tmp_path: Path) -> None:
    assert "cannot be read (No such file" in gennaker("pipeline", "save", str(tmp_path / "x")).stderr
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text (byte 0)" in gennaker("pipeline", "save", str(tmp_path / "b")).stderr
    (tmp_path / "large").write_bytes(b" " * (4 * 1024 * 1024 + 1))
    assert "is larger than" in gennaker("pipeline", "save", str(tmp_path / "large")).stderr


def test_what_the_daemon_refuses_is_told(gennaker: Any, server: Any, file: Path) -> None:
    server.on("POST", "/pipelines", {"message": "stages[0]: no type"}, status=400)
    result = gennaker("pipeline", "save", str(file))
    assert (result.exit_code, result.stderr) == (4, "Error: stages[0]: no type\n")


def test_get_prints_what_save_reads(gennaker: Any, server: Any) -> None:
    server.on("GET", CONFIG, SHIP)
    assert json.loads(gennaker("pipeline", "get", "shop", "ship").stdout) == SHIP


def test_get_of_a_missing_pipeline_says_how_to_see_the_others(gennaker: Any) -> None:
    result = gennaker("pipeline", "get", "shop", "ship")
    assert result.exit_code == 4
    assert "application 'shop' has no pipeline 'ship'; `gennaker pipeline list shop`" in result.stderr


def test_list_shows_all_or_those_of_an_application(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelineConfigs", [{**SHIP, "id": "P1"}, {"application": "till", "name": "t", "id": "P2"}])
    server.on("GET", "/applications/shop/pipelineConfigs", [{**SHIP, "id": "P1"}])
    assert len(gennaker("pipeline", "list").output.splitlines()) == 3
    assert gennaker("pipeline", "list", "shop").output.splitlines()[1].split() == ["shop", "ship", "1", "no", "P1"]


def test_history_lists_revisions(gennaker: Any, server: Any) -> None:
    server.on("GET", CONFIG, {**SHIP, "id": "P1"})
    server.on("GET", "/pipelineConfigs/P1/history", [{**SHIP, "updateTs": "1700000000000", "lastModifiedBy": "ann"}])
    result = gennaker("pipeline", "history", "shop", "ship", "--limit", "5")
    assert "ann" in result.output
    assert server.calls[-1].query == {"limit": "5"}


def test_delete_asks_unless_told_not_to(gennaker: Any, server: Any) -> None:
    server.on("GET", CONFIG, {**SHIP, "id": "P1"})
    server.on("DELETE", "/pipelines/shop/ship")
    assert gennaker("pipeline", "delete", "shop", "ship", stdin="n\n").exit_code == 1
    assert server.made("DELETE") == []
    assert gennaker("pipeline", "delete", "shop", "ship", "--yes").output == "Deleted pipeline shop/ship\n"
    assert len(server.made("DELETE")) == 1


def test_run_sends_parameters_and_key_and_names_the_execution(gennaker: Any, server: Any, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("version: '1'\nregion: north\n")
    server.on("POST", "/pipelines/shop/ship", {"ref": "/pipelines/E1"}, status=202)
    options = ("-p", "version=2", "-p", "count:=3", "-p", "text=a=b", "--param-file", str(tmp_path / "p.yaml"))
    result = gennaker("pipeline", "run", "shop", "ship", *options, "--key", "build-7", "-o", "json")
    assert json.loads(result.stdout)["id"] == "E1"
    (call,) = server.made("POST")
    assert call.headers["Idempotency-Key"] == "build-7"
    wanted = {"version": "2", "region": "north", "count": 3, "text": "a=b"}
    assert call.body == {"type": "manual", "parameters": wanted}


@pytest.mark.parametrize("given", ["version", "=x", ":=1", "count:=three"])
def test_a_wrong_parameter_is_wrong_usage(gennaker: Any, given: str) -> None:
    result = gennaker("pipeline", "run", "shop", "ship", "-p", given)
    assert result.exit_code == 2
    assert "--param" in result.stderr


def test_wait_prints_a_line_per_change_and_leaves_with_0(
    gennaker: Any, server: Any, stage: Make, execution: Make
) -> None:
    server.on("POST", "/pipelines/shop/ship", {"ref": "/pipelines/E1"}, status=202)
    server.on(
        "GET",
        "/pipelines/E1",
        execution("RUNNING", stage("1", "RUNNING", startTime=1_000), stage("2", "NOT_STARTED"), sequence=2),
        execution(
            "SUCCEEDED",
            stage("1", "SUCCEEDED", startTime=1_000, endTime=2_500),
            stage("2", "SUCCEEDED", startTime=2_500, endTime=4_500),
            sequence=5,
        ),
    )
    result = gennaker("pipeline", "run", "shop", "ship", "--wait")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "Started execution E1"
    assert [line.split()[1:5] for line in lines[1:4]] == [
        ["RUNNING", "stage", "1"],
        ["SUCCEEDED", "stage", "1", "(1.5s)"],
        ["SUCCEEDED", "stage", "2", "(2.0s)"],
    ]
    assert lines[4] == "shop/ship E1: SUCCEEDED after 3.5s"


def test_wait_leaves_with_1_and_the_reason_when_it_failed(
    gennaker: Any, server: Any, stage: Make, execution: Make
) -> None:
    server.on("POST", "/pipelines/shop/ship", {"ref": "/pipelines/E1"}, status=202)
    failed = stage("1", "TERMINAL", context={"exception": {"details": {"errors": ["no such host"]}}})
    server.on("GET", "/pipelines/E1", execution("TERMINAL", failed))
    result = gennaker("pipeline", "run", "shop", "ship", "--wait")
    assert result.exit_code == 1
    assert "no such host" in result.output


def test_wait_as_json_prints_only_the_end_on_stdout(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    server.on("POST", "/pipelines/shop/ship", {"ref": "/pipelines/E1"}, status=202)
    server.on("GET", "/pipelines/E1", execution("SUCCEEDED", stage("1", "SUCCEEDED")))
    result = gennaker("pipeline", "run", "shop", "ship", "--wait", "-o", "json")
    assert json.loads(result.stdout)["status"] == "SUCCEEDED"
    assert "stage 1" in result.stderr


def test_wait_ends_with_5_when_the_time_is_over(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    server.on("POST", "/pipelines/shop/ship", {"ref": "/pipelines/E1"}, status=202)
    server.on("GET", "/pipelines/E1", execution("RUNNING", stage("1", "RUNNING")))
    result = gennaker("pipeline", "run", "shop", "ship", "--timeout", "0.2")
    assert result.exit_code == 5
    assert "has not ended after 0.2 s; it goes on" in result.stderr


def test_validate_needs_no_daemon_and_tells_every_problem(gennaker: Any, server: Any, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(SHIP))
    cycle = {
        **SHIP,
        "stages": [
            {"type": "wait", "refId": "1", "requisiteStageRefIds": ["2"]},
            {"type": "wait", "refId": "2", "requisiteStageRefIds": ["1"]},
            {"refId": "3"},
        ],
    }
    (tmp_path / "bad.json").write_text(json.dumps(cycle))
    good = gennaker("pipeline", "validate", str(tmp_path / "good.json"))
    assert (good.exit_code, good.output) == (0, f"{tmp_path / 'good.json'} (ship): ok\n")
    bad = gennaker("pipeline", "validate", str(tmp_path / "bad.json"), "-o", "json")
    assert bad.exit_code == 1
    (report,) = json.loads(bad.stdout)
    assert report["problems"]
    assert gennaker("pipeline", "validate", str(tmp_path / "bad.json")).output.count("bad.json") == len(
        report["problems"]
    ) + len(report["warnings"])
    assert server.calls == []


def test_an_application_that_is_not_there_is_created_by_a_task(gennaker: Any, server: Any) -> None:
    server.on("POST", "/tasks", {"ref": "/tasks/T1"})
    server.on("GET", "/tasks/T1", {"status": "RUNNING"}, {"status": "SUCCEEDED"})
    result = gennaker("application", "save", "shop", "--email", "a@b.de")
    assert result.output == "Created application shop\n"
    body = server.made("POST")[0].body
    assert body["job"] == [{"type": "createApplication", "application": {"name": "shop", "email": "a@b.de"}}]
    assert body["application"] == "shop"


def test_an_application_that_is_there_is_updated_from_a_file(gennaker: Any, server: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: shop\nemail: x@y.de\n")
    server.on("GET", "/applications/shop", {"name": "shop", "attributes": {"name": "shop"}})
    server.on("POST", "/tasks", {"ref": "/tasks/T1"})
    server.on("GET", "/tasks/T1", {"status": "SUCCEEDED"})
    result = gennaker("application", "save", "--file", str(tmp_path / "a.yaml"), "--description", "d")
    assert result.output == "Updated application shop\n"
    job = server.made("POST")[0].body["job"][0]
    assert job == {
        "type": "updateApplication",
        "application": {"name": "shop", "email": "x@y.de", "description": "d"},
    }


def test_an_application_without_a_name_is_wrong_usage(gennaker: Any) -> None:
    assert gennaker("application", "save", "--email", "a@b.de").exit_code == 2


def test_a_task_that_failed_is_told_with_its_reasons(gennaker: Any, server: Any) -> None:
    failed = {"context": {"exception": {"details": {"errors": ["email: not an address"]}}}}
    server.on("POST", "/tasks", {"ref": "/tasks/T1"})
    server.on("GET", "/tasks/T1", {"status": "TERMINAL", "execution": {"stages": [failed]}})
    result = gennaker("application", "save", "shop", "--email", "x")
    assert result.exit_code == 1
    assert result.stderr == "Error: Create application: shop: TERMINAL\nemail: not an address\n"


def test_deleting_an_application_asks_and_runs_a_task(gennaker: Any, server: Any) -> None:
    assert gennaker("application", "delete", "shop", "--yes").exit_code == 4
    server.on("GET", "/applications/shop", {"name": "shop", "attributes": {"name": "shop"}})
    server.on("POST", "/tasks", {"ref": "/tasks/T1"})
    server.on("GET", "/tasks/T1", {"status": "SUCCEEDED"})
    assert gennaker("application", "delete", "shop", stdin="y\n").output.endswith("Deleted application shop\n")
    assert server.made("POST")[0].body["job"] == [{"type": "deleteApplication", "application": {"name": "shop"}}]


def test_an_application_is_shown_whole_as_json(gennaker: Any, server: Any) -> None:
    assert gennaker("application", "get", "shop").exit_code == 4
    server.on("GET", "/applications/shop", {"name": "shop", "attributes": {"name": "shop", "x": [1]}})
    assert json.loads(gennaker("application", "get", "shop", "-o", "json").stdout) == {"name": "shop", "x": [1]}


def test_an_expression_that_cannot_be_read_is_a_warning_with_its_place(gennaker: Any, tmp_path: Path) -> None:
    check = {"type": "expression", "context": {"expression": "a =="}}
    stages = [
        {"type": "wait", "refId": "1", "waitTime": "${parameters.}", "deep": [{"x": "fine ${1 + 1}"}]},
        {"type": "checkPreconditions", "refId": "2", "preconditions": [check]},
        {"type": "wait", "refId": "3", "stageEnabled": {"type": "expression", "expression": "1 > 0"}},
    ]
    path = tmp_path / "p.json"
    path.write_text(json.dumps({**SHIP, "stages": stages}))
    result = gennaker("pipeline", "validate", str(path), "-o", "json")
    assert result.exit_code == 0
    first, second = json.loads(result.stdout)[0]["warnings"]
    assert first.startswith("stages[0].waitTime: column ")
    assert second.startswith("stages[1].preconditions[0].context.expression: column ")


def test_what_the_daemon_warns_of_is_told_and_saved_all_the_same(
    gennaker: Any, server: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("GET", CONFIG, {**SHIP, "id": "P1"})
    monkeypatch.setattr("gennaker.core.cli.client.Daemon.save", lambda *_, **__: ["stages[0]: will be refused"])
    result = gennaker("pipeline", "save", str(file))
    assert result.exit_code == 0
    assert result.stdout == "Saved pipeline shop/ship (P1)\n"
    assert result.stderr == "Warning: stages[0]: will be refused\n"
    told = json.loads(gennaker("pipeline", "save", str(file), "-o", "json").stdout)
    assert told[0]["warnings"] == ["stages[0]: will be refused"]
