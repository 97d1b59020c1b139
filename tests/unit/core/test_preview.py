"""Trying expressions in an execution: the engine's evaluator, and nothing is changed."""

import pytest

from gennaker.core.errors import InvalidRequest
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.stage_type import StageType
from gennaker.core.model.status import Status
from gennaker.core.model.work import LOOKUP_TYPE
from gennaker.core.preview import LONGEST, capabilities, preview

BAKE = Stage(
    id="b", ref_id="1", type="bake", name="Bake", status=Status.SUCCEEDED, outputs={"ami": "a-1"}, context={"os": "x"}
)
DEPLOY = Stage(id="d", ref_id="2", type="deploy", name="Deploy", requisites=("1",), context={"where": "eu"})
EXECUTION = Execution(id="E", application="app", trigger={"parameters": {"v": 2}}, stages={"b": BAKE, "d": DEPLOY})


def test_without_a_stage_the_outputs_of_all_are_seen():
    assert preview(EXECUTION, "${ami} v${parameters.v + 1}", now=1) == ("a-1 v3", {})


def test_in_a_stage_its_context_is_seen_over_the_outputs_before_it():
    assert preview(EXECUTION, "${where}: ${ami}", stage=DEPLOY, now=1) == ("eu: a-1", {})


def test_further_names_come_first():
    assert preview(EXECUTION, "${where}", stage=DEPLOY, now=1, seen={"where": "us"}) == ("us", {})


def test_what_fails_is_told_by_expression():
    value, detail = preview(EXECUTION, "${#stage('Bak').outputs}", now=7)
    assert value == "${#stage('Bak').outputs}"
    ((told,),) = detail.values()
    assert (told["level"], told["timestamp"]) == ("ERROR", 7)
    assert "Bake" in told["description"]


def test_nothing_looks_outside():
    value, detail = preview(EXECUTION, "${#fromUrl('https://x.example')}", now=1)
    assert value == "${#fromUrl('https://x.example')}"
    assert "only asked when a stage starts" in detail["#fromUrl"][0]["description"]


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(InvalidRequest, match="longer than"):
        preview(EXECUTION, "x" * (LONGEST + 1), now=1)


def test_functions_are_listed_with_those_of_plugins():
    types = {"t": StageType(type=LOOKUP_TYPE, provider="sea", functions=("sea_tide",))}
    told = {one["name"]: one for one in capabilities(types)["functions"]}
    assert told["toJson"]["description"]
    assert [each["name"] for each in told["manifestLabelValue"]["parameters"]]
    assert "sea_tide" in told
