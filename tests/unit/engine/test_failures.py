"""The four failure options, and what becomes of the other branches."""

import pytest

HALT = {}
BRANCH = {"failPipeline": False, "continuePipeline": False}
BRANCH_THEN_FAIL = {**BRANCH, "completeOtherBranchesThenFail": True}
IGNORE = {"failPipeline": False, "continuePipeline": True}


@pytest.mark.parametrize(
    ("options", "stage_status", "execution_status"),
    [
        (HALT, "TERMINAL", "TERMINAL"),
        (BRANCH, "STOPPED", "SUCCEEDED"),
        (BRANCH_THEN_FAIL, "STOPPED", "TERMINAL"),
        (IGNORE, "FAILED_CONTINUE", "SUCCEEDED"),
    ],
)
def test_a_failure_means_what_the_stage_says(run, stage, options, stage_status, execution_status):
    run.begin(stage("1", **options), stage("2"))
    run.answer("2")
    run.answer("1", "TERMINAL", error={"details": {"errors": ["broken"]}})
    assert run.status("1") == stage_status
    assert run.status() == execution_status
    assert run.stage("1").context["exception"]["details"]["errors"] == ["broken"]


def test_halting_cancels_the_other_branches(run, stage):
    run.begin(stage("1"), stage("2", type="clean"))
    run.answer("1", "TERMINAL")
    assert run.status() == "TERMINAL"
    assert run.status("2") == "CANCELED"


def test_a_stopped_branch_lets_the_others_go_on(run, stage):
    run.begin(stage("1", **BRANCH_THEN_FAIL), stage("2"), stage("3", "1"), stage("4", "2"))
    run.answer("1", "TERMINAL")
    assert run.status() == "RUNNING"
    run.answer("2")
    run.answer("4")
    assert run.status("3") == "NOT_STARTED"
    assert run.status() == "TERMINAL"


def test_an_ignored_failure_lets_downstream_run(run, stage):
    run.begin(stage("1", **IGNORE), stage("2", "1"))
    run.answer("1", "TERMINAL")
    assert run.out() == ["2:go"]


def test_an_ignored_failure_ends_the_tasks_of_its_stage(run, stage):
    run.begin(stage("1", type="two", **IGNORE))
    run.answer("1", "TERMINAL")
    assert [task.status for task in run.stage("1").tasks] == ["FAILED_CONTINUE", "NOT_STARTED"]
    assert run.status("1") == "FAILED_CONTINUE"


def test_a_task_that_cancels_itself_cancels_the_execution(run, stage):
    run.begin(stage("1"))
    run.answer("1", "CANCELED")
    assert run.status("1") == "CANCELED"
    assert run.status() == "CANCELED"


def test_options_may_be_text_as_an_expression_leaves_them(run, stage):
    run.begin(stage("1", failPipeline="false", continuePipeline="true"))
    run.answer("1", "TERMINAL")
    assert run.status("1") == "FAILED_CONTINUE"


def test_failed_expressions_fail_a_stage_that_says_so(run, stage):
    run.begin(stage("1", failOnFailedExpressions=True, message="${ parameters.gone }"))
    run.answer("1")
    assert run.status("1") == "TERMINAL"


def test_retryable_errors_are_tried_again_with_growing_waits_and_then_fail(run, stage):
    run.begin(stage("1", type="poll"))
    error = {"details": {"errors": ["503"]}}
    run.answer("1", "RUNNING", error=error, retryable=True)
    assert run.due == pytest.approx(1.0)
    run.later(1)
    assert run.stage("1").handout.again
    run.answer("1", "RUNNING", error=error, retryable=True)
    assert run.due == pytest.approx(2.0)
    run.later(2)
    run.answer("1", "TERMINAL", error=error, retryable=True)
    assert run.status("1") == "TERMINAL"


def test_a_success_between_two_errors_begins_the_count_anew(run, stage):
    run.begin(stage("1", type="poll"))
    for _ in range(4):
        run.answer("1", "RUNNING", error={"details": {}}, retryable=True)
        run.later(1)
        run.answer("1", "RUNNING", again_in=1)
        run.later(1)
    assert run.status("1") == "RUNNING"


def test_the_stage_may_ask_for_longer_waits_between_calls(run, stage):
    run.begin(stage("1", type="poll", backoffPeriodMs="30000"))
    run.answer("1", "RUNNING", again_in=1)
    assert run.due == pytest.approx(30)
