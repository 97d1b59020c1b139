"""The fold: facts into state, whoever reads them and whenever."""

import pytest

from gennaker.core.engine.apply import apply, fold
from gennaker.core.engine.work import execution_context, visible_context, work_for
from gennaker.core.model import events as e
from gennaker.core.model.ids import shard_of, ulid
from gennaker.core.store.entries import encode


def test_an_execution_begins_with_a_request():
    with pytest.raises(ValueError, match="request"):
        apply(None, e.ExecutionPaused(user="x"), 1)
    with pytest.raises(ValueError, match="at least one"):
        fold(None, (), 1)


def test_rule_01_the_shard_of_an_execution_is_the_same_everywhere():
    assert [shard_of(id_, 4) for id_ in ("a", "b", "c", "01HF7YAVM2RBQT7XK01BS2X2HY")] == [3, 1, 3, 1]


def test_rule_06_an_id_derives_from_what_it_is_made_of():
    assert ulid(5, "a", 1) == ulid(5, "a", 1)
    assert ulid(5, "a", 1) != ulid(5, "a", 2)
    assert ulid(1_700_000_000_000, "x") < ulid(1_700_000_000_001, "a")
    assert len(ulid(0)) == 26


def test_work_is_complete_in_itself(run, stage):
    run.begin(stage("1", x=1), stage("2", "1", y=2), trigger={"parameters": {"p": 1}})
    run.answer("1", outputs={"made": "a", "y": 9})
    work = work_for(run.x, run.stage("2"), None, 3, again=True)
    assert work.key == f"E/{run.stage('2').id}/go/0"
    assert work.context == {"made": "a", "y": 2}
    assert work.again
    assert work.shard == 3
    assert work.trigger["parameters"] == {"p": 1}
    with pytest.raises(ValueError, match="handed out nothing"):
        work_for(run.x, run.stage("1"), None, 0)


def test_the_nearest_ancestor_is_seen_first(run, stage):
    run.begin(stage("1"), stage("2", "1"), stage("3", "2"))
    run.answer("1", outputs={"a": 1, "b": 1})
    run.answer("2", outputs={"b": 2})
    assert visible_context(run.x, run.stage("3")) == {"a": 1, "b": 2}


def test_after_stages_see_their_parent_and_its_before_stages(run, stage):
    run.begin(stage("1", type="rich"))
    run.answer("1", stages=({"type": "go"},))
    run.answer("1<1", outputs={"early": 1})
    run.answer("1", outputs={"mine": 2})
    run.answer("1", stages=({"type": "go"},))
    assert visible_context(run.x, run.stage("1>1")) == {"early": 1, "mine": 2}


def test_the_context_of_an_execution_merges_outputs_and_joins_lists(run, stage):
    run.begin(stage("1"), stage("2", "1"))
    run.answer("1", outputs={"artifacts": ["a", "b"], "x": 1})
    run.answer("2", outputs={"artifacts": ["b", "c"], "x": 2})
    assert execution_context(run.x) == {"artifacts": ["a", "b", "c"], "x": 2}


def test_rule_22_events_are_small_and_carry_their_type():
    assert encode((e.TaskStarted(stage="s", task="t"),)) == b'[{"type":"task.started","stage":"s","task":"t"}]'
