"""Cancel, pause, resume, patch, skip, restart: handled once, answered visibly."""

from gennaker.core.engine.decide import advance, decide
from gennaker.core.model import messages as m
from gennaker.core.model.status import Status


def test_rule_16_cancel_shows_at_once_and_cleans_up_after_the_answer(run, stage):
    run.begin(stage("1", type="clean"))
    assert run.command(m.Cancel, execution="E", reason="enough") == ""
    assert run.status() == "CANCELED"
    assert run.x.canceled_by == "bob"
    assert run.out() == ["1:go"]
    assert "cleaning up" in run.why
    run.answer("1", context={"made": "i-1"})
    assert run.out() == ["1:cancel"]
    assert run.stage("1").context["made"] == "i-1"
    assert run.status("1") == "CANCELED"
    run.answer("1")
    assert run.x.active == ()


def test_a_cancel_that_is_not_done_yet_is_called_again(run, stage):
    run.begin(stage("1", type="clean"))
    run.command(m.Cancel, execution="E")
    run.answer("1")
    run.answer("1", "RUNNING", again_in=5)
    run.later(5)
    run.answer("1", "TERMINAL", error={"details": {"errors": ["left behind"]}})
    assert run.x.active == ()
    assert run.stage("1").context["cleanUpError"]["details"]["errors"] == ["left behind"]


def test_a_cancel_that_always_fails_is_given_up_with_its_error(run, stage):
    run.begin(stage("1", type="clean"))
    run.command(m.Cancel, execution="E")
    run.answer("1")
    for _ in range(10):
        run.answer("1", "TERMINAL", error={"details": {"errors": ["503"]}}, retryable=True)
        run.later(200)
    run.answer("1", "TERMINAL", error={"details": {"errors": ["503"]}}, retryable=True)
    assert run.x.active == ()
    assert run.stage("1").context["cleanUpError"]["details"]["errors"] == ["503"]


def test_a_cancel_that_nobody_answers_is_given_up(run, stage):
    run.begin(stage("1", type="clean"))
    run.command(m.Cancel, execution="E")
    for _ in range(12):
        run.later(1000)
    assert run.x.active == ()
    assert run.stage("1").context["cleanUpError"]["exceptionType"] == "Lost"


def test_a_stage_without_a_cancel_is_done_when_its_answer_came(run, stage):
    run.begin(stage("1"), stage("2", type="rich"))
    run.command(m.Cancel, execution="E")
    run.answer("1")
    run.answer("2")
    assert run.x.active == ()


def test_a_lost_answer_does_not_keep_the_clean_up_waiting(run, stage):
    run.begin(stage("1", type="clean"), stage("2", type="rich"))
    run.command(m.Cancel, execution="E")
    for _ in range(5):
        run.later(1000)
    assert run.out() == ["1:cancel"]


def test_cancelling_twice_is_refused(run, stage):
    run.begin(stage("1"))
    run.command(m.Cancel, execution="E")
    assert run.command(m.Cancel, execution="E") == "The execution has already ended CANCELED."


def test_rule_07_a_repeated_command_has_no_second_effect(run, stage):
    run.begin(stage("1"))
    message = m.Pause(id="once", user="bob")
    run.tell(message)
    run.command(m.Resume)
    assert run.tell(message) == []
    assert run.status() == "RUNNING"


def test_rule_16_a_cancel_before_the_request_keeps_it_dead():
    state, events = advance(None, m.Cancel(id="c", user="bob", execution="E", reason="no"), 5, {})
    assert [type(event).__name__ for event in events] == ["ExecutionTombstoned"]
    assert state.status is Status.CANCELED
    assert decide(state, m.Begin(), 6, {}) == ()


def test_other_messages_for_an_execution_that_does_not_exist_say_nothing():
    assert decide(None, m.Begin(), 5, {}) == ()
    assert decide(None, m.Cancel(id="c"), 5, {}) == ()


def test_a_paused_execution_hands_out_nothing_new(run, stage):
    run.begin(stage("1"), stage("2", "1"))
    assert run.command(m.Pause) == ""
    run.answer("1")
    assert run.out() == []
    assert "paused by bob" in run.why
    assert run.command(m.Resume) == ""
    assert run.out() == ["2:go"]
    assert run.x.paused["resumedBy"] == "bob"


def test_a_judgment_during_a_pause_is_not_forgotten(run, stage):
    run.begin(stage("1"))
    run.answer("1", "RUNNING")
    run.command(m.Pause)
    run.command(m.Patch, stage=run.stage("1").id, context={"judgmentStatus": "continue"})
    run.command(m.Resume)
    assert run.out() == ["1:go"]


def test_pause_and_resume_need_the_right_state(run, stage):
    run.begin(stage("1"))
    assert "Only a paused execution" in run.command(m.Resume)
    run.command(m.Pause)
    assert "Only a running execution" in run.command(m.Pause)
    run.command(m.Cancel, execution="E")
    assert run.status() == "CANCELED"


def test_an_execution_can_end_while_it_is_paused(run, stage):
    run.begin(stage("1"))
    run.command(m.Pause)
    run.answer("1")
    assert run.status() == "SUCCEEDED"


def test_patching_notes_who_did_it(run, stage):
    run.begin(stage("1"))
    run.command(m.Patch, stage=run.stage("1").id, context={"x": 1})
    found = run.stage("1")
    assert found.context["x"] == 1
    assert found.context["lastModifiedBy"] == "bob"
    assert found.last_modified == {"user": "bob", "allowedAccounts": [], "lastModifiedTime": run.now}


def test_patching_what_is_not_there_or_has_ended_is_refused(run, stage):
    run.begin(stage("1"), stage("2"))
    run.answer("1")
    assert "no stage nowhere" in run.command(m.Patch, stage="nowhere", context={})
    assert "already ended SUCCEEDED" in run.command(m.Patch, stage=run.stage("1").id, context={})


def test_rule_16_a_skip_waits_for_the_answer_that_is_out(run, stage):
    run.begin(stage("1", type="skip", skippable=True), stage("2", "1"))
    assert run.stage("1").context["canManuallySkip"] is True
    assert run.command(m.Patch, stage=run.stage("1").id, context={"manualSkip": True}) == ""
    assert run.status("1") == "RUNNING"
    run.answer("1", "RUNNING", again_in=5)
    assert run.status("1") == "SKIPPED"
    assert run.out() == ["2:go"]


def test_a_skip_with_nothing_out_is_done_at_once(run, stage):
    run.begin(stage("1", type="skip", skippable=True))
    run.answer("1", "RUNNING", again_in=500)
    run.command(m.Patch, stage=run.stage("1").id, context={"manualSkip": True})
    assert run.status() == "SUCCEEDED"


def test_only_a_skippable_stage_can_be_skipped(run, stage):
    run.begin(stage("1", type="skip"), stage("2", skippable=True))
    for ref in ("1", "2"):
        refused = run.command(m.Patch, stage=run.stage(ref).id, context={"manualSkip": True})
        assert refused == "Cannot manually skip stage."


def test_restarting_runs_a_stage_and_all_after_it_again(run, stage):
    run.begin(stage("1"), stage("2", "1", type="clean"), stage("3", "2"))
    run.answer("1")
    run.answer("2", "TERMINAL", context={"made": 1, "kept": 2}, error={"details": {"errors": ["broken"]}})
    run.answer("2")
    assert run.status() == "TERMINAL"
    assert run.command(m.Restart, stage=run.stage("2").id, seen=0) == ""
    assert run.status() == "RUNNING"
    assert run.out() == ["2:go"]
    found = run.stage("2")
    assert found.round == 1
    assert "made" not in found.context
    assert found.context["kept"] == 2
    assert found.context["restartDetails"]["restartedBy"] == "bob"
    assert found.context["restartDetails"]["previousException"]["details"]["errors"] == ["broken"]
    run.answer("2")
    run.answer("3")
    assert run.status() == "SUCCEEDED"
    assert run.x.cancellation_reason is None


def test_restarting_a_synthetic_stage_restarts_its_parent(run, stage):
    run.begin(stage("1", type="rich"))
    run.answer("1", stages=({"type": "go"},))
    run.answer("1<1", "TERMINAL")
    run.answer("1")
    assert run.status() == "TERMINAL"
    assert run.command(m.Restart, stage=run.stage("1<1").id) == ""
    assert run.out() == ["1:before"]
    assert all(each.parent is None for each in run.x.stages.values())


def test_a_finished_branch_can_be_restarted_while_another_runs(run, stage):
    run.begin(stage("1"), stage("2"))
    run.answer("1")
    assert run.command(m.Restart, stage=run.stage("1").id) == ""
    assert run.out() == ["1:go", "2:go"]


def test_rule_07_a_restart_of_another_round_is_refused(run, stage):
    run.begin(stage("1"))
    run.answer("1", "TERMINAL")
    run.command(m.Restart, stage=run.stage("1").id, seen=0)
    run.answer("1", "TERMINAL")
    assert "was restarted in the meantime" in run.command(m.Restart, stage=run.stage("1").id, seen=0)


def test_what_runs_or_is_cleaning_up_cannot_be_restarted(run, stage):
    run.begin(stage("1"), stage("2", "1", type="clean"))
    assert "is RUNNING" in run.command(m.Restart, stage=run.stage("1").id)
    run.answer("1")
    assert "still running" in run.command(m.Restart, stage=run.stage("1").id)
    run.command(m.Cancel, execution="E")
    assert "cleaning up" in run.command(m.Restart, stage=run.stage("1").id)
    assert "no stage nowhere" in run.command(m.Restart, stage="nowhere")


def test_an_orchestration_cannot_be_restarted(run):
    run.begin_task({"type": "go"})
    run.answer("0")
    assert "Only the stages of a pipeline" in run.command(m.Restart, stage=run.stage("0").id)


def test_a_restart_may_carry_new_preconditions(run, stage):
    run.begin(stage("1"))
    id_ = run.stage("1").id
    run.answer("1", "TERMINAL")
    run.command(m.Restart, stage=id_, context={id_: {"preconditions": [1]}, "gone": {"x": 1}})
    assert run.stage("1").context["preconditions"] == [1]


def test_only_the_last_commands_are_remembered(run, stage):
    run.begin(stage("1"))
    for _ in range(100):
        run.command(m.Resume)
    assert len(run.x.handled) == 64
