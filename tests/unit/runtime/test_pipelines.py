"""Several executions: limits, children, what they tell one another."""

import pytest


def test_rule_17_only_one_of_a_limited_pipeline_runs_and_the_newest_waiter_is_next(runtime, until, chain):
    control = runtime.services.control
    limited = chain("hold", id="x", limitConcurrent=True)
    first = control.start(limited, {}, user="ann")
    until(runtime, first, status="RUNNING")
    second = control.start(limited, {}, user="ann")
    third = control.start(limited, {}, user="ann")
    until(runtime, third, test=lambda each: each.slot == "waiting")
    until(runtime, second, test=lambda each: each.slot == "waiting")
    control.cancel(first, user="ann")
    until(runtime, third, status="RUNNING")
    assert "superceded" in until(runtime, second, status="CANCELED").cancellation_reason


def test_rule_17_waiting_pipelines_can_be_kept(runtime, until, chain):
    control = runtime.services.control
    limited = chain("hold", id="y", maxConcurrentExecutions=1, keepWaitingPipelines=True)
    ids = [control.start(limited, {}, user="ann") for _ in range(3)]
    for id_ in ids:
        found = until(runtime, id_, status="RUNNING")
        stage = until(runtime, id_, test=lambda each: bool(each.active)).top_level()[0]
        control.patch(id_, stage.id, {"go": True}, user="ann")
        assert until(runtime, id_, status="SUCCEEDED").id == found.id


@pytest.fixture
def family(runtime, chain):
    """A stored child pipeline and what makes a parent of it."""
    definitions = runtime.services.definitions

    def make(*types, wait=True, **changes):
        child = definitions.save_pipeline(chain(*types, name="child", **changes), user="ann")
        stage = {"type": "pipeline", "refId": "1", "application": "app", "pipeline": child["id"]}
        return {"application": "app", "name": "parent", "stages": [{**stage, "waitForCompletion": wait}]}

    return make


def _child_of(runtime, until, id_):
    parent = until(runtime, id_, test=lambda each: "executionId" in each.top_level()[0].context)
    return parent.top_level()[0].context["executionId"]


def test_a_child_pipeline_runs_and_hands_its_outputs_on(runtime, until, family):
    id_ = runtime.services.control.start(family("nothing"), {}, user="ann")
    parent = until(runtime, id_, status="SUCCEEDED")
    child = runtime.services.executions.get(_child_of(runtime, until, id_))
    assert child.status == "SUCCEEDED"
    assert parent.top_level()[0].outputs == {"by": child.id}
    assert child.trigger["parentExecution"]["id"] == id_
    assert child.trigger["parentPipelineStageId"] == parent.top_level()[0].id


def test_a_failing_child_fails_its_parent_and_says_where(runtime, until, family):
    id_ = runtime.services.control.start(family("nothing", "broken"), {}, user="ann")
    stage = until(runtime, id_, status="TERMINAL").top_level()[0]
    assert stage.context["exception"]["details"]["errors"] == [
        "Exception in child pipeline stage (child: broken): it broke"
    ]
    assert stage.context["exception"]["source"]["stageIndex"] == 1


def test_rule_16_cancelling_a_parent_cancels_its_child(runtime, until, family):
    id_ = runtime.services.control.start(family("hold"), {}, user="ann")
    child = _child_of(runtime, until, id_)
    until(runtime, child, status="RUNNING")
    runtime.services.control.cancel(id_, user="ann", reason="enough")
    found = until(runtime, child, status="CANCELED")
    assert (found.canceled_by, found.cancellation_reason) == ("parent pipeline", "enough")


def test_a_child_that_is_not_waited_for_goes_on_alone(runtime, until, family):
    id_ = runtime.services.control.start(family("hold", wait=False), {}, user="ann")
    until(runtime, id_, status="SUCCEEDED")
    assert until(runtime, _child_of(runtime, until, id_), status="RUNNING").parent is None


def test_a_child_that_cannot_be_started_is_told_to_the_parent(runtime, until, family):
    disabled = runtime.services.control.start(family("nothing", disabled=True), {}, user="ann")
    stage = until(runtime, disabled, status="TERMINAL").top_level()[0]
    assert "is disabled" in stage.context["exception"]["details"]["errors"][0]
    lost = {"type": "pipeline", "refId": "1", "application": "app", "pipeline": "nowhere"}
    id_ = runtime.services.control.start({"application": "app", "stages": [lost]}, {}, user="ann")
    stage = until(runtime, id_, status="TERMINAL").top_level()[0]
    assert stage.context["exception"]["details"]["errors"] == ["There is no pipeline 'nowhere' in application 'app'."]
