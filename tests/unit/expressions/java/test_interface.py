"""What the evaluator relies on: names, types, properties, texts, JSON, repeatable chance, messages that teach."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from gennaker.core.expressions import java
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.kinds import Byte, Char, to_float
from gennaker.core.expressions.java.numbers import Long
from gennaker.core.expressions.java.objects import Array, Date, Instant, LocalDate
from gennaker.core.expressions.scope import Bean, Scope

STAGE = Bean("StageExecution", {"name": lambda: "Bake", "refId": lambda: "1"})


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (1, "java.lang.Integer"),
        (2**31, "java.lang.Long"),
        (Long(1), "java.lang.Long"),
        (2**63, "java.math.BigInteger"),
        (1.5, "java.lang.Double"),
        (to_float(1.5), "java.lang.Float"),
        (True, "java.lang.Boolean"),
        ("a", "java.lang.String"),
        ([], "java.util.ArrayList"),
        ({}, "java.util.LinkedHashMap"),
        (None, "null"),
        (Array("String", ["a"]), "String[]"),
        (Date(0), "java.util.Date"),
        (STAGE, "StageExecution"),
    ],
)
def test_every_value_has_its_type(value: Any, type_: str) -> None:
    assert java.type_of(value) == type_


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (1, {"Integer", "Number", "Comparable", "Object"}),
        ("a", {"String", "CharSequence", "Comparable", "Object"}),
        ([], {"java.util.List", "java.util.Collection", "Iterable", "Object", "java.util.ArrayList"}),
        ({}, {"java.util.Map", "java.util.LinkedHashMap", "java.util.HashMap", "Object"}),
        (True, {"Boolean", "Comparable", "Object"}),
        (None, set()),
    ],
)
def test_a_value_is_of_its_types_and_no_others(value: Any, names: set[str]) -> None:
    asked = ["Integer", "Long", "Number", "String", "CharSequence", "Comparable", "Boolean", "Object", "Iterable"]
    asked += [
        f"java.util.{name}" for name in ("List", "Collection", "Map", "Set", "ArrayList", "LinkedHashMap", "HashMap")
    ]
    assert {name for name in asked if java.instance_of(value, java.resolve(name))} == names


def test_only_java_lang_needs_no_package() -> None:
    assert java.resolve("String") == "java.lang.String"
    assert java.resolve("java.time.Instant") == "java.time.Instant"
    with pytest.raises(ExpressionError, match=r"needs its full name here: java.util.Date"):
        java.resolve("Date")
    with pytest.raises(ExpressionError, match=r"java.lang.Runtime is not allowed; .*allowed are java.lang.String"):
        java.resolve("java.lang.Runtime")
    with pytest.raises(ExpressionError, match=r"did you mean java.time.LocalDate"):
        java.resolve("java.time.LocalDat")


@pytest.mark.parametrize(
    ("target", "name", "value"),
    [
        ("abc", "empty", False),
        ("abc", "blank", False),
        ("abc", "bytes", [97, 98, 99]),
        ([], "empty", True),
        ({}, "empty", True),
        (Date(5), "time", 5),
        (Date(0), "year", 70),
        (Instant(5_000_000_000), "epochSecond", 5),
        (LocalDate(0), "year", 1970),
        (LocalDate(0), "dayOfMonth", 1),
        (LocalDate(0), "leapYear", False),
        (Array("String", ["a", "b"]), "length", 2),
        ("abc", "length", java.MISSING),
        ("abc", "nope", java.MISSING),
        (None, "nope", java.MISSING),
        (1, "value", java.MISSING),
        (STAGE, "name", java.MISSING),
    ],
)
def test_properties_are_those_of_beans(target: Any, name: str, value: Any) -> None:
    assert java.property_of(target, name) == value


def test_the_properties_of_a_value_can_be_listed() -> None:
    assert java.properties("abc") == ["blank", "bytes", "empty"]
    assert "dayOfWeek" in java.properties(LocalDate(0))
    assert java.properties(None) == []
    assert repr(java.MISSING) == "MISSING"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": 1, "b": [2, None]}, "{a=1, b=[2, null]}"),
        ([], "[]"),
        (None, "null"),
        (True, "true"),
        (0.1, "0.1"),
        (1e10, "1.0E10"),
        (STAGE, "StageExecution"),
        (Date(0, "Europe/Berlin"), "Thu Jan 01 01:00:00 CET 1970"),
    ],
)
def test_a_value_has_javas_text(value: Any, written: str) -> None:
    assert java.text(value, Budget()) == written


def test_where_a_text_is_wanted_a_list_becomes_its_elements() -> None:
    assert java.joined(["a", 1, None], Budget()) == "a,1,null"
    assert java.joined([], Budget()) == ""
    assert java.joined([[1, [4, 5]], 3], Budget()) == "1,4,5,3"
    assert java.joined({"a": [1, 2]}, Budget()) == "{a=[1, 2]}"


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (Long(5), 5),
        (Byte(5), 5),
        (to_float(1.5), 1.5),
        (math.nan, "NaN"),
        (Char("a"), "a"),
        (Date(5), 5),
        (Instant(0), "1970-01-01T00:00:00Z"),
        (LocalDate(0), "1970-01-01"),
        (Array("byte", [104, 105]), "aGk="),
        (Array("char", [Char("a"), Char("b")]), "ab"),
        (Array("String", ["a"]), ["a"]),
        ("\ud83d", "?"),
        (STAGE, {"name": "Bake", "refId": "1"}),
        ({"a": [Date(1)]}, {"a": [1]}),
    ],
)
def test_a_result_becomes_json(value: Any, json: Any) -> None:
    result = java.plain(value)
    assert result == json
    assert type(result) in (str, int, float, bool, list, dict)


def test_what_is_json_already_stays_the_same_object() -> None:
    value = {"a": [1, {"b": None}], "c": "text"}
    assert java.plain(value) is value


def test_chance_is_repeatable_and_different_each_time() -> None:
    def draw(seed: str) -> list[str]:
        scope = Scope({}, seed=seed)
        return [java.text(java.static("java.util.UUID", "randomUUID", [], scope), Budget()) for _ in range(3)]

    assert draw("a") == draw("a")
    assert len(set(draw("a") + draw("b"))) == 6
    assert draw("a")[0][14] == "4"
    first, second = (java.static("java.lang.Math", "random", [], Scope({}, seed="a")) for _ in range(2))
    assert first == second
    assert 0 <= first < 1


def test_a_random_goes_on_with_its_own_numbers(scope: Scope) -> None:
    source = java.construct("java.util.Random", [Long(42)], scope)
    assert [java.invoke(source, "nextInt", [10], scope) for _ in range(5)] == [0, 3, 8, 4, 0]


def test_time_is_that_of_the_evaluation() -> None:
    scope = Scope({}, now=1_706_780_415_123, zone="America/New_York")
    assert java.plain(java.construct("java.util.Date", [], scope)) == 1_706_780_415_123
    assert java.text(java.static("java.time.LocalDateTime", "now", [], scope), Budget()) == "2024-02-01T04:40:15.123"
    day = java.construct("java.text.SimpleDateFormat", ["yyyy-MM-dd HH:mm z"], scope)
    assert java.invoke(day, "format", [java.construct("java.util.Date", [], scope)], scope) == "2024-02-01 04:40 EST"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('"a".formt(1)', "there is no method 'formt' on a String; did you mean 'formatted'?"),
        ('"a".getClass()', "the method 'getClass' is not allowed in expressions"),
        ('"a".lines()', "the method 'lines' of a String is not allowed: it gives a stream; split the text instead"),
        ("[1].add(2)", "the method 'add' of a List is not allowed: it would change what it is called on"),
        ('"a".substring("x")', "'substring' of a String was called with a String; expected substring(int)"),
        ('"a".substring()', "was called with no arguments; expected substring(int) or substring(int, int)"),
        (
            'Integer.getInteger("x")',
            "the method 'getInteger' of the type Integer is not allowed: it reads a system property",
        ),
        ("Math.squirt(4)", "there is no method 'squirt' on the type Math; did you mean 'sqrt'?"),
        ("Integer.MAXVALUE", "there is no constant 'MAXVALUE' on the type Integer; did you mean 'MAX_VALUE'?"),
        ("Math.sqrt([])", "'sqrt' of the type Math was called with a List; expected sqrt(double)"),
        ("URLEncoder(1)", "a URLEncoder cannot be made with 'new'"),
        ("Date([])", "'new Date' was called with a List; expected new() or new(int, int, int)"),
        ('"abc".charAt(7)', "index 7, length 3: a text counts from 0"),
        ('"a".matches("a{")', "the regular expression 'a{' cannot be read at character 2"),
        ('String.format("%q", 1)', "the format '%q' has the unknown conversion 'q'"),
        ('SimpleDateFormat("yyyy-bb")', "the pattern 'yyyy-bb' has the letter 'b', which means nothing"),
        ('SimpleDateFormat("yyyy").parse("x")', 'Unparseable date: "x"; expected the pattern yyyy'),
        ('ZoneId.of("Mars/Olympus")', "there is no time zone 'Mars/Olympus'; expected a name such as Europe/Berlin"),
        ('DayOfWeek.valueOf("Monday")', "there are MONDAY, TUESDAY"),
        ('Instant.parse("now")', "expected a moment such as 2024-01-31T10:15:30Z"),
        ("LocalDate.of(10000, 1, 1)", "the year 10000 is outside 1 to 9999"),
        ("LocalDate.of(9999, 12, 31).plusDays(1)", "a date is outside the years 1 to 9999"),
    ],
)
def test_an_error_says_what_was_there_and_what_was_expected(
    call: str, message: str, evaluate: Callable[[str], Any]
) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(call)
    assert message in caught.value.message


def test_null_has_no_methods(scope: Scope) -> None:
    with pytest.raises(ExpressionError, match="cannot call 'trim' on null"):
        java.invoke(None, "trim", [], scope)


def test_a_type_for_instanceof_only_cannot_be_called(scope: Scope) -> None:
    with pytest.raises(ExpressionError, match="can only be used with 'instanceof'"):
        java.static(java.resolve("java.util.List"), "of", [], scope)


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ('"abc".substring("1")', "bc"),
        ('"a1".contains(1)', None),
        ('"1".concat(2)', "12"),
        ("Math.abs('-5')", 5),
        ('[1].containsAll("1")', False),
        ('["a", "b"].containsAll("a,b")', True),
        ('Instant.EPOCH.plus(1, "DAYS").toString()', "1970-01-02T00:00:00Z"),
        ('Instant.EPOCH.atZone("Europe/Berlin").getHour()', 1),
        ('String.format("%s %s", ["a", "b"])', "a b"),
        ('"abc".substring(1.9)', "bc"),
    ],
)
def test_arguments_are_converted_as_spring_converts_them(call: str, value: Any, evaluate: Callable[[str], Any]) -> None:
    if value is None:
        with pytest.raises(ExpressionError):
            evaluate(call)
    else:
        assert evaluate(call) == value
