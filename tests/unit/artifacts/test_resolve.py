"""Expected artifacts are resolved rule by rule (reference §7)."""

from typing import Any

import pytest

from gennaker.core.artifacts.resolve import MOST, at_start, bind, matched_ids, wants_prior
from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]


def artifact(name: str, version: str = "1", **fields: Any) -> Json:
    return {"type": "docker/image", "name": name, "version": version, "customKind": False, "metadata": {}, **fields}


def expected(id_: str = "e", name: str = "shop", **fields: Any) -> Json:
    return {"id": id_, "matchArtifact": {"type": "docker/image", "name": name}, **fields}


SHOP, SHOP2, OTHER = artifact("shop"), artifact("shop", "2"), artifact("other")
DEFAULT = {"useDefaultArtifact": True, "defaultArtifact": artifact("shop", "default")}
PRIOR = {"usePriorArtifact": True}


def versions(wanted: list[Json], trigger: Json, prior: list[Json] | None = None, **pipeline: Any) -> list[str]:
    """The versions that expected artifacts are bound to."""
    found = at_start({"expectedArtifacts": wanted, **pipeline}, trigger, prior or [])
    return [one["boundArtifact"]["version"] for one in found["resolvedExpectedArtifacts"]]


@pytest.mark.parametrize(
    ("wanted", "trigger", "prior", "bound"),
    [
        # What the trigger does not name and what has nothing to fall back to is left alone.
        ([expected()], {"artifacts": [SHOP]}, [], []),
        ([expected()], {"expectedArtifactIds": ["x"], "artifacts": [SHOP]}, [], []),
        ([expected()], {"expectedArtifactIds": ["e"], "artifacts": [SHOP]}, [], ["1"]),
        # Received before prior before default.
        ([expected(**DEFAULT)], {"artifacts": [SHOP]}, [], ["1"]),
        ([expected(**PRIOR)], {"artifacts": [SHOP]}, [SHOP2], ["1"]),
        ([expected(**DEFAULT)], {"artifacts": [OTHER]}, [], ["default"]),
        ([expected(**DEFAULT)], {}, [SHOP2], ["default"]),
        ([expected(**PRIOR)], {"artifacts": [OTHER]}, [SHOP2], ["2"]),
        ([expected(**PRIOR, **DEFAULT)], {}, [SHOP2], ["2"]),
        ([expected(**PRIOR, **DEFAULT)], {}, [OTHER], ["default"]),
        # The same artifact twice is one.
        ([expected(**DEFAULT)], {"artifacts": [SHOP, {**SHOP, "kind": "x"}]}, [], ["1"]),
        ([expected(**PRIOR)], {}, [SHOP2, SHOP2], ["2"]),
        # Several expected artifacts, in their order.
        (
            [expected("a", "other", **DEFAULT), expected("b", **PRIOR), expected("c", "none")],
            {"artifacts": [OTHER]},
            [SHOP2],
            ["1", "2"],
        ),
        ([], {"artifacts": [SHOP]}, [], []),
    ],
)
def test_each_expected_artifact_is_found_in_order(
    wanted: list[Json], trigger: Json, prior: list[Json], bound: list[str]
) -> None:
    prior = [one for i, one in enumerate(prior) if one not in prior[:i]]
    assert versions(wanted, trigger, prior) == bound


def test_what_came_before_the_trigger_counts_as_received() -> None:
    assert versions([expected(**DEFAULT)], {"artifacts": [OTHER]}, receivedArtifacts=[SHOP2]) == ["2"]


@pytest.mark.parametrize(
    ("wanted", "trigger", "prior", "said"),
    [
        (
            [expected(**DEFAULT)],
            {"artifacts": [SHOP, SHOP2]},
            [],
            "Expected artifact 'e' (docker/image shop) matches multiple artifacts: docker/image shop 1, docker/image shop 2",
        ),
        ([expected(**PRIOR)], {}, [SHOP, SHOP2], "matches multiple artifacts"),
        (
            [expected()],
            {"expectedArtifactIds": ["e"], "artifacts": [OTHER]},
            [],
            "Unmatched expected artifact 'e' (docker/image shop) could not be resolved (received: docker/image other 1).",
        ),
        (
            [expected(displayName="the shop", **PRIOR)],
            {},
            [OTHER],
            "Unmatched expected artifact 'the shop' (docker/image shop) could not be resolved "
            "(received: none; of the last execution: docker/image other 1).",
        ),
        ([expected(useDefaultArtifact=True)], {}, [], "it has no default artifact"),
        ([expected(useDefaultArtifact=True, defaultArtifact={})], {}, [], "it has no default artifact"),
        (
            [expected(name="shop(", **DEFAULT)],
            {"artifacts": [SHOP]},
            [],
            "expectedArtifacts[0].matchArtifact.name: is not what was received, and the regular",
        ),
        ([{"id": "e", **DEFAULT}], {}, [], "expectedArtifacts[0].matchArtifact: expected an artifact"),
        (["e"], {}, [], "expectedArtifacts[0]: expected an expected artifact"),
        ([expected(**DEFAULT)], {"artifacts": "shop"}, [], "trigger.artifacts: expected a list"),
        ([expected(**DEFAULT)], {"artifacts": [{"name": []}]}, [], "trigger.artifacts[0].name"),
        ([expected(**DEFAULT)], {"expectedArtifactIds": 5}, [], "trigger.expectedArtifactIds: expected a list"),
        ([expected()] * (MOST + 1), {}, [], "more than 1000"),
        ([], {"artifacts": [artifact("a", str(i)) for i in range(MOST + 1)]}, [], "more than 1000"),
    ],
)
def test_what_cannot_be_resolved_is_told(wanted: list[Any], trigger: Json, prior: list[Json], said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        versions(wanted, trigger, prior)
    assert said in caught.value.message


def test_the_trigger_gets_what_was_received_and_what_was_found() -> None:
    wanted = expected(**DEFAULT)
    found = at_start({"expectedArtifacts": [wanted]}, {"artifacts": [OTHER]})
    assert found["artifacts"] == [OTHER, DEFAULT["defaultArtifact"]]
    assert found["expectedArtifacts"] == found["resolvedExpectedArtifacts"]
    [bound] = found["resolvedExpectedArtifacts"]
    assert bound["boundArtifact"] == DEFAULT["defaultArtifact"]
    assert {key: bound[key] for key in DEFAULT} == DEFAULT
    assert "boundArtifact" not in wanted


def test_a_trigger_without_artifacts_gets_empty_lists() -> None:
    assert at_start({}, {}) == {"artifacts": [], "expectedArtifacts": [], "resolvedExpectedArtifacts": []}


@pytest.mark.parametrize(
    ("wanted", "trigger", "asks"),
    [
        ([expected(**PRIOR)], {}, True),
        ([expected(**PRIOR)], {"artifacts": [SHOP]}, False),
        ([expected(**DEFAULT)], {}, False),
        ([], {}, False),
        (["wrong"], {}, False),
        ([expected(**PRIOR)], {"artifacts": [SHOP, SHOP2]}, False),
    ],
)
def test_the_last_execution_is_asked_only_when_it_matters(wanted: list[Any], trigger: Json, asks: bool) -> None:
    assert wants_prior({"expectedArtifacts": wanted}, trigger) is asks


def test_the_expected_artifacts_that_something_matches_are_known_by_id() -> None:
    wanted = [expected("a"), expected("b", "none"), expected("c", "oth.*"), {"matchArtifact": {}}]
    assert matched_ids(wanted, [SHOP, OTHER]) == ["a", "c"]
    assert matched_ids(None, [SHOP]) == []


def test_what_a_stage_produced_is_bound_to_the_first_that_matches() -> None:
    found = bind([expected()], [OTHER, SHOP2, SHOP])
    assert [one["version"] for one in found.artifacts] == ["2"]
    assert found.expected[0]["boundArtifact"]["version"] == "2"
    assert bind([expected(**DEFAULT)], []).artifacts == [DEFAULT["defaultArtifact"]]
    with pytest.raises(InvalidRequest, match="could not be resolved"):
        bind([expected()], [OTHER])
