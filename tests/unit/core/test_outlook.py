"""What a dry run tells of each stage, and that it knows what it cannot know."""

from typing import Any

import pytest

from gennaker.core.engine.apply import fold
from gennaker.core.engine.requests import accept_pipeline
from gennaker.core.model.stage_type import StageType, StageTypes, TaskType
from gennaker.core.model.work import LOOKUP_TYPE
from gennaker.core.outlook import outlook

GO = (TaskType(name="go"),)
TYPES: StageTypes = {
    each.key: each
    for each in (
        StageType(type="go", tasks=GO),
        StageType(type="ask", tasks=GO, asks=True),
        StageType(type="checks", tasks=GO, conditions=("preconditions.*.context.expression",)),
        StageType(type="variables", tasks=GO, sequential="variables"),
        StageType(type="fly", provider="sea", tasks=GO, refusal="sea cannot fly"),
        StageType(type=LOOKUP_TYPE, functions=("fromUrl",)),
    )
}


def plan(*stages: dict[str, Any], **trigger: Any) -> dict[str, dict[str, Any]]:
    """What is told of each stage, by refId."""
    whole = {"application": "app", "name": "p", "stages": list(stages)}
    event = accept_pipeline(whole, {"parameters": trigger}, id_="E", now=1000, user="ann")
    return {one["refId"]: one for one in outlook(fold(None, (event,), 1000), TYPES, 1000)}


def stage(ref: str, *needs: str, type: str = "go", **context: Any) -> dict[str, Any]:
    return {"refId": ref, "requisiteStageRefIds": list(needs), "type": type, "name": f"Stage {ref}", **context}


def test_a_value_that_is_known_is_told() -> None:
    told = plan(stage("1", said="v${parameters.x}", deep={"list": ["${parameters.x + 1}"]}), x=3)["1"]
    assert told["outcome"] == "runs"
    assert told["expressions"] == [
        {"path": "said", "text": "v${parameters.x}", "value": "v3"},
        {"path": "deep.list[0]", "text": "${parameters.x + 1}", "value": 4},
    ]


def test_what_only_another_stage_can_tell_stays_open_and_names_it() -> None:
    told = plan(stage("1"), stage("2", "1", said="${#stage('Stage 1').outputs.id}"))["2"]
    (one,) = told["expressions"]
    assert "value" not in one
    assert "'id' is not known before 'Stage 1' has run" in one["reason"]


def test_a_comparison_with_what_is_not_known_is_neither_true_nor_false() -> None:
    told = plan(
        stage("1"), stage("2", "1", said="${id == null ? 'no' : 'yes'}", ctx="${#stage('Stage 1').context.made}")
    )
    assert ["is not known before 'Stage 1' has run" in one["reason"] for one in told["2"]["expressions"]] == [
        True,
        True,
    ]


def test_variables_are_known_to_those_that_follow() -> None:
    variables = [{"key": "a", "value": "${parameters.n * 2}"}, {"key": "b", "value": "${a + 1}"}]
    told = plan(stage("1", type="variables", variables=variables), stage("2", "1", said="${b}"), n=2)
    assert told["2"]["expressions"] == [{"path": "said", "text": "${b}", "value": 5}]


@pytest.mark.parametrize(
    ("expression", "outcome", "why"),
    [
        ("parameters.go == 'no'", "skipped", "stageEnabled 'parameters.go == 'no'' is false"),
        ("parameters.go == 'yes'", "runs", None),
        ("#stage('Stage 0').outputs.id == 1", "open", "'id' is not known before 'Stage 0' has run"),
    ],
)
def test_a_stage_that_may_be_skipped(expression: str, outcome: str, why: str | None) -> None:
    enabled = {"type": "expression", "expression": expression}
    told = plan(stage("0"), stage("1", "0", stageEnabled=enabled, said="${1}"), stage("2", "1"), go="yes")
    assert told["1"]["outcome"] == outcome
    assert why is None or why in told["1"]["why"]
    assert told["2"]["outcome"] == "runs"


def test_a_precondition_that_does_not_hold_stops_what_follows() -> None:
    check = {"type": "expression", "context": {"expression": "parameters.n > 5"}}
    told = plan(stage("1", type="checks", preconditions=[check]), stage("2", "1"), n=1)
    assert (told["1"]["outcome"], told["1"]["why"]) == ("stops", "'parameters.n > 5' is false")
    assert told["2"]["outcome"] == "unreached"
    assert "Stage 1" in told["2"]["why"]
    assert plan(stage("1", type="checks", preconditions=[check]), n=6)["1"]["outcome"] == "runs"


def test_who_would_be_asked() -> None:
    told = plan(stage("1", type="ask", instructions="Ship ${parameters.v}?", selectedStageRoles=["ops"]), v="1.2")["1"]
    assert told["outcome"] == "asks"
    assert told["asks"] == {"instructions": "Ship 1.2?", "selectedStageRoles": ["ops"]}


def test_what_looks_outside_is_not_asked() -> None:
    told = plan(stage("1", said="${#fromUrl('https://x.example/')}"))["1"]
    assert told["outcome"] == "runs"
    assert "#fromUrl was asked" in told["why"]
    assert told["expressions"][0]["reason"] == "#fromUrl is asked when the stage starts"


def test_a_stage_that_nobody_can_run_fails() -> None:
    told = plan(stage("1", type="gone"), stage("2", type="fly", cloudProvider="sea"))
    assert told["1"] == {**told["1"], "outcome": "fails", "why": "no plugin provides the stage type 'gone'"}
    assert told["2"] == {**told["2"], "outcome": "fails", "why": "sea cannot fly"}


def test_a_fan_out_tells_its_items() -> None:
    told = plan(stage("1", forEach={"items": "${parameters.r}", "limit": 2}, said="${item}"), r=["a", "b"])["1"]
    assert told["forEach"] == {"items": ["a", "b"], "as": "item", "limit": 2}
    assert {"path": "said", "text": "${item}", "reason": "evaluated for each item"} in told["expressions"]


def test_a_window_is_told() -> None:
    window = {"days": [2]}
    told = plan(stage("1", restrictExecutionDuringTimeWindow=True, restrictedExecutionWindow=window))["1"]
    assert told["window"] == window


def test_stages_come_in_the_order_in_which_they_could_run() -> None:
    assert list(plan(stage("3", "2"), stage("2", "1"), stage("1"))) == ["1", "2", "3"]
