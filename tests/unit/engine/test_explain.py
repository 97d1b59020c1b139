"""`why`: one sentence for every state."""

from gennaker.core.engine.apply import fold
from gennaker.core.engine.explain import explain
from gennaker.core.engine.requests import accept_pipeline
from gennaker.core.model import messages as m


def test_what_was_accepted_waits_for_an_engine(stage):
    event = accept_pipeline({"application": "a", "stages": [stage("1")]}, {}, id_="E", now=1, user="u")
    assert explain(fold(None, (event,), 1), 1, {}) == "It was accepted and waits for an engine to start it."


def test_a_hand_out_says_who_is_to_answer_and_until_when(run, stage):
    run.begin(stage("1", name="Deploy"))
    assert run.why == "It waits for stage 'Deploy': a worker to answer task go until 1970-01-01T00:17:40Z."
    run.later(60)
    assert "sent 2 times" in run.why


def test_rule_09_a_missing_worker_is_named(run, stage):
    run.begin(stage("1"))
    told = explain(run.x, run.now, run.types, frozenset({"stage.run.go"}))
    assert "no worker for go is connected" in told


def test_a_poll_says_when_it_looks_again(run, stage):
    run.begin(stage("1", type="poll"))
    run.answer("1", "RUNNING", error={"details": {}}, retryable=True)
    assert "the next look at poll after 1 failed tries at 1970-01-01T00:16:41Z" in run.why
    run.later(1)
    assert "attempt 2" in run.why


def test_a_judgment_says_that_someone_has_to_answer(run, stage):
    run.begin(stage("1", stageTimeoutMs=5000))
    run.answer("1", "RUNNING")
    assert "someone to answer task go, 5000 ms at most" in run.why


def test_a_stopping_stage_says_how_it_will_end(run, stage):
    run.begin(stage("1", type="poll", stageTimeoutMs=5000))
    run.later(5)
    assert "then it ends TERMINAL (Stage 'poll' timed out after 5 seconds)" in run.why


def test_a_parent_is_explained_by_its_children(run, stage):
    run.begin(stage("1", type="rich"))
    assert "the plan of its before stages" in run.why
    run.answer("1", stages=({"type": "go", "name": "inner"},))
    assert run.why.startswith("It waits for stage 'inner'")


def test_an_end_is_told_with_its_reason(run, stage):
    run.begin(stage("1"), stage("2"))
    run.answer("1")
    run.answer("2")
    assert run.why == "It has ended SUCCEEDED."


def test_a_cancel_is_told_with_its_reason(run, stage):
    run.begin(stage("1"))
    run.answer("1", "RUNNING")
    run.command(m.Cancel, execution="E", reason="enough")
    assert run.why == "It has ended CANCELED: enough."


def test_what_waits_for_a_slot_says_how_many_may_run_and_until_when(run, stage):
    run.begin(stage("1"), id="p", limitConcurrent=True)
    assert run.why == "It waits for a slot: at most 1 of this pipeline may run at once."


def test_a_start_that_expires_says_when(run, stage):
    run.begin(stage("1"), id="p", maxConcurrentExecutions=3, startTimeExpiry=2_000_000)
    assert run.why == (
        "It waits for a slot: at most 3 of this pipeline may run at once, until 1970-01-01T00:33:20Z at the latest."
    )


def test_a_pause_says_who_and_since_when(run, stage):
    run.begin(stage("1"))
    run.command(m.Pause)
    assert run.why == "It was paused by bob at 1970-01-01T00:16:40Z and waits to be resumed."


def test_a_clean_up_and_a_slot_that_go_on_after_the_end_are_told(run, stage):
    run.begin(stage("1", type="clean"), id="p", limitConcurrent=True)
    run.tell(m.Granted(round=0))
    run.answer("1", "RUNNING", again_in=5)
    run.command(m.Cancel, execution="E", reason="enough")
    assert run.why.startswith("It has ended CANCELED; cleaning up: stage 'clean': a worker to answer its cancel")


def test_a_child_is_named(run, stage):
    run.begin(stage("1"))
    run.answer("1", "RUNNING", child=m.ChildRequest(application="app", pipeline="other"))
    assert run.why.endswith(f"stage 'go': its child pipeline {run.stage('1').child.id} to end.")
