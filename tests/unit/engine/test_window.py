"""A stage with an execution window waits in a before-stage of its own."""

import pytest

from gennaker.core.engine.window import WINDOW, WINDOW_DATA
from gennaker.core.model import messages as m
from gennaker.core.model.stage_type import StageType, TaskType


@pytest.fixture(autouse=True)
def window_type(run):
    """The stage type that waits."""
    run.types[WINDOW] = StageType(type=WINDOW, tasks=(TaskType(name="suspend"),))
    yield
    del run.types[WINDOW]


RESTRICTED = {WINDOW: True, WINDOW_DATA: {"days": [2]}, "stageTimeoutMs": 5000}


def test_the_window_comes_before_everything_else(run, stage):
    run.begin(stage("1", type="rich", **RESTRICTED))
    window = run.stage("1<0")
    assert run.out() == ["1<0:suspend"]
    assert window.owner == "STAGE_BEFORE"
    assert window.context == {WINDOW_DATA: {"days": [2]}}
    run.answer("1<0")
    assert run.out() == ["1:before"]
    run.answer("1", stages=({"type": "go", WINDOW: True},))
    assert run.out() == ["1<1:go"]
    assert WINDOW not in run.stage("1<1").context
    run.answer("1<1")
    assert run.out() == ["1:go"]


def test_the_time_in_the_window_does_not_count_against_the_limit(run, stage):
    run.begin(stage("1", **RESTRICTED))
    run.now += 3_600_000
    run.answer("1<0")
    run.later(4)
    assert run.status("1") == "RUNNING"
    run.later(1.5)
    assert run.stage("1").stopping is not None


def test_a_window_that_cannot_be_computed_fails_the_stage(run, stage):
    run.begin(stage("1", **RESTRICTED))
    run.answer("1<0", "TERMINAL")
    assert run.status("1") == "TERMINAL"
    assert run.stage("1").tasks[0].status == "NOT_STARTED"


def test_a_person_may_skip_the_window(run, stage):
    run.begin(stage("1", **RESTRICTED))
    run.answer("1<0", "RUNNING", again_in=600)
    run.command(m.Patch, stage=run.stage("1<0").id, context={"skipRemainingWait": True})
    assert run.out() == ["1<0:suspend"]


def test_without_the_flag_there_is_no_window(run, stage):
    run.begin(stage("1", **{WINDOW: "false", WINDOW_DATA: {"days": [2]}}))
    assert run.out() == ["1:go"]


def test_a_cancel_in_the_window_ends_it(run, stage):
    run.begin(stage("1", **RESTRICTED))
    run.command(m.Cancel)
    run.answer("1<0")
    assert (run.status("1<0"), run.status("1"), run.status()) == ("CANCELED", "CANCELED", "CANCELED")
