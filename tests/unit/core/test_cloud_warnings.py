"""What is warned of when a pipeline is saved, and what the stages of a strategy inherit."""

import pytest

from gennaker.core.cloud.strategy import inherited
from gennaker.core.cloud.warnings import cloud_warnings
from gennaker.core.model.stage_type import StageType

TYPES = {
    "wait": StageType(type="wait"),
    "deploy": StageType(type="deploy"),
    "createServerGroup.local": StageType(type="createServerGroup", provider="local"),
    "upsertSecurityGroup.local": StageType(
        type="upsertSecurityGroup", provider="local", refusal="local cannot firewall, which upsertSecurityGroup needs"
    ),
}


@pytest.mark.parametrize(
    ("stage", "warning"),
    [
        ({"type": "wait"}, ""),
        ({"type": "unknown"}, ""),
        ({"type": "createServerGroup", "cloudProvider": "local"}, ""),
        ({"type": "createServerGroup", "cloudProvider": "${parameters.cloud}"}, ""),
        (
            {"type": "createServerGroup"},
            "stages[0]: there is no cloud 'aws' now, which this stage is for; there is local",
        ),
        (
            {"type": "upsertSecurityGroup", "cloudProvider": "local"},
            "stages[0]: this stage will be refused: local cannot firewall, which upsertSecurityGroup needs",
        ),
        (
            {"type": "deploy", "clusters": [{"cloudProvider": "local"}, {"cloudProvider": "moon"}]},
            "stages[0].clusters[1]: there is no cloud 'moon' now, which this stage is for; there is local",
        ),
        ({"type": "deploy", "clusters": "${clusters}"}, ""),
    ],
)
def test_a_stage_is_warned_of_with_its_place(stage, warning):
    assert cloud_warnings({"stages": [stage]}, TYPES) == ([warning] if warning else [])


def test_a_pipeline_that_is_none_is_not_warned_of():
    assert cloud_warnings({"stages": "many"}, TYPES) == []


PARAMETERS = {
    "strategy": True,
    "cloudProvider": "local",
    "credentials": "prod",
    "cluster": "shop-web",
    "region": "here",
    "more": 1,
}


def test_a_strategys_stages_get_the_place_of_the_deployment():
    stages = [{"type": "resizeServerGroup"}, {"type": "findImage", "regions": ["there"], "credentials": "test"}]
    got = inherited({"stages": stages, "name": "s"}, PARAMETERS)
    place = {"cloudProvider": "local", "cluster": "shop-web"}
    assert got["stages"][0] == {"type": "resizeServerGroup", **place, "credentials": "prod", "region": "here"}
    assert got["stages"][1] == {"type": "findImage", **place, "credentials": "test", "regions": ["there"]}


def test_any_other_pipeline_stays_as_it_is():
    pipeline = {"stages": [{"type": "resizeServerGroup"}]}
    assert inherited(pipeline, {**PARAMETERS, "strategy": False}) is pipeline
    assert inherited(pipeline, {}) is pipeline
