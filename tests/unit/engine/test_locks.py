"""A lock is held by one execution at a time, from the task that asks for it to the end of its stage."""

import pytest

from gennaker.core.engine import slots
from gennaker.core.model import messages as m
from gennaker.core.model.events import LockReleased, LockRequested
from gennaker.core.model.slot import Slot


def grant(run, key: str = "c") -> list[str]:
    """Tell the execution that it has the lock."""
    return run.tell(m.LockGranted(key=key, round=run.x.locks[key].round))


def test_a_stage_goes_on_once_it_has_the_lock_and_gives_it_back_at_its_end(run, stage):
    run.begin(stage("1", type="two"))
    run.answer("1", "RUNNING", lock="c")
    assert run.out() == []
    assert run.why == "It waits for stage 'two': the lock of c, which another execution has."
    grant(run)
    assert run.out() == ["1:second"]
    assert run.x.locks["c"].held
    assert "LockReleased" in run.answer("1")
    assert run.x.locks == {}


def test_stages_of_one_execution_share_a_lock(run, stage):
    run.begin(stage("1", type="two"), stage("2", type="two"))
    run.answer("1", "RUNNING", lock="c")
    grant(run)
    run.answer("2", "RUNNING", lock="c")
    assert run.out() == ["1:second", "2:second"]
    assert "LockReleased" not in run.answer("1")
    assert "LockReleased" in run.answer("2")


def test_a_stage_that_is_cancelled_while_it_waits_gives_its_claim_back(run, stage):
    run.begin(stage("1", type="two"))
    run.answer("1", "RUNNING", lock="c")
    run.command(m.Cancel)
    assert run.x.locks == {}
    assert LockReleased(key="c", round=1) in run.events


def test_a_stage_that_only_cleans_up_does_not_go_on_with_the_lock(run, stage):
    run.begin(stage("1", type="clean"))
    run.answer("1", "RUNNING", lock="c")
    run.command(m.Cancel)
    assert run.out() == ["1:cancel"]
    assert run.tell(m.LockGranted(key="c", round=1)) == ["LockReleased"]
    assert run.out() == ["1:cancel"]


def test_a_grant_that_comes_too_late_is_given_back(run, stage):
    run.begin(stage("1", type="two"))
    run.answer("1", "RUNNING", lock="c")
    run.command(m.Cancel)
    assert run.tell(m.LockGranted(key="c", round=1)) == ["LockReleased"]


def test_a_grant_of_an_earlier_request_does_not_serve_a_later_one(run, stage):
    run.begin(stage("1", type="two"), stage("2", "1", type="two"))
    run.answer("1", "RUNNING", lock="c")
    grant(run)
    run.answer("1")
    run.answer("2", "RUNNING", lock="c")
    assert run.tell(m.LockGranted(key="c", round=1)) == ["LockReleased"]
    assert run.out() == []
    grant(run)
    assert run.out() == ["2:second"]


def test_a_change_by_a_person_does_not_end_the_wait(run, stage):
    run.begin(stage("1", type="two"))
    run.answer("1", "RUNNING", lock="c")
    run.command(m.Patch, stage=run.stage("1").id, context={"a": 1})
    assert run.out() == []
    assert run.due is None


def test_a_wait_for_a_lock_has_the_limit_of_its_task(run, stage):
    run.begin(stage("1", type="poll"))
    run.answer("1", "RUNNING", lock="c")
    run.later(101)
    assert run.status("1") == "TERMINAL"
    assert run.x.locks == {}


@pytest.mark.parametrize("first", ["A", "B"])
def test_only_one_of_two_executions_is_granted(run, stage, first):
    run.begin(stage("1"))
    others = dict.fromkeys(("A", "B"), run.x)
    request = LockRequested(stage="s", key="c", round=1)
    slot = Slot(pipeline=slots.name_of(request))
    for name in sorted(others, key=lambda each: each != first):
        slot = slots.settled(slot, _named(run, name), request)
    slot, granted, superseded = slots.grant(slot)
    assert (granted, superseded) == (((first, 1),), ())
    slot = slots.settled(slot, _named(run, first), LockReleased(key="c", round=1))
    slot, granted, superseded = slots.grant(slot)
    assert superseded == ()
    assert granted[0][0] != first


def _named(run, name: str):
    from msgspec.structs import replace

    return replace(run.x, id=name)
