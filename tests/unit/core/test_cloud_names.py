"""Names of server groups, taken apart and put together."""

import pytest

from gennaker.core.cloud.names import Moniker, cluster_name, next_name, parse
from gennaker.core.errors import InvalidRequest


@pytest.mark.parametrize(
    ("name", "moniker"),
    [
        ("shop-web-v012", Moniker(app="shop", stack="web", cluster="shop-web", sequence=12)),
        ("shop-v000", Moniker(app="shop", cluster="shop", sequence=0)),
        ("shop--blue-v001", Moniker(app="shop", detail="blue", cluster="shop--blue", sequence=1)),
        ("shop-web-a-b-v1000", Moniker(app="shop", stack="web", detail="a-b", cluster="shop-web-a-b", sequence=1000)),
        ("shop-web", Moniker(app="shop", stack="web", cluster="shop-web")),
        ("shop-v1", Moniker(app="shop", stack="v1", cluster="shop-v1")),
    ],
)
def test_a_name_says_what_it_belongs_to(name, moniker):
    assert parse(name) == moniker


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("shop",), "shop"),
        (("shop", "web"), "shop-web"),
        (("shop", "", "x"), "shop--x"),
        (("shop", "a", "b-c"), "shop-a-b-c"),
    ],
)
def test_a_cluster_is_named_by_its_parts(parts, name):
    assert cluster_name(*parts) == name


@pytest.mark.parametrize("parts", [("sh op",), ("",), ("a-b",), ("shop", "we-b"), ("shop", "", "x/y")])
def test_what_cannot_be_part_of_a_name_is_refused(parts):
    with pytest.raises(InvalidRequest, match="cannot be part of a name"):
        cluster_name(*parts)


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ({}, "c-v000"),
        ({"c-v999": 1}, "c-v000"),
        ({"c-v999": 2, "c-v000": 1}, "c-v001"),
        ({"c": 1}, "c-v001"),
        ({"c-v003": 5, "c-v007": 1}, "c-v004"),
        ({"c-v003": 5, "c-v004": 1}, "c-v005"),
    ],
)
def test_the_next_name_follows_the_newest_and_is_free(taken, name):
    assert next_name("c", taken) == name


def test_a_cluster_that_is_full_says_so():
    with pytest.raises(InvalidRequest, match="all 1000 names"):
        next_name("c", {f"c-v{n:03d}": n for n in range(1000)})
