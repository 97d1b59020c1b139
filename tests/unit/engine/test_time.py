"""Deadlines: polls, limits, hand-outs that nobody answers."""

import pytest

from gennaker.core.model import messages as m


def test_a_running_task_is_called_again_when_it_asked_for_it(run, stage):
    run.begin(stage("1", type="poll"))
    run.answer("1", "RUNNING", again_in=5, context={"seen": 1})
    assert run.due == pytest.approx(5)
    assert run.later(4.9) == []
    assert run.later(0.1) == ["TaskHandedOut"]
    assert run.stage("1").handout.attempt == 2


def test_a_task_that_names_no_time_waits_for_a_change(run, stage):
    run.begin(stage("1"))
    run.answer("1", "RUNNING")
    assert run.due is None
    run.command(m.Patch, stage=run.stage("1").id, context={"judgmentStatus": "continue"})
    assert run.out() == ["1:go"]


def test_a_change_while_a_call_is_out_leads_to_another_call(run, stage):
    run.begin(stage("1"))
    run.command(m.Patch, stage=run.stage("1").id, context={"x": 1})
    run.answer("1", "RUNNING")
    assert run.stage("1").handout.attempt == 2


def test_rule_08_an_unanswered_hand_out_is_sent_again_and_at_last_lost(run, stage):
    run.begin(stage("1"))
    first = run.stage("1").handout
    assert not first.again
    run.later(60)
    second = run.stage("1").handout
    assert (second.attempt, second.sends, second.again) == (first.attempt, 2, True)
    for _ in range(3):
        run.later(600)
    assert run.stage("1").handout.sends == 5
    run.later(1000)
    assert run.status("1") == "TERMINAL"
    assert run.stage("1").context["exception"]["exceptionType"] == "Lost"


def test_rule_08_after_a_take_over_everything_that_is_out_is_sent_again_marked(run, stage):
    run.begin(stage("1"), stage("2"))
    run.answer("2", "RUNNING", again_in=50)
    assert run.tell(m.Recover()) == ["TaskHandedOut"]
    assert run.stage("1").handout.again
    assert run.stage("1").handout.sends == 1


def test_a_plan_that_nobody_makes_is_lost_too(run, stage):
    run.begin(stage("1", type="rich"))
    for _ in range(6):
        run.later(1000)
    assert run.status("1") == "TERMINAL"


def test_rule_14_a_tick_with_nothing_due_changes_nothing(run, stage):
    run.begin(stage("1", type="poll"))
    assert run.tell(m.Tick()) == []
    run.answer("1", "RUNNING", again_in=50)
    assert run.tell(m.Tick()) == []


def test_a_task_has_its_own_limit(run, stage):
    run.begin(stage("1", type="poll"))
    run.answer("1", "RUNNING", again_in=500)
    assert run.due == pytest.approx(100)
    run.later(100)
    assert run.status("1") == "TERMINAL"
    assert "timed out after 100 seconds" in run.stage("1").context["exception"]["details"]["errors"][0]


def test_the_stage_may_override_the_limit_of_its_task(run, stage):
    run.begin(stage("1", type="poll", stageTimeoutMs=200_000))
    run.answer("1", "RUNNING", again_in=500)
    assert run.due == pytest.approx(200)


def test_a_time_out_can_be_a_success(run, stage):
    run.begin(stage("1", type="poll", stageTimeoutMs="5000", markSuccessfulOnTimeout=True))
    run.answer("1", "RUNNING", again_in=500)
    run.later(5)
    assert run.status() == "SUCCEEDED"


def test_rule_16_a_time_out_waits_for_the_answer_that_is_out(run, stage):
    run.begin(stage("1", type="poll", stageTimeoutMs=5000))
    assert run.later(5) == ["StageStopping"]
    assert run.status("1") == "RUNNING"
    run.answer("1", "RUNNING", context={"made": "i-1"})
    assert run.status("1") == "TERMINAL"
    assert run.stage("1").context["made"] == "i-1"


def test_rule_16_a_time_out_does_not_wait_for_ever(run, stage):
    run.begin(stage("1", type="poll", stageTimeoutMs=5000))
    run.later(5)
    run.later(60)
    assert run.status("1") == "TERMINAL"


def test_synthetic_stages_share_the_limit_of_their_parent(run, stage):
    run.begin(stage("1", type="rich", stageTimeoutMs=5000))
    run.answer("1", stages=({"type": "poll"},))
    run.answer("1<1", "RUNNING", again_in=500)
    run.later(5)
    assert run.status("1<1") == "TERMINAL"


def test_the_time_of_a_pause_does_not_count(run, stage):
    run.begin(stage("1", type="poll"))
    run.answer("1", "RUNNING", again_in=500)
    run.now += 50_000
    run.command(m.Pause)
    assert run.due is None
    run.now += 1_000_000
    run.command(m.Resume)
    assert run.due == pytest.approx(50)


def test_an_expired_answer_is_no_answer(run, stage):
    run.begin(stage("1"))
    assert run.answer("1", "TERMINAL", error={"details": {"errors": ["expired"]}}, expired=True) == []
    assert run.status("1") == "RUNNING"
