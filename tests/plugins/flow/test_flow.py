"""wait, manualJudgment and pipeline."""

from typing import Any

import pytest

from gennaker.core.call import call
from gennaker.core.model.messages import ChildRequest, Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.services import Services
from gennaker.core.stage import Stage, declaration
from gennaker.plugins.flow.judgment import ManualJudgment
from gennaker.plugins.flow.pipeline import Pipeline
from gennaker.plugins.flow.wait import Wait


def do(stage: type[Stage], task: str, context: dict[str, Any], *, at: int = 0, **changes: Any) -> Outcome:
    work = Work(
        execution="E",
        stage="S",
        kind="task",
        name=task,
        round=0,
        attempt=1,
        key="k",
        at=at,
        answer_by=at + 60_000,
        not_after=at + 60_000,
        shard=0,
        type=stage.type,
        application="shop",
        context=context,
        **changes,
    )
    return call(stage, work, Services())


def error(outcome: Outcome) -> str:
    assert outcome.status is Status.TERMINAL
    assert outcome.error is not None
    return str(outcome.error["details"]["error"])


def test_a_wait_answers_how_long_is_left() -> None:
    outcome = do(Wait, "wait", {"waitTime": "30"}, at=12_500, stage_start=10_000)
    assert (outcome.status, outcome.again_in) == (Status.RUNNING, 27.5)


@pytest.mark.parametrize(
    "context", [{"waitTime": 2}, {}, {"waitTime": None}, {"waitTime": 900, "skipRemainingWait": "true"}]
)
def test_a_wait_ends_when_its_time_is_over_or_someone_skips_it(context: dict[str, Any]) -> None:
    assert do(Wait, "wait", context, at=12_500, stage_start=10_000).status is Status.SUCCEEDED


def test_a_wait_goes_on_while_the_pipeline_is_paused() -> None:
    assert do(Wait, "wait", {"waitTime": 2}, at=12_500, stage_start=10_000, paused=2_000).status is Status.SUCCEEDED


def test_a_wait_that_is_no_number_fails_with_a_sentence() -> None:
    outcome = do(Wait, "wait", {"waitTime": "soon"}, stage_name="Breathe")
    assert error(outcome) == (
        "stage 'Breathe' (type wait), field waitTime: 'soon' was given, expected a number ≥ 0 (seconds to wait)"
    )


@pytest.mark.parametrize("answer", ["continue", "Continue", " CONTINUE "])
def test_a_judgment_goes_on_when_a_person_says_so(answer: str) -> None:
    assert do(ManualJudgment, "waitForJudgment", {"judgmentStatus": answer}).status is Status.SUCCEEDED


def test_a_judgment_that_says_stop_is_a_failure_and_names_the_person() -> None:
    outcome = do(ManualJudgment, "waitForJudgment", {"judgmentStatus": "stop"}, last_modified={"user": "ann"})
    assert error(outcome) == "ann judged: stop"


@pytest.mark.parametrize("answer", ["", None, "perhaps"])
def test_a_judgment_waits_for_a_change_and_not_for_the_clock(answer: Any) -> None:
    context = {"judgmentStatus": answer, "judgmentInputs": [{"value": "a"}], "selectedStageRoles": ["dev"]}
    outcome = do(ManualJudgment, "waitForJudgment", context)
    assert (outcome.status, outcome.again_in) == (Status.RUNNING, None)


def test_a_judgment_times_out_after_three_days_unless_the_stage_says_otherwise() -> None:
    [declared] = declaration(ManualJudgment, "flow", "1").tasks
    assert (declared.timeout, declared.overridable) == (259_200, True)
    assert "judgmentStatus" in ManualJudgment.restart_clears


def test_a_child_is_asked_for_with_its_parameters() -> None:
    outcome = do(Pipeline, "runPipeline", {"application": "api", "pipeline": "deploy", "pipelineParameters": {"v": 1}})
    assert outcome.status is Status.RUNNING
    assert outcome.child == ChildRequest(application="api", pipeline="deploy", parameters={"v": 1})


def test_a_child_may_be_left_alone_and_its_outputs_dropped() -> None:
    context = {"pipeline": "p", "waitForCompletion": "false", "skipDownstreamOutput": True}
    outcome = do(Pipeline, "runPipeline", context)
    assert outcome.child == ChildRequest(application="shop", pipeline="p", detached=True, discard_outputs=True)


def test_a_child_must_be_named() -> None:
    assert "expected the id or name of one in the field pipeline" in error(
        do(Pipeline, "runPipeline", {"pipeline": ""})
    )


def test_a_child_may_be_skipped_and_is_forgotten_by_a_restart() -> None:
    known = declaration(Pipeline, "flow", "1")
    assert known.skippable
    assert known.restart_clears == ("status", "executionName", "executionId")
    assert known.tasks[0].timeout == 12 * 3600
