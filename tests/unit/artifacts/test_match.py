"""Artifacts come to one form, and match as Spinnaker's do."""

import time
from contextlib import suppress

import pytest

from gennaker.core.artifacts.artifact import distinct, normal, normal_list, told
from gennaker.core.artifacts.match import matches
from gennaker.core.errors import InvalidRequest
from gennaker.core.expressions.budget import Budget

IMAGE = {"type": "docker/image", "name": "reg/shop", "version": "1.2", "location": "eu", "reference": "reg/shop:1.2"}


def test_what_is_not_known_goes_into_the_metadata() -> None:
    given = {
        "type": "a",
        "kind": "custom",
        "customKind": True,
        "metadata": {"x": 1},
        "y": 2,
        "name": None,
        "version": 3,
    }
    found = normal(given)
    assert found == {"type": "a", "version": "3", "customKind": True, "metadata": {"x": 1, "y": 2}}
    assert normal(found) == found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("docker/image", "here: expected an artifact (an object), found str"),
        (None, "here: expected an artifact (an object), found NoneType"),
        ({"name": {"a": 1}}, "here.name: expected text, found dict"),
        ({"reference": []}, "here.reference: expected text, found list"),
        ({"metadata": "x"}, "here.metadata: expected an object, found str"),
    ],
)
def test_what_is_no_artifact_is_refused_with_its_place(given: object, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        normal(given, "here")
    assert caught.value.message == said


def test_a_list_has_each_artifact_once() -> None:
    found = normal_list([IMAGE, {**IMAGE, "kind": "x"}, {**IMAGE, "version": "2"}], "artifacts")
    assert [one["version"] for one in found] == ["1.2", "2"]
    assert distinct([*found, *found]) == found
    assert normal_list(None, "artifacts") == []
    assert len(normal_list([IMAGE, {**IMAGE, "metadata": {"build": 1}}], "artifacts")) == 2
    with pytest.raises(InvalidRequest, match=r"artifacts\[1\]: expected an artifact"):
        normal_list([IMAGE, 5], "artifacts")
    with pytest.raises(InvalidRequest, match="artifacts: expected a list of artifacts, found dict"):
        normal_list(IMAGE, "artifacts")


@pytest.mark.parametrize(
    ("artifact", "shown"),
    [
        (IMAGE, "docker/image reg/shop 1.2"),
        ({"type": "http/file", "reference": "https://x/y"}, "http/file https://x/y"),
        ({"reference": "r" * 90}, "an artifact " + "r" * 57 + "…"),
        ({}, "an artifact"),
    ],
)
def test_an_artifact_is_shown_in_short(artifact: dict[str, str], shown: str) -> None:
    assert told(artifact) == shown


@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        ({}, True),
        ({"type": "docker/image"}, True),
        ({"type": "docker/.*"}, True),
        ({"type": "docker"}, False),
        ({"type": "gcs/object"}, False),
        ({"name": "reg/shop"}, True),
        ({"name": "reg/sh"}, False),
        ({"name": "shop"}, False),
        ({"name": ".*/shop"}, True),
        ({"name": "reg/(shop|other)"}, True),
        ({"name": ""}, True),
        ({"name": None}, True),
        ({"version": "1.2"}, True),
        ({"version": r"1\.\d+"}, True),
        ({"version": r"1\.\d"}, True),
        ({"version": "1"}, False),
        ({"version": "^1.2$"}, True),
        ({"location": "eu"}, True),
        ({"location": "us|eu"}, True),
        ({"reference": "reg/shop:.*"}, True),
        # Java's own signs.
        ({"name": r"\Qreg/\E\p{Lower}+"}, True),
        ({"version": r"\Q1.\E."}, True),
        ({"reference": "reg/shop"}, False),
        ({"type": "docker/image", "name": "reg/shop", "version": "9"}, False),
        ({"artifactAccount": "other", "provenance": "other", "uuid": "other", "metadata": {"x": 1}}, True),
    ],
)
def test_fields_match_when_equal_or_by_a_whole_regular_expression(expected: dict[str, object], fits: bool) -> None:
    assert matches(expected, IMAGE) is fits


@pytest.mark.parametrize("key", ["type", "name", "version", "location", "reference"])
def test_a_field_that_the_artifact_lacks_matches_nothing_that_is_expected(key: str) -> None:
    lacking = {name: value for name, value in IMAGE.items() if name != key}
    assert not matches({key: ".*"}, lacking)
    assert matches({key: ""}, lacking)


def test_what_looks_like_a_pattern_may_be_meant_as_it_is() -> None:
    assert matches({"name": "a+b(c)[d]"}, {"name": "a+b(c)[d]"})


@pytest.mark.parametrize("expected", ["embedded/base64", "remote/base64", "remote/.*"])
@pytest.mark.parametrize("actual", ["embedded/base64", "remote/base64"])
def test_embedded_and_remote_content_are_the_same_type(expected: str, actual: str) -> None:
    assert matches({"type": expected}, {"type": actual})
    assert not matches({"type": expected}, {"type": "embedded/map/base64"})


def test_a_pattern_that_is_none_is_told_with_its_place() -> None:
    with pytest.raises(InvalidRequest) as caught:
        matches({"name": "shop("}, IMAGE, "expectedArtifacts[2].matchArtifact")
    assert caught.value.where == "expectedArtifacts[2].matchArtifact.name"
    assert "the regular expression 'shop(' cannot be read" in caught.value.message


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a|aa)+$", "a" * 60 + "!"),
        ("(a*)*b", "a" * 60),
        ("(.*,){20}x", "," * 500),
        (r"^(\w+\s?)*$", "word " * 40 + "!"),
        ("x" * 5_000, "y"),
        ("(" * 3_000, "y"),
        ("a{1,99999999999}", "y"),
    ],
)
def test_a_catastrophic_pattern_is_stopped(pattern: str, text: str) -> None:
    begun = time.process_time()
    fits = None
    with suppress(InvalidRequest):
        fits = matches({"name": pattern}, {"name": text})
    assert not fits
    assert time.process_time() - begun < 3


def test_several_calls_share_their_time() -> None:
    budget = Budget()
    with pytest.raises(InvalidRequest, match="takes too long"):
        matches({"name": "(a|aa)+$"}, {"name": "a" * 80 + "!"}, "here", budget)
    with pytest.raises(InvalidRequest, match=r"^here.name: .*takes too long"):
        matches({"name": "a.c"}, {"name": "abc"}, "here", budget)
