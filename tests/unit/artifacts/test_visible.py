"""A stage sees its own artifacts, its ancestors' and the trigger's, and finds one by id."""

from typing import Any

import pytest

from gennaker.core.artifacts.visible import artifact_for, expected_by, produced, visible
from gennaker.core.errors import InvalidRequest
from gennaker.core.model.execution import Execution, Stage

Json = dict[str, Any]


def named(*names: str) -> Json:
    """Something that holds artifacts."""
    return {"artifacts": [{"type": "a/b", "name": name} for name in names]}


def names(artifacts: list[Json]) -> list[str]:
    return [one["name"] for one in artifacts]


def test_artifacts_are_seen_own_first_then_near_to_far_then_the_triggers() -> None:
    found = visible(named("own"), [named("near", "own"), {}, named("far")], named("trigger", "near"))
    assert names(found) == ["own", "near", "far", "trigger"]


def test_what_is_no_artifact_is_not_seen() -> None:
    assert visible({"artifacts": "x"}, [{"artifacts": {"a": 1}}, {"artifacts": ["x", None]}], {}) == []


def test_an_execution_leaves_its_artifacts_the_last_stage_first() -> None:
    stages = {
        id_: Stage(id=id_, ref_id=id_, type="t", name=id_, start_time=at, outputs=named(id_))
        for id_, at in (("first", 1), ("never", None), ("last", 9))
    }
    execution = Execution(id="E", stages=stages, trigger=named("trigger"))
    assert names(produced(execution)) == ["last", "first", "never", "trigger"]


def bound(id_: str, name: str, **match: Any) -> Json:
    return {"id": id_, "boundArtifact": {"type": "a/b", "name": name}, "matchArtifact": match}


def test_the_nearest_expected_artifact_of_an_id_counts() -> None:
    near, far = {"resolvedExpectedArtifacts": [bound("x", "near")]}, {"resolvedExpectedArtifacts": [bound("x", "far")]}
    trigger = {"resolvedExpectedArtifacts": [bound("y", "trigger")]}
    expected = expected_by({}, [near, far], trigger)
    assert artifact_for("x", None, expected)["name"] == "near"
    assert artifact_for("y", {"name": "inline"}, expected)["name"] == "trigger"


def test_an_account_comes_from_the_match_then_from_the_stage() -> None:
    expected = [bound("x", "a", artifactAccount="ada"), bound("y", "b")]
    assert artifact_for("x", None, expected, account="stage")["artifactAccount"] == "ada"
    assert artifact_for("y", None, expected, account="stage")["artifactAccount"] == "stage"
    assert "artifactAccount" not in artifact_for("y", None, expected)
    own = [{"id": "x", "boundArtifact": {"artifactAccount": "own"}, "matchArtifact": {"artifactAccount": "ada"}}]
    assert artifact_for("x", None, own)["artifactAccount"] == "own"


def test_an_artifact_may_be_given_inline() -> None:
    found = artifact_for("", {"type": "a/b", "extra": 1}, [], account="ada")
    assert found == {"type": "a/b", "customKind": False, "metadata": {"extra": 1}, "artifactAccount": "ada"}


def test_an_artifact_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(InvalidRequest) as caught:
        artifact_for("z", None, [bound("x", "shop")], where="manifestArtifactId")
    assert caught.value.message == (
        "manifestArtifactId: there is no bound artifact with the id 'z'; there are: x (a/b shop)"
    )
    with pytest.raises(InvalidRequest, match="found neither"):
        artifact_for(None, None, [])
