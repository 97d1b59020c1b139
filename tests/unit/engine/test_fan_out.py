"""One stage definition, run for each item of a list."""

import pytest

from gennaker.core.model import messages as m


def started(run) -> list[str]:
    """The refIds of the copies that run."""
    return [s.ref_id for s in run.x.stages.values() if s.parent is not None and s.status == "RUNNING"]


def test_each_item_gets_a_copy_with_its_own_expressions(run, stage):
    each = {"items": "${parameters.regions}", "as": "region"}
    run.begin(
        stage("1", name="Deploy", forEach=each, where="${region}", n="${regionIndex}"),
        stage("2", "1", all="${#stage('Deploy').outputs.forEach.![outputs.id]}"),
        trigger={"parameters": {"regions": ["eu", "us"]}},
    )
    assert started(run) == ["1<1", "1<2"]
    assert run.stage("1<2").context["where"] == "us"
    assert run.stage("1<2").context["n"] == 1
    assert run.stage("1<1").name == "Deploy (eu)"
    run.answer("1<2", outputs={"id": 2})
    run.answer("1<1", outputs={"id": 1})
    assert run.status("1") == "SUCCEEDED"
    assert [one["outputs"] for one in run.stage("1").outputs["forEach"]] == [{"id": 1}, {"id": 2}]
    assert run.stage("2").context["all"] == [1, 2]


def test_no_more_copies_run_at_once_than_the_limit_says(run, stage):
    run.begin(stage("1", forEach={"items": [1, 2, 3, 4, 5], "limit": "2"}))
    assert started(run) == ["1<1", "1<2"]
    run.answer("1<2")
    assert started(run) == ["1<1", "1<3"]
    run.answer("1<1")
    run.answer("1<3")
    assert started(run) == ["1<4", "1<5"]


def test_an_item_is_data(run, stage):
    given = {"parameters": {"x": ["${execution.id}"]}}
    run.begin(stage("1", forEach={"items": "${parameters.x}"}, said="${item}"), trigger=given)
    copy = run.stage("1<1")
    assert copy.context["item"] == "${execution.id}"
    assert copy.context["said"] == "${execution.id}"


def test_an_item_is_not_even_tried_as_an_expression(run, stage):
    given = {"parameters": {"x": ["${gone.away}", "${#fromUrl('https://x.example/')}"]}}
    run.begin(stage("1", forEach={"items": "${parameters.x}"}, said="${item}"), trigger=given)
    for ref in ("1<1", "1<2"):
        copy = run.stage(ref)
        assert copy.phase == "tasks"
        assert (copy.wanted, copy.unresolved) == ((), ())
        assert "expressionEvaluationSummary" not in copy.context


def test_a_failed_copy_ends_the_stage_after_those_that_run(run, stage):
    run.begin(stage("1", forEach={"items": [1, 2, 3], "limit": 2}))
    run.answer("1<1", "TERMINAL")
    assert run.status("1") == "RUNNING"
    run.answer("1<2")
    assert run.status("1") == "TERMINAL"
    assert run.status("1<3") == "NOT_STARTED"


def test_copies_whose_failure_is_ignored_let_the_others_go_on(run, stage):
    run.begin(stage("1", forEach={"items": [1, 2], "limit": 1}, continuePipeline=True), stage("2", "1"))
    run.answer("1<1", "TERMINAL")
    run.answer("1<2")
    assert run.status("1") == "FAILED_CONTINUE"
    assert run.status("2") == "RUNNING"


def test_an_empty_list_is_nothing_to_do(run, stage):
    run.begin(stage("1", forEach={"items": []}), stage("2", "1"))
    assert (run.status("1"), run.status("2")) == ("SKIPPED", "RUNNING")


@pytest.mark.parametrize(
    ("each", "told"),
    [
        ({"items": "${parameters.gone}"}, "forEach: "),
        ({"items": "abc"}, "forEach.items: expected a list, found 'abc'"),
        ({"items": list(range(501))}, "501 items are more than the 500"),
        ({"items": [1], "as": "a b"}, "forEach.as: expected a name"),
        ({"items": [1], "limit": -1}, "forEach.limit: expected how many"),
        ("all", "forEach: expected {items, as, limit}, found 'all'"),
    ],
)
def test_what_cannot_be_fanned_out_fails_the_stage_and_says_why(run, stage, each, told):
    run.begin(stage("1", forEach=each))
    assert run.status("1") == "TERMINAL"
    assert told in run.stage("1").context["exception"]["details"]["errors"][0]


def test_a_restart_makes_the_copies_anew(run, stage):
    run.begin(stage("0"), stage("1", "0", forEach={"items": "${list}"}))
    run.answer("0", outputs={"list": [1, 2]})
    run.answer("1<1")
    run.answer("1<2")
    assert run.status() == "SUCCEEDED"
    run.command(m.Restart, stage=run.stage("0").id)
    run.answer("0", outputs={"list": [1]})
    assert started(run) == ["1<1"]
    run.answer("1<1")
    assert run.status() == "SUCCEEDED"


def test_a_restart_forgets_the_stages_of_copies_too(run, stage):
    run.begin(stage("1", type="rich", forEach={"items": [1]}))
    run.answer("1<1", stages=({"type": "go"},))
    run.answer("1<1<1")
    run.answer("1<1")
    run.answer("1<1")
    assert run.status() == "SUCCEEDED"
    assert run.command(m.Restart, stage=run.stage("1<1<1").id) == ""
    assert [each.ref_id for each in run.x.stages.values()] == ["1", "1<1"]


def test_cancel_ends_all_copies(run, stage):
    run.begin(stage("1", forEach={"items": [1, 2, 3], "limit": 2}))
    run.command(m.Cancel)
    assert [run.status(f"1<{n}") for n in (1, 2, 3)] == ["CANCELED", "CANCELED", "NOT_STARTED"]
    assert run.status("1") == "CANCELED"


def test_copies_have_the_phases_of_their_type_and_the_stage_itself_has_none(run, stage):
    run.begin(stage("1", type="rich", forEach={"items": [1]}))
    assert run.out() == ["1<1:before"]
    run.answer("1<1")
    run.answer("1<1")
    run.answer("1<1")
    assert run.status("1") == "SUCCEEDED"
