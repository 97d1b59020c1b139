"""Limits: how many executions of a pipeline run at once (rule 17)."""

from hypothesis import given
from hypothesis import strategies as st

from gennaker.core.engine import slots
from gennaker.core.model import messages as m
from gennaker.core.model.slot import Slot

LIMITED = {"id": "p", "limitConcurrent": True}


def _filled(**fields):
    slot = Slot(pipeline="p", **fields)
    for i in range(3):
        slot = slots.requested(slot, (f"E{i}", 0))
    return slot


def test_rule_17_the_newest_waiter_is_granted_and_the_others_are_superseded():
    slot, granted, superseded = slots.grant(_filled())
    assert granted == (("E2", 0),)
    assert superseded == (("E0", 0), ("E1", 0))
    assert slot.waiters == ()


def test_rule_17_waiters_that_are_kept_start_oldest_first():
    slot, granted, superseded = slots.grant(_filled(keep_waiting=True, limit=2))
    assert granted == (("E0", 0), ("E1", 0))
    assert superseded == ()
    assert slot.waiters == (("E2", 0),)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 1), st.booleans())), st.integers(1, 3), st.booleans())
def test_rule_17_repeated_requests_and_releases_never_exceed_the_limit(steps, limit, keep):
    slot = Slot(pipeline="p", limit=limit, keep_waiting=keep)
    for name, round_, asks in steps:
        claim = (name, round_)
        slot = slots.requested(slots.requested(slot, claim), claim) if asks else slots.released(slot, claim)
        slot, _, _ = slots.grant(slot)
        assert len(slot.holders) <= limit
        assert not set(slot.holders) & set(slot.waiters)
        assert len(set(slot.holders)) == len(slot.holders)


def test_a_limited_execution_waits_for_its_slot_and_gives_it_back(run, stage):
    run.begin(stage("1"), **LIMITED)
    assert run.status() == "NOT_STARTED"
    assert "waits for a slot: at most 1" in run.why
    run.tell(m.Granted(round=0))
    assert run.out() == ["1:go"]
    assert run.answer("1")[-1] == "SlotReleased"
    assert run.x.slot == ""


def test_a_slot_is_kept_until_the_clean_up_is_done(run, stage):
    run.begin(stage("1", type="clean"), **LIMITED)
    run.tell(m.Granted(round=0))
    run.command(m.Cancel, execution="E")
    assert run.x.slot == "held"
    run.answer("1")
    assert run.answer("1") == ["StageCleaned", "SlotReleased"]


def test_rule_17_every_grant_is_answered_even_by_a_finished_execution(run, stage):
    run.begin(stage("1"), **LIMITED)
    assert run.command(m.Cancel, execution="E") == ""
    assert run.x.slot == ""
    assert run.tell(m.Granted(round=0)) == ["SlotReleased"]


def test_a_repeated_grant_says_nothing(run, stage):
    run.begin(stage("1"), **LIMITED)
    run.tell(m.Granted(round=0))
    assert run.tell(m.Granted(round=0)) == []


def test_a_restarted_execution_asks_for_a_slot_again(run, stage):
    run.begin(stage("1"), **LIMITED)
    run.tell(m.Granted(round=0))
    run.answer("1", "TERMINAL")
    run.command(m.Restart, stage=run.stage("1").id)
    assert run.status() == "NOT_STARTED"
    assert run.x.slot == "waiting"
    assert run.tell(m.Granted(round=0)) == ["SlotReleased"]
    assert run.tell(m.Granted(round=1))[0] == "ExecutionStarted"


def test_a_start_that_is_too_late_leaves_the_queue(run, stage):
    run.begin(stage("1"), startTimeExpiry=run.now + 5000, maxConcurrentExecutions=3, id="p")
    assert "until" in run.why
    assert run.due == 5.001
    run.later(6)
    assert run.status() == "CANCELED"
    assert run.x.slot == ""
