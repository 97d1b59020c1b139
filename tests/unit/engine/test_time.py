"""Deadlines: polls, limits, hand-outs that nobody answers."""

import pytest

from gennaker.core.engine.work import work_for
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


def test_a_task_that_starts_after_a_pause_or_in_it_has_not_been_paused_for_longer_than_it_has_run(run, stage):
    run.begin(stage("1"), stage("2", "1", type="two"))
    run.now += 1_000
    run.command(m.Pause)
    run.now += 1_000
    run.answer("1")
    run.now += 60_000
    run.command(m.Resume)
    two = run.stage("2")
    assert (two.paused, two.tasks[0].paused_before) == (60_000, 0)
    assert work_for(run.x, two, None, 0).task_paused == 60_000
    run.now += 500
    run.answer("2")
    two = run.stage("2")
    work = work_for(run.x, two, None, 0)
    assert (work.paused, work.task_paused, work.task_start) == (60_000, 0, run.now)
    run.command(m.Pause)
    run.now += 2_000
    run.command(m.Resume)
    assert work_for(run.x, run.stage("2"), None, 0).task_paused == 2_000


def test_a_pause_holds_back_what_is_due(run, stage):
    run.begin(stage("1", type="poll"))
    run.answer("1", "RUNNING", again_in=5)
    run.command(m.Pause)
    assert run.later(10) == []
    assert run.out() == []
    run.command(m.Resume)
    assert run.out() == ["1:poll"]


def test_rule_16_a_clean_up_that_nobody_answers_is_given_up(run, stage):
    run.begin(stage("1", type="clean"))
    run.answer("1", "RUNNING", again_in=500)
    run.command(m.Cancel, execution="E")
    assert run.out() == ["1:cancel"]
    for _ in range(40):
        if not run.x.active:
            break
        run.later(run.due)
    assert run.status() == "CANCELED"
    assert not run.x.active


def test_rule_16_an_answer_that_never_comes_does_not_hold_the_clean_up_back(run, stage):
    run.begin(stage("1", type="clean"))
    run.command(m.Cancel, execution="E")
    assert run.out() == ["1:go"]
    for _ in range(40):
        if run.out() == ["1:cancel"]:
            break
        run.later(run.due)
    run.answer("1")
    assert not run.x.active


def test_a_limit_in_words_counts_and_one_that_is_no_number_does_not(run, stage):
    run.begin(stage("1", type="two", stageTimeoutMs="5000"), stage("2", type="two", stageTimeoutMs="soon"))
    run.answer("1", "RUNNING", again_in=900)
    run.answer("2", "RUNNING", again_in=900)
    run.later(6)
    assert (run.status("1"), run.stage("2").stopping) == ("TERMINAL", None)
