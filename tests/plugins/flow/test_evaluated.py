"""Stages whose context the engine evaluates: conditions, variables and windows as a pipeline sees them."""

from typing import Any

import pytest

from gennaker.core.model.status import Status
from gennaker.core.testing import Rig
from gennaker.plugins.flow.pipeline import Pipeline
from gennaker.plugins.flow.preconditions import CheckPrecondition, CheckPreconditions
from gennaker.plugins.flow.preconfigured import Settings
from gennaker.plugins.flow.variables import EvaluateArtifacts, EvaluateVariables
from gennaker.plugins.flow.wait import Wait
from gennaker.plugins.flow.window import ExecutionWindow

STAGES = (Wait, ExecutionWindow, CheckPreconditions, CheckPrecondition, EvaluateVariables, EvaluateArtifacts, Pipeline)
RIG_STARTS = 1_893_456_000_000  # 2030-01-01, a Tuesday


def run(*stages: dict[str, Any], **parameters: Any) -> Rig:
    rig = Rig(*STAGES, settings=Settings(time_zone="UTC"))
    rig.run(list(stages), parameters=parameters)
    return rig


def check(expression: str, **more: Any) -> dict[str, Any]:
    one = {"type": "expression", "context": {"expression": expression}, **more}
    return {"type": "checkPreconditions", "name": "check", "preconditions": [one]}


@pytest.mark.parametrize(
    ("expression", "status"),
    [
        ("parameters.a == 1", Status.SUCCEEDED),
        ("parameters.a > 1", Status.TERMINAL),
        ("${parameters.a == 1}", Status.SUCCEEDED),
        ("'true'", Status.SUCCEEDED),
        ("parameters.b", Status.TERMINAL),
        ("#stage('none').status == 'SUCCEEDED'", Status.TERMINAL),
        ("this is nothing", Status.TERMINAL),
    ],
)
def test_a_precondition_is_evaluated(expression: str, status: Status) -> None:
    rig = run(check(expression), a=1)
    assert rig.stage("check").status is status


def test_why_a_precondition_has_no_value_is_told() -> None:
    rig = run(check("#stage('Bake').status == 'SUCCEEDED'"))
    told = rig.stage("Check precondition (expression)").context["exception"]["details"]["error"]
    assert "#stage('Bake').status == 'SUCCEEDED'" in told
    assert "no stage is named 'Bake'; stages: check" in told


def test_an_expression_in_data_is_no_condition() -> None:
    rig = run(check("parameters.text == 'x'"), text="' == '' or true or '${true}")
    assert rig.stage("check").status is Status.TERMINAL


def test_each_variable_sees_those_before_it_and_later_stages_see_them_all() -> None:
    variables = [
        {"key": "first", "value": "${parameters.a + 1}"},
        {"key": "second", "value": "${first * 10}"},
        {"key": "third", "value": "${fourth}"},
        {"key": "fourth", "value": "${'$' + '{parameters.a}'}"},
    ]
    rig = run(
        {"type": "evaluateVariables", "name": "vars", "variables": variables},
        {"type": "wait", "name": "after", "waitTime": "${first}", "text": "${second} ${fourth}"},
        a=1,
    )
    outputs = rig.stage("vars").outputs
    assert (outputs["first"], outputs["second"], outputs["third"]) == (2, 20, "${fourth}")
    assert outputs["fourth"] == "${parameters.a}"
    assert rig.stage("vars").context["variables"][0]["sourceValue"] == "{parameters.a + 1}"
    assert rig.stage("after").context["text"] == "20 ${parameters.a}"
    assert rig.clock() == RIG_STARTS + 2000


def test_contents_are_evaluated_in_order() -> None:
    contents = [{"name": "a", "contents": "v${parameters.a}"}, {"name": "b", "contents": "${#toBase64(parameters.a)}"}]
    rig = run({"type": "evaluateArtifacts", "name": "make", "artifactContents": contents}, a="1")
    assert [one["reference"] for one in rig.stage("make").outputs["artifacts"]] == ["djE=", "TVE9PQ=="]


def test_a_childs_parameters_may_be_expressions() -> None:
    rig = run({"type": "pipeline", "pipeline": "${parameters.child}", "pipelineParameters": {"v": "${parameters.a + 1}"}}, a=1, child="deploy")  # fmt: skip
    wanted = rig.called[0].outcome.child
    assert wanted is not None
    assert (wanted.pipeline, wanted.parameters) == ("deploy", {"v": 2})


def test_a_stage_waits_for_its_window_before_it_runs() -> None:
    window = {"days": [3], "whitelist": [{"startHour": 9, "startMin": 30, "endHour": 10}]}
    stage = {"type": "wait", "name": "go", "waitTime": 0, "restrictExecutionDuringTimeWindow": True}
    rig = run({**stage, "restrictedExecutionWindow": window})
    assert rig.clock() == RIG_STARTS + (9 * 60 + 30) * 60_000
    waited = rig.stage("restrictExecutionDuringTimeWindow")
    assert waited.status is Status.SUCCEEDED
    assert waited.context["scheduledTime"] == rig.clock()
    assert rig.stage("go").status is Status.SUCCEEDED


def test_a_window_that_makes_no_sense_fails_its_stage() -> None:
    stage = {"type": "wait", "name": "go", "restrictExecutionDuringTimeWindow": True}
    rig = run({**stage, "restrictedExecutionWindow": {"days": [9]}})
    assert rig.stage("go").status is Status.TERMINAL
    assert "9 is no day" in rig.stage("restrictExecutionDuringTimeWindow").context["failureReason"]
