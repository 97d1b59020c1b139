"""What a task is told, and what it may answer."""

import subprocess
import sys
import threading
import time

import pytest

from gennaker.core.call import call
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.outbound import CallFailed
from gennaker.core.redact import redactor
from gennaker.core.runtime.lane import Lane, Turn
from gennaker.core.services import Services
from gennaker.core.stage import Outcome, Run, Stage, task

WORK = Work(
    execution="E",
    stage="S",
    kind="task",
    name="go",
    round=0,
    attempt=3,
    key="E/S/go/0",
    at=100_000,
    answer_by=130_000,
    not_after=135_000,
    shard=0,
    type="calling",
    application="shop",
    user="ann",
    trigger={"parameters": {"a": 1}},
    stage_name="Call",
    context={"x": 1},
    outputs={"y": 2},
    stage_start=40_000,
    task_start=60_000,
    paused=20_000,
    task_paused=10_000,
    reason="enough",
)


class Calling(Stage, type="calling"):
    """Has no answer to its call."""

    @task
    def go(self, run: Run) -> Outcome:
        raise CallFailed("no answer", retryable=run.again)


def test_a_run_knows_where_it_is_and_how_long_it_has() -> None:
    run = Run(WORK, Services(clock=lambda: 110_000))
    assert (run.execution, run.stage, run.stage_name, run.application, run.user) == ("E", "S", "Call", "shop", "ann")
    assert (run.trigger, run.context, run.outputs) == ({"parameters": {"a": 1}}, {"x": 1}, {"y": 2})
    assert (run.key, run.again, run.attempt, run.reason, run.last_modified) == ("E/S/go/0", False, 3, "enough", {})
    assert (run.now, run.answer_by, run.seconds_left) == (100_000, 130_000, 20)
    assert (run.elapsed, run.stage_elapsed) == (30, 40)


def test_time_that_is_over_is_not_negative() -> None:
    assert Run(WORK, Services(clock=lambda: 999_999)).seconds_left == 0


def test_a_loop_goes_back_by_a_redirect() -> None:
    assert Run(WORK, Services()).redirect().status is Status.REDIRECT


@pytest.mark.parametrize("again", [True, False])
def test_a_call_without_an_answer_is_retried_when_it_says_so(again: bool) -> None:
    work = Work(**{key: getattr(WORK, key) for key in WORK.__struct_fields__} | {"again": again})
    assert call(Calling, work, Services()).retryable is again


def test_secrets_are_taken_out_of_errors() -> None:
    redactor.register(["sesame-opens-it"])
    outcome = Run(WORK, Services()).failed("401 for sesame-opens-it", details={"kind": "HTTP"})
    assert outcome.error is not None
    assert "sesame" not in str(outcome.error)
    assert outcome.error["details"]["kind"] == "HTTP"


def test_a_turn_takes_what_waits_until_it_has_taken_long_enough() -> None:
    taken: list[list[int]] = []
    done = threading.Event()

    def handle(turn: Turn[int]) -> None:
        batch: list[int] = []
        for item in turn:
            batch.append(item)
            time.sleep(0.02 if item == 3 else 0)
        taken.append(batch)
        if sum(map(len, taken)) == 8:
            done.set()

    lane: Lane[int] = Lane("test", 1, 3, handle)
    for n in range(8):
        lane.put(n)
    lane.start()
    assert done.wait(5)
    lane.stop(5)
    assert taken == [[0, 1, 2], [3], [4, 5, 6], [7]]


def test_a_lane_that_was_never_started_can_be_stopped() -> None:
    taken: list[int] = []
    lane: Lane[int] = Lane("test", 1, 1, taken.extend)
    lane.put(1)
    lane.stop(0)
    assert taken == []


def _imports(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_rule_20_a_stage_worker_has_no_database() -> None:
    assert "sqlalchemy" not in _imports("import gennaker.core.runtime.worker")


def test_plugins_load_without_any_client_library() -> None:
    found = _imports("import gennaker.plugins.flow, gennaker.core.plugins")
    assert not found & {"httpx", "jsonpath", "kubernetes", "boto3", "sqlalchemy", "kombu", "pika"}
