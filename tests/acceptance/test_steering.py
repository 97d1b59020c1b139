"""People steer what runs, through the command line and against the real daemon."""

import json
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "pipelines"


@pytest.fixture
def waiting(daemon: Any) -> str:
    """An execution that waits for an hour."""
    stage = {"refId": "1", "type": "wait", "name": "Long wait", "waitTime": 3600, "requisiteStageRefIds": []}
    after = {"refId": "2", "type": "wait", "name": "Then", "waitTime": 0, "requisiteStageRefIds": ["1"]}
    daemon(
        "pipeline", "save", "-", stdin=json.dumps({"application": "tests", "name": "long", "stages": [stage, after]})
    )
    id_ = str(daemon("pipeline", "run", "tests", "long", "-o", "json").json["id"])
    daemon.until(id_, lambda state: state["status"] == "RUNNING")
    return id_


def test_a_wait_can_be_skipped(daemon: Any, waiting: str) -> None:
    assert "Long wait" in daemon("execution", "why", waiting).out
    assert daemon("execution", "skip", waiting).code == 0
    assert daemon("execution", "watch", waiting, "--timeout", "60").code == 0


def test_an_execution_can_be_cancelled_with_a_reason(daemon: Any, waiting: str) -> None:
    assert daemon("execution", "cancel", waiting, "--reason", "the wrong version").code == 0
    ended = daemon("execution", "watch", waiting, "--timeout", "60")
    assert ended.code == 1
    assert "CANCELED" in ended.out
    assert "the wrong version" in ended.out
    state = daemon.execution(waiting)
    assert [stage["status"] for stage in state["stages"]] == ["CANCELED", "NOT_STARTED"]
    assert daemon("execution", "delete", waiting, "--yes").code == 0
    assert daemon("execution", "get", waiting).code == 4


def test_an_execution_can_be_paused_and_resumed(daemon: Any, waiting: str) -> None:
    assert daemon("execution", "pause", waiting).code == 0
    daemon.until(waiting, lambda state: state["status"] == "PAUSED")
    assert "resume" in daemon("execution", "why", waiting).out
    assert daemon("execution", "resume", waiting).code == 0
    daemon.until(waiting, lambda state: state["status"] == "RUNNING")
    assert daemon("execution", "skip", waiting).code == 0
    assert daemon.ended(waiting)["status"] == "SUCCEEDED"


def test_what_runs_cannot_be_deleted_and_says_so(daemon: Any, waiting: str) -> None:
    refused = daemon("execution", "delete", waiting, "--yes")
    assert refused.code == 4
    assert refused.err.startswith("Error: ")
    assert daemon("execution", "cancel", waiting).code == 0


def test_the_same_key_starts_one_execution(daemon: Any, waiting: str) -> None:
    runs = [daemon("pipeline", "run", "tests", "long", "--key", "build-1", "-o", "json").json["id"] for _ in range(2)]
    assert runs[0] == runs[1] != waiting
    for id_ in (runs[0], waiting):
        assert daemon("execution", "cancel", id_).code == 0


def test_a_timeout_leaves_the_execution_running(daemon: Any, waiting: str) -> None:
    assert daemon("execution", "watch", waiting, "--timeout", "0.5").code == 5
    assert daemon.execution(waiting)["status"] == "RUNNING"
    assert daemon("execution", "cancel", waiting).code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("pipeline", "run", "tests", "nothing"),
        ("pipeline", "get", "tests", "nothing"),
        ("execution", "get", "01JAAAAAAAAAAAAAAAAAAAAAAA"),
        ("execution", "why", "01JAAAAAAAAAAAAAAAAAAAAAAA"),
        ("execution", "pause", "01JAAAAAAAAAAAAAAAAAAAAAAA"),
        ("application", "get", "nothing"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(daemon: Any, command: tuple[str, ...]) -> None:
    refused = daemon(*command)
    assert refused.code == 4
    assert refused.err.startswith("Error: ")
    assert len(refused.err.splitlines()) == 1


def test_a_pipeline_that_cannot_run_is_refused_with_the_place(daemon: Any) -> None:
    circle = [{"refId": ref, "type": "wait", "requisiteStageRefIds": [other]} for ref, other in ("12", "21")]
    wrong = json.dumps({"application": "tests", "name": "circle", "stages": circle})
    assert daemon("pipeline", "validate", "-", stdin=wrong).code == 1
    saved = daemon("pipeline", "save", "-", stdin=wrong)
    run = daemon("pipeline", "run", "tests", "circle") if saved.code == 0 else saved
    assert run.code == 4
    assert "circle" in run.err
    assert "stages[0].requisiteStageRefIds" in run.err


def test_a_stage_type_that_nobody_offers_fails_by_name(daemon: Any) -> None:
    stage = {"refId": "1", "type": "teleport", "requisiteStageRefIds": []}
    daemon("pipeline", "save", "-", stdin=json.dumps({"application": "tests", "name": "odd", "stages": [stage]}))
    done = daemon("pipeline", "run", "tests", "odd", "--wait", "--timeout", "60")
    assert done.code == 1
    assert "teleport" in done.out


def test_an_application_lives_and_dies_with_its_pipelines(daemon: Any) -> None:
    assert daemon("application", "save", "shop", "--email", "ann@example.org").out == "Created application shop\n"
    assert daemon("application", "save", "shop", "--description", "sells").out == "Updated application shop\n"
    shown = daemon("application", "get", "shop", "-o", "json").json
    assert (shown["email"], shown["description"]) == ("ann@example.org", "sells")
    pipeline = json.dumps({"application": "shop", "name": "ship", "stages": []})
    assert daemon("pipeline", "save", "-", stdin=pipeline).code == 0
    assert daemon("application", "delete", "shop", "--yes").code == 0
    assert daemon("application", "get", "shop").code == 4
    assert daemon("pipeline", "list", "shop", "-o", "json").json == []


def test_yaml_is_as_good_as_json_and_every_save_is_a_revision(daemon: Any) -> None:
    text = "application: tests\nname: yaml\nstages:\n- {type: wait, waitTime: 0}\n- {type: wait, waitTime: 0}\n"
    assert daemon("pipeline", "save", "-", stdin=text).code == 0
    again = daemon("pipeline", "get", "tests", "yaml", "-o", "yaml").out
    assert daemon("pipeline", "save", "-", stdin=again).code == 0
    assert len(daemon("pipeline", "history", "tests", "yaml", "-o", "json").json) == 2
    assert daemon("pipeline", "run", "tests", "yaml", "--wait", "--timeout", "60").code == 0
    assert daemon("pipeline", "delete", "tests", "yaml", "--yes").code == 0
    assert daemon("pipeline", "get", "tests", "yaml").code == 4


def test_getting_started_works_word_for_word(daemon: Any, blocks: Any) -> None:
    id_ = ""
    for block in blocks("docs/getting-started.md", "sh"):
        for line in block.splitlines():
            if not line.startswith("gennaker "):
                assert line in ("make run", 'export PATH="$PWD/.venv/bin:$PATH"')
                continue
            words = [id_ if word == "ID" else word for word in line.split()[1:]]
            done = daemon(*words)
            assert done.code == 0, f"{line}\n{done.out}{done.err}"
            if words[:4] == ["pipeline", "run", "example", "manual-judgment"]:
                id_ = done.out.split()[2].rstrip(";")
                daemon.asked(id_)
    assert daemon.execution(id_)["status"] == "SUCCEEDED"


def test_every_reading_command_prints_every_form_without_colours(daemon: Any, waiting: str) -> None:
    for command in (
        ("application", "list"),
        ("pipeline", "list"),
        ("execution", "list", "--limit", "3"),
        ("execution", "get", waiting),
        ("doctor",),
        ("config", "show"),
        ("config", "check"),
        ("plugin", "list"),
        ("plugin", "show", "flow"),
        ("database", "status"),
        ("bus", "status"),
        ("bus", "dead-letters", "list"),
    ):
        for form in ("table", "json"):
            done = daemon(*command, "-o", form)
            assert done.code == 0, (command, done.out, done.err)
            assert done.out
            assert "\x1b" not in done.out
            if form == "json":
                json.loads(done.out)
    assert daemon("execution", "cancel", waiting).code == 0
