"""`gennaker pipeline plan APPLICATION NAME`: what a run would do, in lines that people read."""

import json
from typing import Any

import pytest

from gennaker.core.cli.root import FAILED, USAGE

PLAN = {
    "application": "shop",
    "name": "ship",
    "trigger": {
        "type": "manual",
        "resolvedExpectedArtifacts": [
            {"id": "a", "displayName": "image", "boundArtifact": {"type": "docker/image", "reference": "shop:1"}}
        ],
    },
    "errors": [],
    "stages": [
        {
            "refId": "1",
            "name": "Ask",
            "type": "manualJudgment",
            "outcome": "asks",
            "asks": {"instructions": "Ship?", "selectedStageRoles": ["ops"]},
        },
        {
            "refId": "2",
            "name": "Ship",
            "type": "go",
            "outcome": "runs",
            "forEach": {"items": [1, 2], "as": "item", "limit": 1},
            "window": {"days": [2]},
            "expressions": [
                {"path": "a", "text": "${parameters.v}", "value": {"x": 1}},
                {"path": "b", "text": "${id}", "reason": "'id' is not known before 'Ask' has run"},
            ],
        },
        {"refId": "3", "name": "Late", "type": "go", "outcome": "skipped", "why": "stageEnabled 'false' is false"},
    ],
}


def test_every_stage_is_told_with_what_is_known_of_it(gennaker: Any, server: Any) -> None:
    server.on("POST", "/pipelines/shop/ship", PLAN)
    result = gennaker("pipeline", "plan", "shop", "ship", "--parameter", "v=1", "-p", "n:=2")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "Artifact: image is docker/image shop:1",
        "  1  Ask (manualJudgment)  asks",
        "       asks ops: Ship?",
        "  2  Ship (go)  runs",
        "       once for each of 2 items, 1 at once",
        '       waits for its execution window: {"days":[2]}',
        '       a: ${parameters.v} = {"x":1}',
        "       b: ${id} has no value: 'id' is not known before 'Ask' has run",
        "  3  Late (go)  skipped: stageEnabled 'false' is false",
        "Nothing was started.",
    ]
    (call,) = server.made("POST")
    assert call.body == {"type": "manual", "parameters": {"v": "1", "n": 2}}
    assert call.query == {"plan": "true"}


def test_what_could_not_even_start_leaves_with_a_failure(gennaker: Any, server: Any) -> None:
    server.on("POST", "/pipelines/shop/ship", {**PLAN, "stages": [], "errors": ["Pipeline is disabled"]})
    result = gennaker("pipeline", "plan", "shop", "ship")
    assert result.exit_code == FAILED
    assert "Cannot start: Pipeline is disabled" in result.output


def test_programs_get_the_whole_plan(gennaker: Any, server: Any) -> None:
    server.on("POST", "/pipelines/shop/ship", PLAN)
    assert json.loads(gennaker("pipeline", "plan", "shop", "ship", "-o", "json").stdout) == PLAN


def test_a_name_that_only_one_pipeline_has_is_enough(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelineConfigs", [{"application": "shop", "name": "Ship"}, {"application": "x", "name": "y"}])
    server.on("POST", "/pipelines/shop/Ship", PLAN)
    assert gennaker("pipeline", "plan", "ship").exit_code == 0


def test_a_name_that_several_have_is_asked_back(gennaker: Any, server: Any) -> None:
    server.on("GET", "/pipelineConfigs", [{"application": app, "name": "ship"} for app in ("b", "a")])
    result = gennaker("pipeline", "plan", "ship")
    assert result.exit_code == USAGE
    assert "say which: a ship, b ship" in result.output


@pytest.mark.parametrize("wrong", ["v", "=1", "n:=x"])
def test_a_parameter_that_is_none_is_refused(gennaker: Any, wrong: str) -> None:
    assert gennaker("pipeline", "plan", "shop", "ship", "-p", wrong).exit_code == USAGE


def test_what_a_cloud_would_do_stands_under_its_stage(gennaker: Any, server: Any) -> None:
    part = {"stage": "Deploy in here", "cloudProvider": "local", "account": "local", "region": "here"}
    stage = {"refId": "1", "name": "Ship", "type": "deploy", "outcome": "runs"}
    clouds = [{**part, "does": ["locks cluster local:local:here:shop", "creates shop-v001"]}]
    server.on("POST", "/pipelines/shop/ship", {**PLAN, "trigger": {}, "stages": [{**stage, "clouds": clouds}]})
    result = gennaker("pipeline", "plan", "shop", "ship")
    assert result.output.splitlines() == [
        "  1  Ship (deploy)  runs",
        "       local/local/here: locks cluster local:local:here:shop",
        "       local/local/here: creates shop-v001",
        "Nothing was started.",
    ]
