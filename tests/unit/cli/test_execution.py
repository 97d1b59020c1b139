"""`gennaker execution` against a daemon."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from processes import eventually

from gennaker.core.cli import progress

Make = Callable[..., dict[str, Any]]


def test_list_searches_by_application_name_and_status(gennaker: Any, server: Any, execution: Make) -> None:
    server.on("GET", "/applications/shop/executions/search", [execution("SUCCEEDED")])
    options = ("-a", "shop", "-n", "ship", "-s", "running", "-s", "SUCCEEDED", "--limit", "3")
    result = gennaker("execution", "list", *options)
    assert result.output.splitlines()[1].split()[:4] == ["E1", "shop", "ship", "SUCCEEDED"]
    assert server.calls[0].query == {
        "pipelineName": "ship",
        "statuses": "RUNNING,SUCCEEDED",
        "size": "3",
        "expand": "false",
    }


def test_list_without_an_application_searches_all(gennaker: Any, server: Any) -> None:
    server.on("GET", "/applications/*/executions/search", [])
    assert gennaker("execution", "list", "-o", "json").stdout == "[]\n"


def test_get_shows_the_execution_and_its_stages(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    child = stage("1<1", "SKIPPED", parentStageId="S1")
    server.on("GET", "/pipelines/E1", execution("SUCCEEDED", child, stage("1", "SUCCEEDED")))
    lines = gennaker("execution", "get", "E1").output.splitlines()
    assert ["pipeline", "shop/ship"] in [line.split() for line in lines]
    assert lines[-1].split() == ["1", "stage", "1", "wait", "SUCCEEDED"]
    assert json.loads(gennaker("execution", "get", "E1", "-o", "json").stdout)["id"] == "E1"


def test_an_ad_hoc_task_is_an_execution_too(gennaker: Any, server: Any, execution: Make) -> None:
    server.on("GET", "/tasks/E1", {"execution": execution("SUCCEEDED")})
    assert gennaker("execution", "watch", "E1").exit_code == 0


def test_an_unknown_execution_says_how_to_find_one(gennaker: Any) -> None:
    result = gennaker("execution", "get", "E9")
    assert result.exit_code == 4
    assert "there is no execution 'E9'; `gennaker execution list`" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "path", "query"),
    [
        (("cancel", "E1", "--reason", "wrong one"), "/pipelines/E1/cancel", {"reason": "wrong one"}),
        (("cancel", "E1"), "/pipelines/E1/cancel", {}),
        (("pause", "E1"), "/pipelines/E1/pause", {}),
        (("resume", "E1"), "/pipelines/E1/resume", {}),
    ],
)
def test_steering_puts_to_the_path_of_gate(
    gennaker: Any, server: Any, arguments: tuple[str, ...], path: str, query: dict[str, str]
) -> None:
    server.on("PUT", path)
    assert gennaker("execution", *arguments).exit_code == 0
    (call,) = server.made("PUT")
    assert (call.path, call.query) == (path, query)


def test_delete_asks(gennaker: Any, server: Any) -> None:
    server.on("DELETE", "/pipelines/E1")
    assert gennaker("execution", "delete", "E1", stdin="n\n").exit_code == 1
    assert gennaker("execution", "delete", "E1", "--yes", "-o", "json").exit_code == 0
    assert len(server.made("DELETE")) == 1


def test_why_prints_the_sentence(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelines/E1/why", {"why": "waits for a judgment"})
    assert gennaker("execution", "why", "E1").output == "waits for a judgment\n"
    assert json.loads(gennaker("execution", "why", "E1", "-o", "json").stdout)["why"] == "waits for a judgment"


def test_judge_answers_the_one_that_waits(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    waiting = stage("2", "RUNNING", "manualJudgment")
    server.on("GET", "/pipelines/E1", execution("RUNNING", stage("1", "RUNNING"), waiting))
    server.on("PATCH", "/pipelines/E1/stages/S2", {})
    assert gennaker("execution", "judge", "E1", "continue", "--input", "blue").exit_code == 0
    assert server.made("PATCH")[0].body == {"judgmentStatus": "continue", "judgmentInput": "blue"}


def test_judge_wants_a_name_when_several_wait(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    waiting = [stage(ref, "RUNNING", "manualJudgment") for ref in "12"]
    server.on("GET", "/pipelines/E1", execution("RUNNING", *waiting))
    server.on("PATCH", "/pipelines/E1/stages/S2", {})
    unclear = gennaker("execution", "judge", "E1", "stop")
    assert unclear.exit_code == 4
    assert "name one with --stage: 1 'stage 1' (RUNNING), 2 'stage 2' (RUNNING)" in unclear.stderr
    assert gennaker("execution", "judge", "E1", "stop", "--stage", "stage 2").exit_code == 0
    missing = gennaker("execution", "judge", "E1", "stop", "--stage", "7")
    assert "has no stage '7'; its stages: 1 'stage 1'" in missing.stderr


def test_judge_says_when_none_waits(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    server.on("GET", "/pipelines/E1", execution("RUNNING", stage("1", "RUNNING")))
    result = gennaker("execution", "judge", "E1", "continue")
    assert "execution E1 (RUNNING) has no waiting manual judgment" in result.stderr


@pytest.mark.parametrize(
    ("type_", "more", "body"),
    [
        ("wait", {}, {"skipRemainingWait": True}),
        ("restrictExecutionDuringTimeWindow", {}, {"skipRemainingWait": True}),
        ("pipeline", {"canManuallySkip": True}, {"manualSkip": True}),
    ],
)
def test_skip_ends_what_waits(
    gennaker: Any,
    server: Any,
    stage: Make,
    execution: Make,
    type_: str,
    more: dict[str, Any],
    body: dict[str, Any],
) -> None:
    server.on("GET", "/pipelines/E1", execution("RUNNING", stage("1", "RUNNING", type_, **more)))
    server.on("PATCH", "/pipelines/E1/stages/S1", {})
    assert gennaker("execution", "skip", "E1").exit_code == 0
    assert server.made("PATCH")[0].body == body


def test_restart_takes_the_failed_stage_and_says_which_round_was_seen(
    gennaker: Any, server: Any, stage: Make, execution: Make
) -> None:
    stages = [
        stage("1", "SUCCEEDED"),
        {**stage("2", "TERMINAL"), "round": 3},
        stage("3", "CANCELED"),
        stage("2<1", "TERMINAL", parentStageId="S2"),
    ]
    server.on("GET", "/pipelines/E1", execution("TERMINAL", *stages))
    server.on("PUT", "/pipelines/E1/stages/S2/restart", {})
    assert gennaker("execution", "restart", "E1").exit_code == 0
    assert server.made("PUT")[0].query == {"seen": "3"}


def test_restart_waits_until_the_restart_shows(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    failed = execution("TERMINAL", stage("1", "TERMINAL"), sequence=4)
    again = execution("SUCCEEDED", {**stage("1", "SUCCEEDED"), "round": 1}, sequence=9)
    server.on("GET", "/pipelines/E1", failed, failed, again)
    server.on("PUT", "/pipelines/E1/stages/S1/restart", {})
    assert gennaker("execution", "restart", "E1", "--wait").exit_code == 0


def test_a_request_that_never_shows_is_told(server: Any, execution: Make) -> None:
    server.on("GET", "/pipelines/E1", execution("TERMINAL"))
    client = progress.Daemon(server.url)
    try:
        with pytest.raises(progress.Told) as caught:
            progress.after(client, "E1", lambda state: state["status"] == "RUNNING", limit=0.2)
    finally:
        client.close()
    assert caught.value.code == 5
    assert "gennaker doctor" in caught.value.message


def test_watch_tells_what_a_judgment_asks_and_how_to_answer(
    gennaker: Any, server: Any, stage: Make, execution: Make
) -> None:
    asking = stage("1", "RUNNING", "manualJudgment", context={"instructions": "Is it good?"})
    server.on(
        "GET",
        "/pipelines/E1",
        execution("RUNNING", asking),
        execution("RUNNING", asking),
        execution("CANCELED", stage("1", "CANCELED"), sequence=2, cancellationReason="by ann"),
    )
    result = gennaker("execution", "watch", "E1")
    assert result.exit_code == 1
    assert "Is it good?" in result.output
    assert "gennaker execution judge E1 continue|stop --stage 1" in result.output
    assert result.output.endswith("  by ann\n")


def test_watch_waits_for_the_cleaning_up(gennaker: Any, server: Any, execution: Make) -> None:
    cleaning = execution("CANCELED", cleaning=True)
    server.on("GET", "/pipelines/E1", cleaning, cleaning, execution("CANCELED", sequence=2))
    assert gennaker("execution", "watch", "E1").exit_code == 1
    assert len(server.calls) == 3


def test_watch_outlives_a_restart_of_the_daemon(gennaker: Any, server: Any, stage: Make, execution: Make) -> None:
    running = execution("RUNNING", stage("1", "RUNNING"))
    server.on("GET", "/pipelines/E1", running, running)
    server.answers["GET", "/pipelines/E1"] += [
        (503, {"message": "starting"}),
        (200, execution("SUCCEEDED", stage("1", "SUCCEEDED"), sequence=2)),
    ]
    assert gennaker("execution", "watch", "E1").exit_code == 0


def test_watch_gives_up_on_a_daemon_that_stays_away(
    gennaker: Any, server: Any, execution: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.1)
    server.on("GET", "/pipelines/E1", execution("RUNNING"), {"message": "down"})
    server.answers["GET", "/pipelines/E1"][-1] = (503, {"message": "down"})
    result = gennaker("execution", "watch", "E1")
    assert (result.exit_code, result.stderr) == (3, "Error: down\n")


def test_watch_does_not_wait_for_a_daemon_that_was_not_there(gennaker: Any) -> None:
    assert gennaker("execution", "watch", "E1", "--server", "http://127.0.0.1:1").exit_code == 3


def test_ctrl_c_ends_the_watching_and_not_the_execution(
    gennaker: Any, server: Any, execution: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("GET", "/pipelines/E1", execution("RUNNING"))

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.time, "sleep", interrupt)
    result = gennaker("execution", "watch", "E1")
    assert result.exit_code == 130
    assert "execution E1 goes on" in result.stderr


def test_on_a_terminal_progress_is_redrawn(
    gennaker: Any, server: Any, stage: Make, execution: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "terminal", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    server.on(
        "GET",
        "/pipelines/E1",
        execution("RUNNING", stage("1", "RUNNING", startTime=1)),
        execution("RUNNING", stage("1", "RUNNING", startTime=1)),
        execution("SUCCEEDED", stage("1", "SUCCEEDED", startTime=1, endTime=2), sequence=2),
    )
    result = gennaker("execution", "watch", "E1")
    assert result.exit_code == 0
    assert "shop/ship  E1" in result.output
    assert "\x1b[32mSUCCEEDED" in result.output
    eventually(lambda: not [thread for thread in threading.enumerate() if "Refresh" in type(thread).__name__])
