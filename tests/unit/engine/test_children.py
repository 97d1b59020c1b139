"""Child pipelines: asked for once, waited for, cancelled with their parent."""

import pytest

from gennaker.core.model import messages as m
from gennaker.core.model.status import Status

WANTED = m.ChildRequest(application="app", pipeline="p2", parameters={"x": 1})


def _ask(run, **changes):
    wanted = m.ChildRequest(application="app", pipeline="p2", **changes)
    run.answer("1", "RUNNING", child=wanted)
    return run.stage("1").child.id


def test_a_child_is_asked_for_and_waited_for(run, stage):
    run.begin(stage("1"))
    child = _ask(run, parameters={"x": 1})
    asked = run.events[-1]
    assert (asked.child, asked.pipeline, asked.parameters, asked.user) == (child, "p2", {"x": 1}, "ann")
    assert "child pipeline" in run.why
    run.tell(m.ChildAccepted(stage=run.stage("1").id, child=child, name="second"))
    assert run.stage("1").context["executionId"] == child
    assert run.stage("1").context["executionName"] == "second"
    run.tell(m.ChildEnded(stage=run.stage("1").id, child=child, status=Status.SUCCEEDED, outputs={"made": 1}))
    assert run.status() == "SUCCEEDED"
    assert run.stage("1").outputs == {"made": 1}
    assert run.stage("1").context["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("child_status", "status"), [("TERMINAL", "TERMINAL"), ("STOPPED", "TERMINAL"), ("CANCELED", "CANCELED")]
)
def test_the_stage_ends_as_its_child_did(run, stage, child_status, status):
    run.begin(stage("1"))
    child = _ask(run)
    run.tell(m.ChildEnded(stage=run.stage("1").id, child=child, status=Status(child_status), outputs={"made": 1}))
    assert run.status("1") == status
    assert run.stage("1").outputs == {}
    assert child in run.stage("1").context["exception"]["details"]["errors"][0]


def test_a_child_that_cannot_be_started_fails_the_stage_with_the_reason(run, stage):
    run.begin(stage("1"))
    child = _ask(run)
    run.tell(m.ChildEnded(stage=run.stage("1").id, child=child, status=Status.TERMINAL, reason="There is no p2."))
    assert run.stage("1").context["exception"]["details"]["errors"] == ["There is no p2."]


def test_a_detached_child_is_not_waited_for(run, stage):
    run.begin(stage("1"))
    child = _ask(run, detached=True)
    accepted = m.ChildAccepted(stage=run.stage("1").id, child=child)
    run.tell(accepted)
    assert run.status() == "SUCCEEDED"
    assert run.tell(accepted) == []
    assert run.tell(m.ChildEnded(stage=run.stage("1").id, child=child, status=Status.TERMINAL)) == []


def test_outputs_can_be_left_behind(run, stage):
    run.begin(stage("1"))
    child = _ask(run, discard_outputs=True)
    run.tell(m.ChildEnded(stage=run.stage("1").id, child=child, status=Status.SUCCEEDED, outputs={"made": 1}))
    assert run.stage("1").outputs == {}


def test_cancelling_the_parent_cancels_the_child(run, stage):
    run.begin(stage("1"))
    child = _ask(run)
    run.command(m.Cancel, execution="E", reason="enough")
    asked = [event for event in run.events if type(event).__name__ == "ChildCancelRequested"]
    assert [(event.child, event.reason) for event in asked] == [(child, "enough")]


def test_a_time_out_of_the_parent_cancels_the_child(run, stage):
    run.begin(stage("1", stageTimeoutMs=1000, continuePipeline=True))
    _ask(run)
    run.later(1)
    assert run.status("1") == "FAILED_CONTINUE"
    assert "ChildCancelRequested" in [type(event).__name__ for event in run.events]


def test_skipping_the_parent_stage_cancels_the_child(run, stage):
    run.begin(stage("1", type="skip", skippable=True))
    _ask(run)
    run.command(m.Patch, stage=run.stage("1").id, context={"manualSkip": True})
    assert run.status("1") == "SKIPPED"
    assert "ChildCancelRequested" in [type(event).__name__ for event in run.events]


def test_rule_06_the_child_of_the_same_effect_key_has_the_same_id(run, stage):
    run.begin(stage("1"))
    first = _ask(run)
    run.command(m.Cancel, execution="E")
    run.command(m.Restart, stage=run.stage("1").id)
    assert _ask(run) != first


def test_news_of_another_child_says_nothing(run, stage):
    run.begin(stage("1"))
    _ask(run)
    for id_ in (run.stage("1").id, "gone"):
        assert run.tell(m.ChildAccepted(stage=id_, child="other")) == []
        assert run.tell(m.ChildEnded(stage=id_, child="other", status=Status.SUCCEEDED)) == []
