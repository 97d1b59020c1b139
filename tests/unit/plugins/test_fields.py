"""What a stage's JSON is turned into."""

from typing import Any, Literal

import pytest

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, declaration, task


class Sample(Stage, type="sample"):
    """Show every kind of field.

    More about it.
    """

    count: int = field("count", "how many", minimum=0, maximum=10, default=1)
    limit: int | None = field("limit", "at most, or nothing", default=None)
    ratio: float = field("ratio", "a share", default=0.5)
    loud: bool = field("loud", "say it loudly", default=False)
    text: str = field("text", "what is said", default="hello")
    codes: list[int] = field("codes", "numbers", default=[])
    names: list[str] = field("names", "who", default=[])
    labels: dict[str, str] = field("labels", "by key", default={})
    mode: Literal["a", "b"] = field("mode", "which way", default="a")
    payload: Any = field("payload", "whatever", default=None)

    @task
    def say_it(self, run: Run) -> Outcome:
        return run.succeeded()


class Needy(Stage, type="needy"):
    address: str = field("address", "where to")


def test_absent_null_and_empty_values_give_the_default() -> None:
    stage = Sample({"count": None, "ratio": "", "codes": None, "text": ""})
    assert (stage.count, stage.ratio, stage.codes, stage.text, stage.limit) == (1, 0.5, [], "", None)


@pytest.mark.parametrize(
    ("key", "given", "read"),
    [
        ("count", "3", 3),
        ("count", 3.0, 3),
        ("count", 3.7, 3),
        ("limit", "12", 12),
        ("ratio", "0.25", 0.25),
        ("loud", "true", True),
        ("text", 5, "5"),
        ("text", True, "true"),
        ("codes", "500, 501", [500, 501]),
        ("codes", 429, [429]),
        ("codes", ["429", 500], [429, 500]),
        ("names", "a, b", ["a", "b"]),
        ("labels", {"a": 1, "b": True}, {"a": "1", "b": "true"}),
        ("payload", [1, {"a": None}], [1, {"a": None}]),
    ],
)
def test_values_are_read_as_spinnaker_reads_them(key: str, given: Any, read: Any) -> None:
    assert getattr(Sample({key: given}), key) == read


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("count", "soon", "stage 'x', field count: 'soon' was given, expected an integer ≥ 0 and ≤ 10 (how many)"),
        ("count", 11, "11 was given, expected an integer ≥ 0 and ≤ 10"),
        ("loud", "perhaps", "field loud: 'perhaps' was given, expected true or false (say it loudly)"),
        ("labels", [1], "field labels: [1] was given, expected an object (by key)"),
        ("mode", "c", "field mode: 'c' was given, expected one of a, b (which way)"),
        ("count", "${ nope }", "the expression in it could not be evaluated"),
    ],
)
def test_a_bad_value_is_refused_with_field_value_and_expectation(key: str, given: Any, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Sample({key: given}, "stage 'x'")
    assert said in str(caught.value)


def test_a_missing_required_field_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match=r"field address: is missing; expected text \(where to\)"):
        Needy({})


def test_two_stages_do_not_share_a_default() -> None:
    Sample({}).codes.append(1)
    assert Sample({}).codes == []


def test_the_schema_tells_types_limits_defaults_and_what_is_required() -> None:
    known = declaration(Sample, "p", "1")
    count = known.fields["properties"]["count"]
    assert count == {"type": "integer", "minimum": 0, "maximum": 10, "description": "how many", "default": 1}
    assert declaration(Needy, "p", "1").fields["required"] == ["address"]
    assert known.description == "Show every kind of field."
    assert [one.name for one in known.tasks] == ["sayIt"]


def test_a_field_without_a_type_is_an_error_at_import() -> None:
    with pytest.raises(TypeError, match="a field needs a type"):
        type("Bad", (Stage,), {"x": field("x", "no type")})


def test_a_field_of_a_type_that_json_cannot_hold_is_an_error_at_import() -> None:
    with pytest.raises(TypeError, match="not a type that JSON can hold"):
        type("Bad", (Stage,), {"__annotations__": {"x": type(pytest)}, "x": field("x", "a module")})
