"""The functions that look at the execution, row by row."""

from typing import Any

import pytest

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.functions import STANDARD
from gennaker.core.expressions.scope import Scope

_EU = {
    "account": "prod",
    "capacity": {"desired": 2},
    "parentStage": None,
    "region": "eu-1",
    "ami": "ami-1",
    "serverGroup": "shop-v001",
    "deployments": [{"id": "d1"}, {"id": "d2"}],
}
_US = {"account": None, "capacity": None, "parentStage": None, "region": "us-1", "serverGroup": "shop-v002", "deployments": []}  # fmt: skip

VALUES: list[tuple[str, list[Any], Any]] = [
    ("stageExists", ["Build"], True),
    ("stageExists", ["S3"], True),
    ("stageExists", ["build"], False),
    ("stageExists", ["Breathe"], True),
    ("stageExists", [7], False),
    ("currentUser", [], "ann"),
    ("judgment", ["Ask"], "to all"),
    ("judgement", ["Ask"], "to all"),
    ("deployedServerGroups", [], [_EU, _US]),
    ("deployedServerGroups", ["Deploy"], [_EU]),
    ("deployedServerGroups", ["S5"], [_US]),
    ("deployedServerGroups", ["S5", "Deploy"], [_EU, _US]),
    ("deployedServerGroups", ["Broken"], []),
    ("deployedServerGroups", ["nothing"], []),
    ("manifestLabelValue", ["Apply", "Deployment", "version"], "7"),
    ("cfServiceKey", ["Key"], {"user": "u"}),
    ("cfServiceKey", ["S8"], {"user": "u"}),
    ("cfServiceKey", ["Build"], {}),
    ("triggerResolvedArtifact", ["image"], {"name": "image", "type": "docker/image", "reference": "r1"}),
    ("triggerResolvedArtifactByType", ["helm/chart"], {"name": "chart", "type": "helm/chart", "reference": "r2"}),
    ("resolvedArtifacts", [], [{"name": "a"}, {"name": "b"}]),
]

ERRORS: list[tuple[str, list[Any], str]] = [
    ("stage", ["Bake"], "no stage is named 'Bake'; stages: Build, Ask, Bake image, Breathe, Deploy, Clone"),
    ("stage", [None], "#stage takes text, and was given null"),
    ("stageByRefId", ["99"], "no stage has the refId '99'; refIds: 1 (Build), 2 (Ask)"),
    ("stageByRefId", [None], "was given null"),
    ("judgment", ["Silent"], "no manual judgment named 'Silent' has a choice; manual judgments: Ask, Silent"),
    ("judgement", ["Build"], "no manual judgment named 'Build'"),
    ("deployedServerGroups", [{}], "was given a map"),
    ("manifestLabelValue", ["Apply", "Service", "x"], "expected Deployment or ReplicaSet"),
    ("manifestLabelValue", ["Build", "Deployment", "x"], "those that have: Apply"),
    ("manifestLabelValue", ["Apply", "ReplicaSet", "x"], "has deployed no ReplicaSet; kinds: Service, Deployment"),
    ("manifestLabelValue", ["Apply", "Deployment", "x"], "has no label 'x' on its pods; labels: app, version"),
    ("triggerResolvedArtifact", ["none"], "has the name 'none'; names: image, chart"),
    ("triggerResolvedArtifactByType", ["git/repo"], "has the type 'git/repo'; types: docker/image, helm/chart"),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), VALUES)
def test_a_function_of_the_execution_finds_it(call: Any, function: str, arguments: list[Any], expected: Any) -> None:
    assert call(function, *arguments) == expected


@pytest.mark.parametrize(("function", "arguments", "message"), ERRORS)
def test_a_function_of_the_execution_says_what_exists(
    call: Any, function: str, arguments: list[Any], message: str
) -> None:
    with pytest.raises(ExpressionError) as raised:
        call(function, *arguments)
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [("stage", ["Bake image"], "Bake image"), ("stage", ["S1"], "Build"), ("stageByRefId", ["4<1"], "Breathe"), ("currentStage", [], "Verify")],
)  # fmt: skip
def test_a_stage_is_found_as_an_object(call: Any, function: str, arguments: list[Any], name: str) -> None:
    assert call(function, *arguments).get("name") == name


def test_the_same_stage_is_the_same_object(call: Any) -> None:
    scope = call.scope()
    found = [STANDARD[name].call(scope, *given) for name, given in (("stage", ["Build"]), ("stageByRefId", ["1"]))]  # type: ignore[misc]
    assert found[0] is found[1]
    assert found[0] is scope.root["execution"].get("stages")[0]


@pytest.mark.parametrize(
    "function", [name for name, one in STANDARD.items() if name.startswith(("stage", "current", "jud"))]
)
def test_without_an_execution_there_is_nothing_to_find(function: str) -> None:
    one = STANDARD[function]
    assert one.call is not None
    with pytest.raises(ExpressionError, match="needs an execution, and there is none here"):
        one.call(Scope({}), *["x"] * one.least)


def test_every_function_says_how_it_is_called() -> None:
    for name, one in STANDARD.items():
        assert one.signature.startswith(f"#{name}(")
        assert one.description
        assert one.call is not None
        assert one.signature.count(",") + 1 == one.least or one.least == 0
