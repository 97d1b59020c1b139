"""The words for what a type accepts, and sections of plugins with richer types."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from gennaker.config.expected import expected
from gennaker.config.origins import Origins
from gennaker.config.shape import read_struct
from gennaker.config.text import FromText


class Account(Struct, frozen=True, kw_only=True):
    """A section in a list."""

    name: str
    limits: dict[str, int] = {}


class Cloud(Struct, frozen=True, kw_only=True):
    """A section as a plugin may have it."""

    accounts: tuple[Account, ...] = ()
    default: Account | None = None
    ratio: float = 0.5
    anything: Any = None
    ports: list[int] = []


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (bool, "true or false"),
        (Annotated[int, Meta(ge=1)], "a whole number, at least 1"),
        (Annotated[int, Meta(le=9)], "a whole number, at most 9"),
        (Annotated[float, Meta(ge=0, le=1)], "a number from 0 to 1"),
        (Annotated[str, Meta(min_length=3)], "text of at least 3 characters"),
        (Literal["a", "b"] | None, "one of a, b or null"),
        (list[int], "a list; each item a whole number"),
        (Account, "a section of its own (key: value)"),
        (dict[str, int], "a section of its own (key: value)"),
        (Any, "anything"),
        (bytes, "a value of another kind"),
    ],
)
def test_a_type_is_told_in_words(type_: Any, words: str) -> None:
    assert expected(type_) == words


def test_texts_of_the_environment_take_the_type_of_their_key() -> None:
    raw = {
        "accounts": FromText("[{name: a, limits: {cpu: 2}}]"),
        "default": FromText("{name: b}"),
        "ratio": FromText("0.25"),
        "anything": {"x": [FromText("y")]},
        "ports": FromText("1, 2"),
    }
    problems, cloud = read_struct(Cloud, raw, ("plugins", "cloud"), Origins())
    assert not problems
    assert cloud == Cloud(
        accounts=(Account(name="a", limits={"cpu": 2}),),
        default=Account(name="b"),
        ratio=0.25,
        anything={"x": ["y"]},
        ports=[1, 2],
    )


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"default": FromText("[")}, "plugins.cloud.default: is not YAML; expected YAML (or JSON) on one line"),
        ({"ports": [1, "x" * 100]}, "plugins.cloud.ports[1]: is '" + "x" * 56 + "…; expected a whole number"),
        ({"ratio": {"a": 1}}, "plugins.cloud.ratio: is a section; expected a number"),
        ({"accounts": [{}]}, "plugins.cloud.accounts[0].name: is missing; expected text"),
        ("x", "plugins.cloud: is 'x'; expected a section of its own (key: value)"),
    ],
)
def test_a_mistake_inside_is_told_with_its_place(raw: Any, problem: str) -> None:
    problems, cloud = read_struct(Cloud, raw, ("plugins", "cloud"), Origins())
    assert cloud is None
    assert [str(one) for one in problems] == [f"defaults: {problem}"]


class Ordered(Struct, frozen=True, kw_only=True):
    """Has a rule between its keys."""

    least: int = 0
    most: int = 9

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise ValueError("least is above most")


def test_a_rule_between_the_keys_of_a_section_is_told() -> None:
    problems, value = read_struct(Ordered, {"least": 5, "most": 1}, ("plugins", "x"), Origins())
    assert value is None
    assert "least is above most" in str(problems[0])
