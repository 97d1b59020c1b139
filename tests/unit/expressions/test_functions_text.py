"""The functions that turn texts into values and back, row by row."""

from typing import Any

import pytest

from gennaker.core.expressions.budget import ELEMENTS, Budget
from gennaker.core.expressions.errors import ExpressionError, LimitReached
from gennaker.core.expressions.functions_text import do_not_eval, to_base64, to_json
from gennaker.core.expressions.properties import read_properties
from gennaker.core.expressions.scope import Scope

VALUES: list[tuple[str, list[Any], Any]] = [
    ("toInt", ["42"], 42),
    ("toInt", ["-7"], -7),
    ("toInt", ["+7"], 7),
    ("toInt", ["007"], 7),
    ("toInt", [5], 5),
    ("toInt", ["2147483647"], 2147483647),
    ("toInt", ["-2147483648"], -2147483648),
    ("toInt", ["١٢"], 12),
    ("toFloat", ["1.5"], 1.5),
    ("toFloat", [" 1.5 "], 1.5),
    ("toFloat", ["1"], 1.0),
    ("toFloat", [".5"], 0.5),
    ("toFloat", ["5."], 5.0),
    ("toFloat", ["-2e3"], -2000.0),
    ("toFloat", ["1.5f"], 1.5),
    ("toFloat", ["1.5D"], 1.5),
    ("toFloat", [3], 3.0),
    ("toFloat", ["-Infinity"], float("-inf")),
    ("toFloat", ["1e40"], float("inf")),
    ("toFloat", ["0.1"], 0.10000000149011612),
    ("toBoolean", ["true"], True),
    ("toBoolean", ["TRUE"], True),
    ("toBoolean", [True], True),
    ("toBoolean", ["yes"], False),
    ("toBoolean", [" true"], False),
    ("toBoolean", ["1"], False),
    ("toBoolean", [None], False),
    ("toBoolean", [""], False),
    ("toBase64", ["hello"], "aGVsbG8="),
    ("toBase64", [""], ""),
    ("toBase64", ["é€"], "w6nigqw="),
    ("toBase64", [12], "MTI="),
    ("toBase64", [1e10], "MS4wRTEw"),
    ("fromBase64", ["aGVsbG8="], "hello"),
    ("fromBase64", ["aGVsbG8"], "hello"),
    ("fromBase64", ["w6nigqw="], "é€"),
    ("fromBase64", [""], ""),
    ("fromBase64", ["/w=="], "\ufffd"),
    ("alphanumerical", ["a-b_c.1"], "abc1"),
    ("alphanumerical", ["é1"], "1"),
    ("alphanumerical", ["../../etc"], "etc"),
    ("fetchReference", ["x"], "x"),
    ("fetchReference", [None], None),
    ("readJson", ['{"a": [1, true, null]}'], {"a": [1, True, None]}),
    ("readJson", ["[1, 2]"], [1, 2]),
    ("readJson", ["[]"], []),
    ("readJson", [' {"a": 1}'], {"a": 1}),
    ("readJson", ['{"a": "${execution.id}"}'], {"a": "${execution.id}"}),
    ("toJson", [{"a": [1, 1.5, True, None, "x"]}], '{"a":[1,1.5,true,null,"x"]}'),
    ("toJson", ["text"], '"text"'),
    ("toJson", [None], "null"),
    ("toJson", [[]], "[]"),
    ("toJson", ["é"], '"é"'),
    ("toJson", ['a"b'], '"a\\"b"'),
    ("toJson", [{1: 2}], '{"1":2}'),
    ("toJson", ["costs $5 {x}"], '"costs $5 {x}"'),
    ("doNotEval", [{"a": "${b}"}], {"a": "${b}"}),
    ("doNotEval", [None], None),
]

ERRORS: list[tuple[str, list[Any], str]] = [
    ("toInt", [""], "#toInt takes a whole number within 32 bits, and was given ''"),
    ("toInt", [" 1"], "was given ' 1'"),
    ("toInt", ["1.0"], "was given '1.0'"),
    ("toInt", [1.5], "was given '1.5'"),
    ("toInt", ["2147483648"], "within 32 bits"),
    ("toInt", ["9" * 100_000], "999…"),
    ("toInt", ["0x10"], "'0x10'"),
    ("toInt", ["1_000"], "'1_000'"),
    ("toInt", [None], "#toInt takes text, and was given null"),
    ("toInt", [[1]], "was given a list"),
    ("toInt", [{}], "was given a map"),
    ("toFloat", ["x"], "#toFloat takes a number, and was given 'x'"),
    ("toFloat", ["1_0"], "'1_0'"),
    ("toFloat", [""], "was given ''"),
    ("toFloat", ["infinity"], "'infinity'"),
    ("toFloat", [None], "was given null"),
    ("toBase64", [None], "#toBase64 takes text, and was given null"),
    ("fromBase64", ["a"], "#fromBase64 was given no base64"),
    ("fromBase64", ["aGVs bG8="], "no base64"),
    ("fromBase64", ["aGVsbG8=\n"], "no base64"),
    ("fromBase64", ["aGVsbG8=="], "no base64"),
    ("fromBase64", ["aGVs*G8="], "no base64"),
    ("fromBase64", ["ａａａａ"], "no base64"),
    ("alphanumerical", [None], "was given null"),
    ("readJson", [""], "#readJson: that is no JSON"),
    ("readJson", ["5"], "#readJson reads a list or a map, and was given '5'"),
    ("readJson", ['"x"'], "reads a list or a map"),
    ("readJson", [" [1]"], "reads a list or a map"),
    ("readJson", ["{'a': 1}"], "that is no JSON"),
    ("readJson", ["[" * 100_000], "that is no JSON"),
    ("readJson", ["[NaN]"], "that is no JSON"),
    ("readJson", [None], "was given null"),
    ("toJson", ["${execution.id}"], "#toJson: the result contains ${"),
    ("toJson", [{"a": ["x ${y}"]}], "#toJson(#doNotEval(…)) lets it pass"),
    ("toJson", [{"${a}": 1}], "contains ${"),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), VALUES)
def test_a_function_of_texts_gives_javas_value(call: Any, function: str, arguments: list[Any], expected: Any) -> None:
    found = call(function, *arguments)
    assert found == expected
    assert isinstance(found, type(expected))


@pytest.mark.parametrize(("function", "arguments", "message"), ERRORS)
def test_a_function_of_texts_says_what_it_was_given(
    call: Any, function: str, arguments: list[Any], message: str
) -> None:
    with pytest.raises(ExpressionError) as raised:
        call(function, *arguments)
    assert message in raised.value.message
    assert len(raised.value.message) < 300


def test_json_of_what_must_not_be_evaluated_may_hold_anything(call: Any) -> None:
    scope = call.scope()
    given = {"template": "${later}"}
    assert to_json(scope, do_not_eval(scope, given)) == '{"template":"${later}"}'
    with pytest.raises(ExpressionError):
        to_json(scope, {"template": "${later}"})


def test_json_of_an_execution_has_its_stages_and_does_not_go_in_circles(call: Any) -> None:
    scope = call.scope()
    text = to_json(scope, scope.root["execution"])
    assert '"name":"Bake image"' in text
    assert text.count('"application":"shop"') == 1


def test_a_value_nested_too_deeply_is_no_json(call: Any) -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    with pytest.raises(ExpressionError, match="nested deeper than 100 levels"):
        to_json(call.scope(), deep)


def test_what_grows_is_bounded_by_the_budget(call: Any) -> None:
    many = ["x" * 1000] * 2000
    with pytest.raises(LimitReached, match="makes a text of"):
        to_json(call.scope(), many)
    with pytest.raises(LimitReached, match=r"steps|makes a text of"):
        to_json(call.scope(), [[1]] * (ELEMENTS + 1))
    scope = Scope({})
    scope.budget = Budget()
    scope.budget.characters = 10
    with pytest.raises(LimitReached):
        to_base64(scope, "x" * 100)


PROPERTIES = [
    ("a=1\nb:2\nc 3", {"a": "1", "b": "2", "c": "3"}),
    ("# note\n! note\n\n  a = 1  ", {"a": "1  "}),
    ("a=1\\\n   2\nb=3", {"a": "12", "b": "3"}),
    ("a\\ b=c\\=d", {"a b": "c=d"}),
    ("key", {"key": ""}),
    ("a=1\r\na=2\r", {"a": "2"}),
    ("a=\\u00e9\\n\\t\\q", {"a": "é\n\tq"}),
    ("a=\\uD83D\\uDE00", {"a": "😀"}),
    ("a=x\\\\", {"a": "x\\"}),
    ("a=x\\", {"a": "x"}),
    ("", {}),
    ("a=#1", {"a": "#1"}),
]


@pytest.mark.parametrize(("text", "expected"), PROPERTIES)
def test_properties_are_read_as_java_reads_them(text: str, expected: dict[str, str]) -> None:
    assert read_properties(text) == expected
