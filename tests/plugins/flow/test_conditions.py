"""checkPreconditions, evaluateVariables, evaluateArtifacts and bindArtifacts: what they make of what the engine has evaluated."""

from base64 import b64decode
from typing import Any

import pytest

from gennaker.core.call import call
from gennaker.core.errors import NotFound
from gennaker.core.model.execution import Execution
from gennaker.core.model.execution import Stage as StageState
from gennaker.core.model.messages import Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.services import Services
from gennaker.core.stage import Stage, declaration
from gennaker.core.testing import Rig, check_stage
from gennaker.plugins.flow.binding import BindArtifacts
from gennaker.plugins.flow.monitor import MonitorPipeline
from gennaker.plugins.flow.pipeline import Pipeline
from gennaker.plugins.flow.preconditions import CheckPrecondition, CheckPreconditions
from gennaker.plugins.flow.until import DependsOnExecution, Noop, WaitUntil
from gennaker.plugins.flow.variables import EvaluateArtifacts, EvaluateVariables

IMAGE = {"type": "docker/image", "name": "shop", "reference": "shop:1"}
EXPECTED = {"id": "x", "matchArtifact": {"type": "docker/image", "name": "shop"}}


class Executions:
    """A few executions by id."""

    def __init__(self, *executions: Execution) -> None:
        self._found = {one.id: one for one in executions}

    def get(self, id_: str) -> Execution:
        if id_ not in self._found:
            raise NotFound(f"There is no execution {id_}.")
        return self._found[id_]


def execution(id_: str, status: Status = Status.RUNNING, *stages: StageState, **more: Any) -> Execution:
    return Execution(
        id=id_, application="shop", name="ship", status=status, stages={one.id: one for one in stages}, **more
    )


def state(ref: str, name: str, status: Status = Status.SUCCEEDED, **more: Any) -> StageState:
    return StageState(**{"id": f"S{ref}", "ref_id": ref, "type": "wait", "name": name, "status": status, **more})


def do(stage: type[Stage], name: str, context: dict[str, Any], *, kind: Any = "task", executions: Any = None, at: int = 0, **changes: Any) -> Outcome:  # fmt: skip
    work = Work(
        execution="E",
        stage="S2",
        kind=kind,
        name=name,
        round=0,
        attempt=1,
        key="k",
        at=at,
        answer_by=at + 60_000,
        not_after=at + 60_000,
        shard=0,
        type=stage.type,
        context=context,
        **changes,
    )
    return call(stage, work, Services(executions=executions))


def error(outcome: Outcome) -> str:
    assert outcome.status is Status.TERMINAL
    assert outcome.error is not None
    assert "stackTrace" not in outcome.error["details"]
    return str(outcome.error["details"]["error"])


def planned(*preconditions: Any, **context: Any) -> tuple[dict[str, Any], ...]:
    outcome = do(CheckPreconditions, "before", {"preconditions": list(preconditions), **context}, kind="plan")
    assert outcome.status is Status.SUCCEEDED, outcome.error
    return outcome.stages


def checked(kind: str, context: dict[str, Any], executions: Any = None, **more: Any) -> Outcome:
    whole = {"preconditionType": kind, "context": context, **more}
    return do(CheckPrecondition, "checkPrecondition", whole, executions=executions)


def test_each_precondition_is_a_stage_and_none_waits_for_another() -> None:
    stages = planned(
        {"type": "expression", "failPipeline": False, "context": {"expression": "1 > 2", "expressionResult": False}},
        {"type": "stageStatus", "context": {"stageName": "Build", "stageStatus": "SUCCEEDED"}},
        comments="why",
        failPipeline=True,
        stageEnabled={"type": "expression", "expression": "true"},
        restrictExecutionDuringTimeWindow=True,
    )
    assert [one["name"] for one in stages] == ["Check precondition (expression)", "Check precondition (stageStatus)"]
    assert stages[0] == {
        "type": "checkPrecondition",
        "name": "Check precondition (expression)",
        "preconditionType": "expression",
        "refId": "0",
        "requisiteStageRefIds": [],
        "comments": "why",
        "failPipeline": False,
        "context": {"expression": "1 > 2", "expressionResult": False},
    }
    assert stages[1]["failPipeline"] is True
    assert stages[1]["requisiteStageRefIds"] == []


def test_a_precondition_takes_from_its_stage_what_it_does_not_say() -> None:
    given = {"cluster": "own", "regions": []}
    (stage,) = planned({"type": "clusterSize", "context": given}, cluster="stage's", regions=["eu"], credentials="prod")
    assert stage["context"] == {"cluster": "own", "regions": ["eu"], "credentials": "prod"}


def test_the_reason_of_a_failed_expression_goes_with_its_precondition_only() -> None:
    summary = {"a.b": [{"description": "no a"}], "c.d": [{"description": "no c"}]}
    stages = planned(
        {"type": "expression", "context": {"expression": "a.b"}},
        {"type": "expression", "context": {"expression": "true", "expressionResult": True}},
        expressionEvaluationSummary=summary,
    )
    assert stages[0]["expressionEvaluationSummary"] == {"a.b": [{"description": "no a"}]}
    assert "expressionEvaluationSummary" not in stages[1]


@pytest.mark.parametrize(
    ("precondition", "message"),
    [
        ("x", "preconditions[0]: 'x' was given, expected {type, context}"),
        ({"context": {}}, "preconditions[0]: {'context': {}} was given"),
        ({"type": "expression", "context": "1 > 0"}, "preconditions[0].context: '1 > 0' was given, expected an object"),
    ],
)
def test_a_precondition_that_is_none_fails_with_its_place(precondition: Any, message: str) -> None:
    outcome = do(CheckPreconditions, "before", {"preconditions": [precondition]}, kind="plan")
    assert message in error(outcome)


def test_without_preconditions_there_is_nothing_to_check() -> None:
    assert planned() == ()


@pytest.mark.parametrize("result", [True, "true", "TRUE", "True"])
def test_an_expression_that_is_true_holds(result: Any) -> None:
    assert checked("expression", {"expression": "x", "expressionResult": result}).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"expression": "x", "expressionResult": False}, "Precondition check failed: the expression 'x' gave False, expected true"),
        ({"expression": "x", "expressionResult": "yes"}, "gave 'yes', expected true"),
        ({"expression": "x", "expressionResult": 1}, "gave 1, expected true"),
        ({"expression": "x", "expressionResult": ""}, "gave '', expected true"),
        ({"expression": "x", "expressionResult": [True]}, "gave [True], expected true"),
        ({"expression": "x"}, "the expression 'x' has no value"),
        ({"expression": "x", "expressionResult": None}, "the expression 'x' has no value"),
        ({}, "there is no expression; expected one in context.expression"),
        ({"expression": "", "expressionResult": True}, "there is no expression"),
    ],
)  # fmt: skip
def test_an_expression_that_is_not_true_fails_and_says_what_it_gave(context: dict[str, Any], message: str) -> None:
    assert message in error(checked("expression", context))


def test_the_failure_of_an_expression_is_told() -> None:
    summary = {"x": [{"description": "Failed to evaluate: x not found"}]}
    outcome = checked("expression", {"expression": "x"}, expressionEvaluationSummary=summary)
    assert error(outcome).endswith("the expression 'x' has no value: Failed to evaluate: x not found")


def test_a_message_of_ones_own_is_told_instead() -> None:
    context = {"expression": "x", "expressionResult": False}
    assert error(checked("expression", context, failureMessage="Not on Fridays")) == "Not on Fridays"
    assert error(checked("expression", {**context, "failureMessage": "No"}, failureMessage="Not on Fridays")) == "No"


STORY = Executions(execution("E", Status.RUNNING, state("1", "Build"), state("2", "Test", Status.FAILED_CONTINUE)))


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("Build", "SUCCEEDED", ""),
        ("Test", "failed_continue", ""),
        ("Test", "SUCCEEDED", "stage 'Test' is FAILED_CONTINUE, expected SUCCEEDED"),
        ("Bake", "SUCCEEDED", "no stage is named 'Bake'; stages: Build, Test"),
        ("", "SUCCEEDED", "expected the name of a stage and a status"),
        ("Build", "", "expected the name of a stage and a status"),
    ],
)
def test_the_status_of_another_stage_is_compared(name: str, status: str, message: str) -> None:
    outcome = checked("stageStatus", {"stageName": name, "stageStatus": status}, STORY)
    assert outcome.status is Status.SUCCEEDED if not message else message in error(outcome)


def test_a_worker_that_sees_no_stages_says_so() -> None:
    outcome = checked("stageStatus", {"stageName": "Build", "stageStatus": "SUCCEEDED"})
    assert "this worker sees no other stages" in error(outcome)


def test_what_cannot_be_checked_is_refused() -> None:
    assert checked("noop", {}).status is Status.SUCCEEDED
    assert "needs a cloud that counts server groups" in error(checked("clusterSize", {"expected": 1}))
    assert "no precondition of type 'moon'; expected one of expression" in error(checked("moon", {}))


def test_the_engine_is_told_what_to_evaluate() -> None:
    assert declaration(CheckPreconditions, "flow", "1").conditions == ("preconditions.*.context.expression",)
    assert declaration(EvaluateVariables, "flow", "1").sequential == "variables"
    assert declaration(EvaluateArtifacts, "flow", "1").sequential == "artifactContents"


@pytest.mark.parametrize(
    ("fails", "status"), [(None, Status.TERMINAL), (True, Status.TERMINAL), (False, Status.STOPPED)]
)
def test_a_precondition_may_end_its_branch_only(fails: Any, status: Status) -> None:
    rig = Rig(CheckPreconditions, CheckPrecondition)
    one = {"type": "stageStatus", "context": {"stageName": "x", "stageStatus": "y"}}
    rig.run([{"type": "checkPreconditions", "name": "check", "preconditions": [{**one, "failPipeline": fails}]}])
    assert rig.stage("check").status is status
    assert rig.stage("Check precondition (stageStatus)").status is status


def test_variables_are_handed_on_in_outputs_and_context() -> None:
    variables = [
        {"key": "version", "value": "1.2", "sourceValue": "{trigger.version}"},
        {"key": "", "value": "nothing"},
        {"value": "nothing"},
        {"key": "list", "value": [1, {"a": None}]},
        {"key": "empty"},
        {"key": 7, "value": True},
        {"key": "variables", "value": "mine"},
    ]
    outcome = do(EvaluateVariables, "evaluateVariables", {"variables": variables})
    found = {"version": "1.2", "list": [1, {"a": None}], "empty": None, "7": True}
    assert outcome.context == found
    assert outcome.outputs == {**found, "variables": "mine"}


def test_a_variable_that_is_none_fails_with_its_place() -> None:
    outcome = do(EvaluateVariables, "evaluateVariables", {"variables": [{"key": "a"}, "b"]})
    assert "variables[1]: 'b' was given, expected {key, value}" in error(outcome)


def test_contents_become_embedded_artifacts() -> None:
    contents = [
        {"id": "1", "name": "text", "contents": "é"},
        {"id": "2", "name": "json", "contents": {"a": [1]}},
        {"id": "3", "name": "none", "contents": ""},
        {"id": "4", "name": "null"},
    ]
    outcome = do(EvaluateArtifacts, "evaluateArtifacts", {"artifactContents": contents})
    found = outcome.outputs["artifacts"]
    assert [one["name"] for one in found] == ["text", "json"]
    assert {(one["type"], one["artifactAccount"]) for one in found} == {("embedded/base64", "embedded-artifact")}
    assert [b64decode(one["reference"]).decode() for one in found] == ["é", '{"a":[1]}']
    outcome = do(EvaluateArtifacts, "evaluateArtifacts", {"artifactContents": ["x"]})
    assert "artifactContents[0]: 'x' was given" in error(outcome)


def test_what_was_made_is_bound_and_stays() -> None:
    rig = Rig(EvaluateArtifacts)
    contents = [{"name": "a", "contents": "1"}, {"name": "b", "contents": "2"}]
    expected = {"id": "x", "matchArtifact": {"type": "embedded/base64", "name": "b"}}
    rig.run(
        [{"type": "evaluateArtifacts", "name": "make", "artifactContents": contents, "expectedArtifacts": [expected]}]
    )
    outputs = rig.stage("make").outputs
    assert [one["name"] for one in outputs["artifacts"]] == ["a", "b"]
    (bound,) = outputs["resolvedExpectedArtifacts"]
    assert bound["id"] == "x"
    assert bound["boundArtifact"]["name"] == "b"


@pytest.mark.parametrize(
    ("context", "outputs", "trigger"),
    [
        ({"artifacts": [IMAGE]}, {}, {}),
        ({}, {"artifacts": [IMAGE]}, {}),
        ({}, {}, {"artifacts": [IMAGE]}),
    ],
)
def test_artifacts_are_bound_from_wherever_a_stage_sees_them(context: Any, outputs: Any, trigger: Any) -> None:
    given = {**context, "expectedArtifacts": [EXPECTED]}
    outcome = do(BindArtifacts, "bindProducedArtifacts", given, outputs=outputs, trigger=trigger)
    assert [one["reference"] for one in outcome.outputs["artifacts"]] == ["shop:1"]


def test_the_artifacts_of_every_stage_before_are_seen() -> None:
    def made(name: str) -> dict[str, Any]:
        return {"type": "evaluateArtifacts", "artifactContents": [{"id": name, "name": name, "contents": name}]}

    wanted = {"id": "w", "matchArtifact": {"type": "embedded/base64", "name": "first"}}
    rig = Rig(EvaluateArtifacts, BindArtifacts)
    rig.run([made("first"), made("second"), {"type": "bindArtifacts", "name": "bind", "expectedArtifacts": [wanted]}])
    assert [one["name"] for one in rig.stage("bind").outputs["artifacts"]] == ["first"]


def test_without_expected_artifacts_nothing_is_bound() -> None:
    assert do(BindArtifacts, "bindProducedArtifacts", {"artifacts": [IMAGE]}).outputs == {}


def test_a_pipeline_stage_binds_what_its_child_produced() -> None:
    rig = Rig(Pipeline)
    rig.children["child"] = (Status.SUCCEEDED, {"artifacts": [IMAGE]})
    rig.run([{"type": "pipeline", "name": "run", "pipeline": "child", "expectedArtifacts": [EXPECTED]}])
    assert rig.stage("run").outputs["resolvedExpectedArtifacts"][0]["boundArtifact"]["reference"] == "shop:1"
    rig.children["child"] = (Status.SUCCEEDED, {})
    rig.run([{"type": "pipeline", "name": "run", "pipeline": "child", "expectedArtifacts": [EXPECTED]}])
    assert rig.stage("run").status is Status.TERMINAL
    for free in ({"waitForCompletion": False}, {"skipDownstreamOutput": True}):
        rig.run([{"type": "pipeline", "name": "run", "pipeline": "child", "expectedArtifacts": [EXPECTED], **free}])
        assert rig.stage("run").status is Status.SUCCEEDED


def test_a_strategy_names_its_pipeline_in_its_own_way() -> None:
    rig = Rig(Pipeline)
    rig.run([{"type": "pipeline", "pipelineApplication": "other", "pipelineId": "strategy-1"}])
    (first, *_) = [called.outcome.child for called in rig.called]
    assert first is not None
    assert (first.application, first.pipeline) == ("other", "strategy-1")


@pytest.mark.parametrize(
    ("until", "left"), [(None, None), (999, None), (1000, None), (4500, 3.5), ("4500", 3.5), ("", None)]
)
def test_a_wait_until_an_instant_ends_there(until: Any, left: float | None) -> None:
    outcome = do(WaitUntil, "waitUntil", {"epochMillis": until}, at=1000)
    assert (outcome.status, outcome.again_in) == (Status.RUNNING if left else Status.SUCCEEDED, left)
    assert outcome.context == ({"startTime": 1000} if left else {})


def test_a_stage_that_does_nothing_is_skipped() -> None:
    rig = Rig(Noop)
    assert rig.run([{"type": "noop", "name": "n"}]).status is Status.SUCCEEDED
    assert rig.stage("n").status is Status.SKIPPED


@pytest.mark.parametrize(
    ("status", "ends"),
    [
        (Status.RUNNING, Status.RUNNING),
        (Status.PAUSED, Status.RUNNING),
        (Status.SUCCEEDED, Status.SUCCEEDED),
        (Status.TERMINAL, Status.CANCELED),
        (Status.CANCELED, Status.CANCELED),
    ],
)
def test_a_stage_may_depend_on_another_execution(status: Status, ends: Status) -> None:
    executions = Executions(execution("X", status))
    outcome = do(
        DependsOnExecution,
        "dependsOnExecution",
        {"executionId": "X", "executionType": "pipeline"},
        executions=executions,
    )
    assert outcome.status is ends
    assert outcome.context == ({"reason": f"execution X ended {status.value}"} if ends is Status.CANCELED else {})


def test_an_execution_that_does_not_exist_is_a_failure() -> None:
    executions = Executions(execution("X", kind="ORCHESTRATION"))
    assert "There is no execution Y" in error(
        do(DependsOnExecution, "dependsOnExecution", {"executionId": "Y"}, executions=executions)
    )
    assert "X is a ORCHESTRATION" in error(
        do(DependsOnExecution, "dependsOnExecution", {"executionId": "X"}, executions=executions)
    )
    assert "sees no executions" in error(do(DependsOnExecution, "dependsOnExecution", {"executionId": "X"}))


def monitored(*executions: Execution, outputs: Any = None, **context: Any) -> Outcome:
    given = {"executionIds": [one.id for one in executions], **context}
    return do(MonitorPipeline, "monitorPipeline", given, executions=Executions(*executions), outputs=outputs or {})


BROKEN = state("1", "Build", Status.TERMINAL, context={"exception": {"details": {"errors": ["no disk"]}}})


@pytest.mark.parametrize(
    ("statuses", "behavior", "ends"),
    [
        (["SUCCEEDED", "SUCCEEDED"], "WaitForAllToComplete", "SUCCEEDED"),
        (["SUCCEEDED", "RUNNING"], "WaitForAllToComplete", "RUNNING"),
        (["TERMINAL", "RUNNING"], "WaitForAllToComplete", "RUNNING"),
        (["TERMINAL", "RUNNING"], "FailFast", "TERMINAL"),
        (["SUCCEEDED", "RUNNING"], "FailFast", "RUNNING"),
        (["TERMINAL", "CANCELED"], "WaitForAllToComplete", "TERMINAL"),
        (["SUCCEEDED", "CANCELED"], "WaitForAllToComplete", "CANCELED"),
        (["CANCELED", "RUNNING"], "FailFast", "CANCELED"),
    ],
)
def test_several_executions_are_watched(statuses: list[str], behavior: str, ends: str) -> None:
    found = [execution(f"X{n}", Status(one)) for n, one in enumerate(statuses)]
    outcome = monitored(*found, monitorBehavior=behavior)
    assert outcome.status == ends
    assert {id_: one["status"] for id_, one in outcome.outputs["executionStatuses"].items()} == {
        one.id: one.status for one in found
    }
    assert outcome.again_in == (15.0 if ends == "RUNNING" else None)


def test_what_is_known_already_is_not_told_again() -> None:
    first = monitored(execution("X"))
    assert monitored(execution("X"), outputs=first.outputs).outputs == {}


def test_the_outputs_of_a_single_execution_become_the_stages() -> None:
    one = execution("X", Status.SUCCEEDED, state("1", "Build", outputs={"version": "1.2"}))
    assert monitored(one).outputs["version"] == "1.2"
    assert "version" not in monitored(one, execution("Y", Status.SUCCEEDED)).outputs


def test_a_failure_is_told_with_its_place() -> None:
    outcome = monitored(execution("X", Status.TERMINAL, BROKEN))
    assert error(outcome) == "Exception in child pipeline stage (ship: Build): no disk"
    told = outcome.outputs["executionStatuses"]["X"]
    assert told["exception"]["details"]["errors"] == ["Exception in child pipeline stage (ship: Build): no disk"]
    assert error(monitored(execution("Y", Status.TERMINAL))) == "pipeline ship (Y) ended TERMINAL"


def test_what_cannot_be_watched_is_a_failure() -> None:
    assert "no execution was named" in error(monitored())
    assert "There is no execution Z" in error(
        do(MonitorPipeline, "monitorPipeline", {"executionIds": ["Z"]}, executions=Executions())
    )
    assert "at most 100" in error(do(MonitorPipeline, "monitorPipeline", {"executionIds": ["Z"] * 101}))
    assert "sees no executions" in error(do(MonitorPipeline, "monitorPipeline", {"executionIds": "Z"}))


@pytest.mark.parametrize(
    "stage", [CheckPreconditions, CheckPrecondition, EvaluateVariables, EvaluateArtifacts, BindArtifacts, WaitUntil, DependsOnExecution, Noop, MonitorPipeline]
)  # fmt: skip
def test_the_promises_of_a_stage_are_kept(stage: type[Stage]) -> None:
    executions = Executions(execution("01HX0000000000000000000000", Status.SUCCEEDED))
    assert check_stage(stage, [CheckPrecondition], services=Services(executions=executions)) == []  # type: ignore[arg-type]
