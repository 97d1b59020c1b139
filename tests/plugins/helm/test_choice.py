"""Which release a version, a range or nothing means."""

import pytest

from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.plugins.helm.choice import chosen, newest_first
from gennaker.plugins.helm.index import Release

VERSIONS = ("1.9.0", "1.10.0", "1.2.3", "2.0.0", "2.1.0-rc.1", "0.3.1", "v3.0.0-beta", "1.2.3+build.5")


def releases(*versions: str) -> list[Release]:
    """Releases of these versions."""
    return [Release(version=one, url=f"{one}.tgz") for one in versions]


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("", "2.0.0"),
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("1.2.3+build.5", "1.2.3+build.5"),
        ("2.1.0-rc.1", "2.1.0-rc.1"),
        ("3.0.0-beta", "v3.0.0-beta"),
        ("v3.0.0-beta", "v3.0.0-beta"),
        ("^1.2", "1.10.0"),
        ("^0.3", "0.3.1"),
        ("~1.9.0", "1.9.0"),
        ("~> 1.9.0", "1.9.0"),
        ("1.x", "1.10.0"),
        ("1", "1.10.0"),
        ("*", "2.0.0"),
        (">=1.0 <1.10", "1.9.0"),
        (">= 1.0, < 1.10", "1.9.0"),
        (">1.2.3, <1.9.0 || ^2", "2.0.0"),
        ("1.2 - 1.9", "1.9.0"),
        ("<1", "0.3.1"),
        (">=2.1.0-alpha <3", "2.1.0-rc.1"),
    ],
)
def test_the_newest_that_fits_is_chosen(wanted: str, version: str) -> None:
    assert chosen("web", releases(*VERSIONS), wanted).version == version


def test_an_unfinished_release_is_the_newest_only_where_there_is_no_other() -> None:
    assert chosen("web", releases("1.0.0-rc.1", "1.0.0-rc.2"), "").version == "1.0.0-rc.2"


@pytest.mark.parametrize("wanted", ["9.9.9", "^9", ">3", "~1.11.0"])
def test_a_version_that_is_not_there_is_told_with_those_that_are(wanted: str) -> None:
    with pytest.raises(NotFound) as raised:
        chosen("web", releases("1.9.0", "1.10.0"), wanted)
    assert raised.value.message == f"the chart 'web' has no version {wanted!r}; the newest are 1.10.0, 1.9.0"


def test_a_chart_without_releases_has_no_newest() -> None:
    with pytest.raises(NotFound, match="the newest are none"):
        chosen("web", [], "")


@pytest.mark.parametrize(
    "wanted", ["latest", "!=1.2.3", "1.2.3 or so", "${version}", "1" * 300, ">=" * 200, "^" + "9" * 250]
)
def test_what_is_no_range_is_told(wanted: str) -> None:
    with pytest.raises((InvalidRequest, NotFound)) as raised:
        chosen("web", releases(*VERSIONS), wanted)
    assert repr(wanted[:100]) in raised.value.message or repr(wanted) in raised.value.message


def test_versions_are_ordered_as_versions_and_strange_ones_stand_last() -> None:
    found = newest_first(["stable", "1.9.0", "v1.10", "1.9.0", "2.0.0-rc.1", "9" * 5000, "2.0.0"])
    assert found == ["2.0.0", "2.0.0-rc.1", "v1.10", "1.9.0", "stable", "9" * 5000]


def test_a_repository_of_strange_versions_gives_its_first_or_the_exact_one() -> None:
    assert chosen("web", releases("nightly", "weekly"), "").version == "nightly"
    assert chosen("web", releases("nightly", "weekly"), "weekly").version == "weekly"
