"""Values with expressions in them: what is replaced, what stays, what is told, what is asked for."""

import json
from typing import Any

import pytest

from gennaker.core.expressions import check, check_condition, condition, evaluate, summary
from gennaker.core.expressions.cache import TextCache
from gennaker.core.expressions.errors import FAULT, ExpressionError
from gennaker.core.expressions.scope import Bean, Function, Scope


def later(scope: Scope, what: str) -> Any:
    return scope.outside("later", what)


def broken(_scope: Scope) -> None:
    raise KeyError("a bug")


FUNCTIONS = {
    "later": Function(name="later", signature="#later(what)", description="", call=later, least=1),
    "far": Function(name="far", signature="#far(what)", description="", least=1),
    "broken": Function(name="broken", signature="#broken()", description="", call=broken, most=0),
}
ROOT = {"parameters": {"version": "1.2", "count": 3, "list": ["a", {"b": "c"}]}, "trigger": {"user": "ann"}}


def scope(**more: Any) -> Scope:
    return Scope(ROOT, functions=FUNCTIONS, **more)


def test_nested_values_are_evaluated_and_untouched_ones_stay_the_same_object() -> None:
    value = {"a": ["${parameters.count}", 1], "b": {"c": "x"}}
    done = evaluate(value, scope())
    assert done.value == {"a": [3, 1], "b": {"c": "x"}}
    assert done.value["b"] is value["b"]
    assert evaluate(value["b"], scope()).value is value["b"]
    assert (done.failures, done.wanted, done.unresolved) == ((), (), ())


def test_what_is_found_is_not_copied() -> None:
    assert evaluate("${parameters.list}", scope()).value is ROOT["parameters"]["list"]


def test_nothing_is_changed_where_nothing_has_a_value() -> None:
    value = {"a": ["${gone}", "${gone.x}"], "b": "x ${gone.x}"}
    done = evaluate(value, scope())
    assert done.value is value
    assert done.unresolved == ("${gone}", "${gone.x}", "x ${gone.x}")


def test_keys_of_maps_are_evaluated_too() -> None:
    done = evaluate({"${parameters.count}": 1, "v${parameters.version}": "${parameters.count}", "${gone}": 2}, scope())
    assert done.value == {"3": 1, "v1.2": 3, "${gone}": 2}
    assert [failure.keys for failure in done.failures] == ["${gone}"]


def test_some_keys_are_left_alone() -> None:
    value = {
        "a": "${parameters.count}",
        "manifests": ["${parameters.count}"],
        "b": {"manifests": "${parameters.count}"},
    }
    done = evaluate(value, scope(), skip=("manifests",))
    assert done.value == {"a": 3, "manifests": ["${parameters.count}"], "b": {"manifests": 3}}
    assert done.value["manifests"] is value["manifests"]


def test_a_failure_tells_expression_place_column_and_kind() -> None:
    done = evaluate({"stages": [{"name": "a ${ parameters.version.x }"}]}, scope())
    (failure,) = done.failures
    assert failure.expression == "parameters.version.x"
    assert failure.text == "a ${ parameters.version.x }"
    assert failure.keys == "stages[0].name"
    assert failure.column == 20
    assert failure.reason == "column 20: there is no property 'x' on a String at 'parameters.version'"
    assert (failure.level, failure.kind) == ("ERROR", "SpelEvaluationException")


def test_a_null_is_told_as_information() -> None:
    (failure,) = evaluate("${parameters.gone}", scope()).failures
    assert (failure.level, failure.kind, failure.reason) == ("INFO", "", "parameters.gone not found")


def test_every_part_that_fails_is_told() -> None:
    done = evaluate("${gone.a} ${1} ${gone.b}", scope())
    assert done.value == "${gone.a} ${1} ${gone.b}"
    assert [failure.expression for failure in done.failures] == ["gone.a", "gone.b"]


def test_a_part_that_is_null_is_put_back_and_the_others_stand() -> None:
    done = evaluate("${parameters.count} ${ gone } ${parameters.version}", scope())
    assert done.value == "3 ${gone} 1.2"
    assert done.unresolved == ("3 ${gone} 1.2",)
    assert [failure.level for failure in done.failures] == ["INFO"]


def test_a_value_that_is_not_there_yet_is_asked_for_and_the_text_stays() -> None:
    value = {"a": "${#later('x')}", "b": "v${#later('y')}-${#far({1, 'z'})}", "c": "${#later('x')}"}
    done = evaluate(value, scope())
    assert done.value is value
    assert done.failures == ()
    assert [(each.function, each.arguments) for each in done.wanted] == [
        ("later", ("x",)),
        ("later", ("y",)),
        ("far", ([1, "z"],)),
    ]
    assert done.unresolved == ("${#later('x')}", "v${#later('y')}-${#far({1, 'z'})}")
    known = {
        done.wanted[0].key: {"value": 1},
        done.wanted[1].key: {"value": "${trap}"},
        done.wanted[2].key: {"error": "no"},
    }
    again = evaluate(value, scope(values=known))
    assert again.value == {"a": 1, "b": value["b"], "c": 1}
    assert again.failures[0].reason == "column 1: no"
    assert evaluate("v${#later('y')}", scope(values=known)).value == "v${trap}"


def test_a_fault_of_ours_is_a_failure_that_says_so() -> None:
    (failure,) = evaluate("${#broken()}", scope()).failures
    assert failure.kind == FAULT
    assert "KeyError" in failure.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${gone}", "column 1: there is no 'gone' here; it has: parameters, trigger"),
        (
            "${paramters.x}",
            "column 1: there is no 'paramters' here; did you mean 'parameters'? it has: parameters, trigger",
        ),
        (
            "${trigger.usr}",
            "column 9: there is no property 'usr' on the map at 'trigger'; did you mean 'user'? it has: user",
        ),
        ("${trigger?.gone}", "column 10: there is no property 'gone' on the map at 'trigger'; it has: user"),
    ],
)
def test_names_that_are_not_there_are_errors_when_strict(text: str, reason: str) -> None:
    assert evaluate(text, scope(strict=True)).failures[0].reason == reason
    assert evaluate(text.replace(".x", ""), scope()).failures[0].level == "INFO"


def test_keys_in_brackets_may_be_missing_even_when_strict() -> None:
    assert evaluate("${trigger['gone'] ?: 'x'}", scope(strict=True)).value == "x"


def test_beans_have_their_properties_and_nothing_else() -> None:
    bean = Bean("StageExecution", {"id": lambda: "1", "refId": lambda: "7", "context": lambda: {"a": 1}})
    world = Scope({"stage": bean, "stages": [bean]})
    assert evaluate("${stage.refId + stage.context.a}", world).value == "71"
    assert evaluate("${stage['id']}", world).value == "1"
    assert evaluate("${stage.getContext().a}", world).value == 1
    assert evaluate("${stages.?[refId == '7'].size()}", world).value == 1
    assert evaluate("${stage}", world).value == {"id": "1", "refId": "7", "context": {"a": 1}}
    assert evaluate("${stages}", world).value == [{"id": "1", "refId": "7", "context": {"a": 1}}]
    assert evaluate("${stage == stages[0]}", world).value is True
    for text in ("${stage.type}", "${stage._makers}", "${stage.names()}", "${stage.get('id')}", "${stage.getClass()}"):
        assert evaluate(text, world).failures[0].level == "ERROR", text
    reason = evaluate("${stage.refID}", world).failures[0].reason
    assert reason == (
        "column 7: there is no property 'refID' on a StageExecution at 'stage'; did you mean 'refId'? it has: id, refId, context"
    )


def test_results_are_json() -> None:
    for text in (
        "${new java.util.Date(5)}",
        "${{1L, 1.5f, 'a'.bytes}}",
        "${0.0 / 0}",
        "${T(java.time.DayOfWeek).MONDAY}",
    ):
        json.dumps(evaluate(text, scope()).value, allow_nan=False)
    assert evaluate("${new java.util.Date(5)}", scope()).value == 5
    assert evaluate("${{1: {2: 3}}}", scope()).value == {"1": {"2": 3}}
    assert type(evaluate("${1L}", scope()).value) is int


def test_the_summary_has_one_entry_for_each_reason_with_all_places() -> None:
    value = {"a": "${gone}", "b": ["${gone}"], "c": "${gone.x}", "d": "${1 +}"}
    assert summary(evaluate(value, scope()).failures, 7) == {
        "gone": [{"level": "INFO", "description": "Failed to evaluate [a, b[0]] gone not found", "timestamp": 7}],
        "gone.x": [
            {
                "level": "ERROR",
                "description": "Failed to evaluate [c] column 6: 'gone' is null, so it has no property 'x'; to get null then, write ?.x",
                "timestamp": 7,
                "exceptionType": "SpelEvaluationException",
            }
        ],
        "1 +": [
            {
                "level": "ERROR",
                "description": "Failed to evaluate [d] column 4: the expression ends where a value is expected",
                "timestamp": 7,
                "exceptionType": "SpelParseException",
            }
        ],
    }


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("no expression", []),
        ("${parameters.x} and ${#anything(1)}", []),
        ("ab ${ 1 + }", [(10, "the expression ends where a value is expected")]),
        ("${1 2} ${T(Gone).x}", [(5, "'2' stands where"), (10, "the type Gone is not allowed")]),
        ("${1", [(4, "the expression has no '}' at its end")]),
        ("${a[}", [(5, "'}' closes the '[' of column 2")]),
        ("x ${}", [(5, "the expression is empty")]),
    ],
)
def test_a_text_can_be_checked_before_it_is_evaluated(text: str, problems: list[tuple[int, str]]) -> None:
    found = check(text)
    assert [one.column for one in found] == [column for column, _ in problems]
    assert all(one.message.startswith(message) for one, (_, message) in zip(found, problems, strict=True)), found


def test_a_condition_can_be_checked_too() -> None:
    assert check_condition("${parameters.x} == 'a'") == []
    assert [(one.column, one.message) for one in check_condition(" 'a' == ${1 +}")] == [
        (14, "the expression ends where a value is expected")
    ]


def test_a_condition_asks_for_what_it_needs() -> None:
    done = condition("${#later('x')} == 1", scope())
    assert [each.function for each in done.wanted] == ["later"]
    assert not done.failures
    assert condition("${#later('x')} == 1", scope(values={done.wanted[0].key: {"value": "1"}})).value is True


def test_the_cache_keeps_what_is_used_and_never_grows_beyond_its_weight() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text.upper()

    cache = TextCache(make, lambda _: 9, most=100)
    for number in range(1_000):
        assert cache.get("kept") == "KEPT"
        assert cache.get(f"x{number}") == f"X{number}"
    assert made.count("kept") == 1
    assert len(made) == 1_001
    assert len(cache._young) + len(cache._old) <= 22


def test_errors_are_kept_too_and_tell_their_column_each_time() -> None:
    for _ in range(2):
        (failure,) = evaluate("a ${1 +}", scope()).failures
        assert failure.column == 4
    error = ExpressionError("x", column=3)
    assert (str(error), error.kind) == ("x", "SpelEvaluationException")
