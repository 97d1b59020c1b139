"""What the names of an expression mean."""

from typing import Any

import pytest
from msgspec.structs import replace

from gennaker.core.expressions.roots import scope_for


def at(call: Any, **trigger: Any) -> Any:
    """The root within the last stage, the trigger changed."""
    call.execution = replace(call.execution, trigger={**call.execution.trigger, **trigger})
    return call.scope().root


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color", "blue"),
        ("version", "1.3"),
        ("parameters", {"env": "prod"}),
        ("scmInfo", {"branch": "feature", "sha1": "2"}),
        ("templateVariables", {}),
    ],
)
def test_a_name_is_found_near_first(call: Any, name: str, value: Any) -> None:
    root = call.scope().root
    assert root[name] == value
    assert name in root


def test_a_name_that_nobody_has_is_missing(call: Any) -> None:
    root = call.scope().root
    assert "nothing" not in root
    assert root.get("nothing") is None
    with pytest.raises(KeyError):
        root["nothing"]


def test_spinnakers_own_names_come_before_a_context_that_uses_them(call: Any) -> None:
    assert call.scope().root["trigger"]["type"] == "manual"


def test_what_was_evaluated_before_comes_first(call: Any) -> None:
    scope = scope_for(call.execution, call.execution.stages["S10"], now=1, values={}, extra={"color": "red"})
    assert scope.root["color"] == "red"
    assert set(scope.root) >= {"color", "execution", "trigger", "version"}
    assert len(scope.root) == len(set(scope.root))


def test_only_the_outputs_of_what_came_before_are_seen(call: Any) -> None:
    call.at = "S2"
    assert call.scope().root["version"] == "1.2"
    call.at = "S1"
    assert call.scope().root["version"] == "1.2"


def test_a_pipeline_that_starts_sees_no_stage(call: Any) -> None:
    root = scope_for(call.execution, None, now=1, values={}).root
    assert root["parameters"] == {"env": "prod"}
    assert "color" not in root
    assert "version" not in root


def test_parameters_that_a_trigger_lacks_may_stand_in_the_context(call: Any) -> None:
    assert at(call, parameters={})["parameters"] == {}
    stages = call.execution.stages
    stages["S10"] = replace(stages["S10"], context={"parameters": {"a": 1}})
    assert at(call, parameters={})["parameters"] == {"a": 1}
    assert at(call, parameters={"b": 2})["parameters"] == {"b": 2}


@pytest.mark.parametrize(
    ("scm", "found"),
    [
        ([{"branch": "master"}], {"branch": "master"}),
        ([{"branch": "master"}, {"branch": "develop"}], {"branch": "master"}),
        ([{"branch": "develop"}, {"branch": "topic"}], {"branch": "topic"}),
        ([], None),
        (None, None),
        ({"branch": "one"}, {"branch": "one"}),
    ],
)
def test_scm_info_is_one_commit_and_rather_one_of_a_branch(call: Any, scm: Any, found: Any) -> None:
    assert at(call, buildInfo={"scm": scm})["scmInfo"] == found


def test_the_builds_of_the_context_come_before_the_triggers(call: Any) -> None:
    stages = call.execution.stages
    stages["S10"] = replace(stages["S10"], context={"buildInfo": {"scm": [{"branch": "mine"}]}})
    assert call.scope().root["scmInfo"] == {"branch": "mine"}


def test_the_execution_has_spinnakers_properties(call: Any) -> None:
    execution = call.scope().root["execution"]
    assert (execution.type, execution.get("type"), execution.get("id")) == ("PipelineExecution", "PIPELINE", "E")
    assert execution.get("status") == "RUNNING"
    assert execution.get("authentication") == {"user": "ann", "allowedAccounts": []}
    assert execution.get("context")["version"] == "1.3"
    assert [one.get("refId") for one in execution.get("stages")][3:5] == ["4<1", "4"]
    assert not execution.has("_execution")
    with pytest.raises(KeyError):
        execution.get("__class__")


def test_a_stage_has_spinnakers_properties(call: Any) -> None:
    stages = call.scope().root["execution"].get("stages")
    baked, breathe, last = stages[2], stages[3], stages[-1]
    assert (baked.get("hasSucceeded"), baked.get("hasFailed"), last.get("hasSucceeded")) == (True, False, False)
    assert baked.get("tasks")[0]["name"] == "go"
    assert baked.get("context")["version"] == "1.3"
    assert breathe.get("parent") is stages[4]
    assert breathe.get("topLevelStage") is stages[4]
    assert baked.get("parent") is None
    assert last.get("context")["color"] == "blue"
    assert "execution" not in baked.names()
    assert baked.get("execution") is call.scope().root["execution"] or baked.get("execution").get("id") == "E"


def test_server_groups_are_a_name_too(call: Any) -> None:
    assert [one["serverGroup"] for one in call.scope().root["deployedServerGroups"]] == ["shop-v001", "shop-v002"]


def test_randomness_depends_on_the_stage_and_its_round(call: Any) -> None:
    stage = call.execution.stages["S10"]
    seeds = {
        scope_for(call.execution, one, now=1, values={}).seed for one in (stage, stage, replace(stage, round=1), None)
    }
    assert len(seeds) == 3
