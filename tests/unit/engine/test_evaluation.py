"""What a stage's expressions give when it starts, and again later: only the definition's own text is ever evaluated."""

from typing import Any

import pytest

from gennaker.core.engine.work import carrier, work_for
from gennaker.core.model import messages as m
from gennaker.core.model.stage_type import StageType, TaskType
from gennaker.core.model.work import LOOKUP_TYPE


@pytest.fixture(autouse=True)
def types(run) -> Any:
    """Stage types of these tests, beside the usual ones."""
    more = (
        StageType(type="checks", tasks=(TaskType(name="go"),), conditions=("list.*.context.expression",)),
        StageType(type="listed", tasks=(TaskType(name="go"),), sequential="variables"),
        StageType(type="raw", tasks=(TaskType(name="go"),), skips=("manifests",)),
        StageType(type=LOOKUP_TYPE, functions=("fromUrl",)),
        StageType(type=LOOKUP_TYPE, provider="sea", functions=("sea_tide",)),
    )
    before = dict(run.types)
    run.types.update({each.key: each for each in more})
    yield run.types
    run.types.clear()
    run.types.update(before)


def test_a_stage_sees_the_outputs_of_those_before_it(run, stage):
    run.begin(stage("1"), stage("2", "1", said="${made} and ${made + 1}"))
    run.answer("1", outputs={"made": 7})
    assert run.stage("2").context["said"] == "7 and 8"


def test_a_key_may_name_another_key_whose_text_is_an_expression(run, stage):
    run.begin(stage("1", b="${a}!", a="${parameters.x}"), trigger={"parameters": {"x": "v"}})
    assert run.stage("1").context == {"a": "v", "b": "v!"}


def test_a_key_that_names_itself_has_no_value(run, stage):
    run.begin(stage("1", a="${a}", b="${c}", c="${b}"))
    context = run.stage("1").context
    assert (context["a"], context["b"], context["c"]) == ("${a}", "${c}", "${b}")
    assert context["expressionEvaluationSummary"]


def test_what_came_from_outside_is_never_evaluated(run, stage):
    trap = "${execution.id}"
    run.begin(
        stage("1", a="${parameters.x}"),
        stage("2", "1", b="${made}", c="${#stageByRefId('1').outputs.made}"),
        trigger={"parameters": {"x": trap}},
    )
    assert run.stage("1").context["a"] == trap
    run.answer("1", outputs={"made": trap}, context={"note": trap})
    assert run.stage("1").context["note"] == trap
    assert run.stage("2").context["b"] == trap
    assert run.stage("2").context["c"] == trap
    run.answer("2")
    assert run.status() == "SUCCEEDED"


def test_a_person_s_change_before_the_start_is_data(run, stage):
    run.begin(stage("1"), stage("2", "1", a="${parameters.x}"), trigger={"parameters": {"x": 1}})
    run.command(m.Patch, stage=run.stage("2").id, context={"said": "${parameters.x}"})
    run.answer("1")
    assert run.stage("2").context["a"] == 1
    assert run.stage("2").context["said"] == "${parameters.x}"


def test_an_expression_without_a_value_is_tried_again_at_the_next_task(run, stage):
    run.begin(stage("1", type="two", later="${made}", never="${nobody.knows}"))
    assert run.stage("1").context["later"] == "${made}"
    assert set(run.stage("1").unresolved) == {"${made}", "${nobody.knows}"}
    run.answer("1", context={"made": "now", "trap": "${execution.id}"})
    context = run.stage("1").context
    assert (context["later"], context["trap"]) == ("now", "${execution.id}")
    assert list(context["expressionEvaluationSummary"]) == ["nobody.knows"]


def test_a_restart_evaluates_what_was_written_again(run, stage):
    run.begin(stage("1"), stage("2", "1", said="${made}"))
    run.answer("1", outputs={"made": 1})
    assert run.stage("2").context["said"] == 1
    run.answer("2")
    assert run.command(m.Restart, stage=run.stage("1").id) == ""
    run.answer("1", outputs={"made": 2})
    assert run.stage("2").context["said"] == 2


@pytest.mark.parametrize(
    ("expression", "status"),
    [
        ("parameters.go == 'yes'", "RUNNING"),
        ("parameters.go == 'no'", "SKIPPED"),
        ("${parameters.go == 'yes'}", "RUNNING"),
        ("nonsense(", "SKIPPED"),
        ("gone.away", "SKIPPED"),
        ("'true'", "RUNNING"),
        ("'maybe'", "SKIPPED"),
        ("", "RUNNING"),
    ],
)
def test_a_stage_is_skipped_unless_its_expression_is_true(run, stage, expression, status):
    enabled = {"type": "expression", "expression": expression}
    run.begin(stage("1", stageEnabled=enabled), stage("2", "1"), trigger={"parameters": {"go": "yes"}})
    assert run.status("1") == status
    assert run.status("2") == ("RUNNING" if status == "SKIPPED" else "NOT_STARTED")


def test_a_skipped_stage_evaluates_nothing_else_and_shows_why(run, stage):
    run.begin(stage("1", a="${1 + 1}", stageEnabled={"type": "expression", "expression": "1 > 2"}))
    context = run.stage("1").context
    assert context["a"] == "${1 + 1}"
    assert context["stageEnabled"]["expressionResult"] is False


def test_ad_hoc_tasks_are_not_skipped(run):
    run.begin_task({"type": "go", "stageEnabled": {"type": "expression", "expression": "false"}})
    assert run.status("0") == "RUNNING"


def test_conditions_get_their_result_beside_them_and_stay_as_written(run, stage):
    checks = [
        {"type": "expression", "context": {"expression": "parameters.n > 1"}},
        {"type": "expression", "context": {"expression": "${parameters.n > 5}"}},
        {"type": "expression", "context": {"expression": "gone.away"}, "message": "${parameters.n}"},
        {"type": "stageStatus", "context": {"stageName": "x"}},
    ]
    run.begin(stage("1", type="checks", list=checks), trigger={"parameters": {"n": 3}})
    first, second, third, fourth = run.stage("1").context["list"]
    assert first["context"] == {"expression": "parameters.n > 1", "expressionResult": True}
    assert second["context"]["expressionResult"] is False
    assert third["context"]["expressionResult"] is None
    assert third["message"] == 3
    assert fourth == checks[3]


def test_a_condition_that_comes_from_a_parameter_is_not_evaluated_as_one(run, stage):
    checks = [{"context": {"expression": "${parameters.text}"}}]
    run.begin(stage("1", type="checks", list=checks), trigger={"parameters": {"text": "1 == 1"}})
    assert run.stage("1").context["list"][0]["context"]["expressionResult"] == "1 == 1"


def test_variables_are_evaluated_in_order(run, stage):
    variables = [
        {"key": "a", "value": "${parameters.n + 1}"},
        {"key": "b", "value": "${a * 2}"},
        {"key": "c", "value": "${gone.away}"},
        {"key": "d", "value": "plain"},
    ]
    run.begin(stage("1", type="listed", variables=variables), trigger={"parameters": {"n": 3}})
    found = run.stage("1").context["variables"]
    assert [each["value"] for each in found] == [4, 8, "${gone.away}", "plain"]
    assert found[1]["sourceValue"] == "{a * 2}"


def test_a_key_that_is_left_alone_on_request(run, stage):
    manifests = [{"name": "${parameters.x}"}]
    parameters = {"parameters": {"x": 1}}
    run.begin(stage("1", type="raw", skipExpressionEvaluation=True, manifests=manifests, a="${1}"), trigger=parameters)
    assert run.stage("1").context["manifests"] == manifests
    assert run.stage("1").context["a"] == 1


def test_a_value_from_outside_is_asked_for_before_the_stage_starts(run, stage, types):
    run.begin(
        stage("1", a="${#fromUrl('http://x.example/y')}", b="${#sea_tide()}", c="${#fromUrl('http://x.example/y')}")
    )
    waiting = run.stage("1")
    assert (waiting.status, waiting.phase, waiting.handout.kind) == ("RUNNING", "evaluate", "evaluate")
    assert "#fromUrl" in run.why
    work = work_for(run.x, waiting, carrier(types, waiting), 0)
    assert (work.type, work.provider, [each.function for each in work.wanted]) == (LOOKUP_TYPE, "", ["fromUrl"])
    run.answer("1", context={waiting.wanted[0].key: {"value": "${trap}"}})
    waiting = run.stage("1")
    work = work_for(run.x, waiting, carrier(types, waiting), 0)
    assert (work.provider, [each.function for each in work.wanted]) == ("sea", ["sea_tide"])
    run.answer("1", context={waiting.wanted[0].key: {"value": 3}})
    stage_ = run.stage("1")
    assert (stage_.context["a"], stage_.context["b"], stage_.context["c"]) == ("${trap}", 3, "${trap}")
    assert stage_.tasks[0].status == "RUNNING"


def test_a_value_that_cannot_be_had_is_a_failed_expression(run, stage):
    run.begin(stage("1", a="${#fromUrl('http://x.example/y')}"))
    run.answer("1", "TERMINAL", error={"details": {"error": "refused"}})
    context = run.stage("1").context
    assert context["a"].startswith("${#fromUrl")
    assert "refused" in str(context["expressionEvaluationSummary"])
    assert run.stage("1").tasks[0].status == "RUNNING"


def test_a_value_that_nobody_brings_is_given_up(run, stage):
    run.begin(stage("1", a="${#fromUrl('http://x.example/y')}"))
    for _ in range(20):
        if run.stage("1").phase != "evaluate":
            break
        run.later(run.due)
    assert "No worker answered" in str(run.stage("1").context["expressionEvaluationSummary"])


def test_a_cancel_while_a_value_is_awaited_ends_the_stage(run, stage):
    run.begin(stage("1", type="clean", a="${#fromUrl('http://x.example/y')}"))
    run.command(m.Cancel)
    assert run.status("1") == "CANCELED"
    run.answer("1", context={})
    assert run.status() == "CANCELED"
