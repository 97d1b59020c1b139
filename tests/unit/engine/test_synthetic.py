"""Before-, after- and on-failure stages."""

import pytest

from gennaker.core.model import messages as m


def test_rule_15_planned_stages_run_before_the_tasks(run, stage):
    run.begin(stage("1", type="rich"))
    assert run.out() == ["1:before"]
    run.answer("1", stages=({"type": "go", "name": "a"}, {"type": "go", "name": "b", "x": 1}))
    assert run.out() == ["1<1:go"]
    assert run.stage("1<2").requisites == ("1<1",)
    assert run.stage("1<2").context == {"x": 1}
    assert run.stage("1<1").owner == "STAGE_BEFORE"
    run.answer("1<1")
    run.answer("1<2")
    assert run.out() == ["1:go"]


def test_after_stages_run_once_the_tasks_are_done(run, stage):
    run.begin(stage("1", type="rich"), stage("2", "1"))
    run.answer("1")
    run.answer("1")
    assert run.out() == ["1:after"]
    run.answer("1", stages=({"type": "go"},))
    assert run.status("1") == "RUNNING"
    run.answer("1>1")
    assert run.status("1") == "SUCCEEDED"
    assert run.out() == ["2:go"]


def test_on_failure_stages_run_and_the_stage_still_fails(run, stage):
    run.begin(stage("1", type="rich"))
    run.answer("1")
    run.answer("1", "TERMINAL")
    assert run.out() == ["1:on_failure"]
    run.answer("1", stages=({"type": "go"}, {"type": "go"}))
    assert run.stage("1>2").requisites == ("1>1",)
    run.answer("1>1")
    run.answer("1>2")
    assert run.status("1") == "TERMINAL"


def test_a_plan_may_name_its_own_order(run, stage):
    run.begin(stage("1", type="rich"))
    plan = (
        {"type": "go", "refId": "x"},
        {"type": "go", "refId": "y"},
        {"type": "go", "refId": "z", "requisiteStageRefIds": ["x", "y"]},
    )
    run.answer("1", stages=plan)
    assert run.out() == ["1<1:go", "1<2:go"]
    assert set(run.stage("1<3").requisites) == {"1<1", "1<2"}


def test_a_failing_before_stage_fails_its_parent(run, stage):
    run.begin(stage("1", type="rich"))
    run.answer("1", stages=({"type": "go"}, {"type": "go"}))
    run.answer("1<1", "TERMINAL")
    assert run.out() == ["1:on_failure"]
    run.answer("1")
    assert run.status("1<2") == "NOT_STARTED"
    assert run.status("1") == "TERMINAL"


@pytest.mark.parametrize(("tolerant", "started"), [(False, False), (True, True)])
def test_an_ignored_failure_stops_siblings_unless_told_otherwise(run, stage, tolerant, started):
    run.begin(stage("1", type="rich", allowSiblingStagesToContinueOnFailure=tolerant))
    run.answer("1", stages=({"type": "go", "continuePipeline": True}, {"type": "go"}))
    run.answer("1<1", "TERMINAL")
    assert (run.status("1<2") == "RUNNING") is started


@pytest.mark.parametrize(
    "plan",
    [({"name": "no type"},), ({"type": "go", "refId": "a"}, {"type": "go", "refId": "a"}), ({"type": "go"},) * 501],
)
def test_a_plan_that_is_no_plan_fails_the_stage(run, stage, plan):
    run.begin(stage("1", type="rich"))
    run.answer("1", stages=plan)
    assert run.status("1") == "TERMINAL"
    assert run.stage("1").context["exception"]["exceptionType"] == "InvalidPlan"


def test_planning_that_fails_is_tried_again_when_it_says_so(run, stage):
    run.begin(stage("1", type="rich"))
    run.answer("1", "TERMINAL", error={"details": {}}, retryable=True)
    assert run.status("1") == "RUNNING"
    run.later(1)
    run.answer("1", "RUNNING", again_in=5)
    run.later(5)
    run.answer("1", "TERMINAL", error={"details": {"errors": ["no"]}})
    assert run.status("1") == "TERMINAL"
    assert run.stage("1").context["beforeStagePlanningFailed"] is True


def test_planning_that_fails_without_a_reason_says_so(run, stage):
    run.begin(stage("1", type="rich"))
    run.answer("1")
    run.answer("1")
    run.answer("1", "CANCELED")
    assert run.status("1") == "TERMINAL"
    assert "CANCELED" in run.stage("1").context["exception"]["details"]["errors"][0]


def test_an_empty_plan_is_an_answer(run, stage):
    run.begin(stage("1", type="rich"))
    for _ in range(3):
        run.answer("1")
    assert run.status() == "SUCCEEDED"


def test_cancelling_ends_the_synthetic_stages_too(run, stage):
    run.begin(stage("1", type="rich"))
    run.answer("1", stages=({"type": "clean"},))
    run.command(m.Cancel, execution="E")
    assert run.status("1<1") == "CANCELED"
    assert run.status("1") == "CANCELED"
    run.answer("1<1")
    run.answer("1<1")
    assert run.x.active == ()
