"""`${…}`: plain look-ups, evaluated once, never on their own results."""

import pytest

from gennaker.core.expressions import evaluate

ROOTS = {
    "parameters": {
        "version": "1.2",
        "count": 3,
        "list": ["a", {"b": "c"}],
        "with-dash": "d",
        "dotted.name": "e",
        "trap": "${trigger.user}",
    },
    "trigger": {"user": "ann", "nothing": None},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${parameters.version}", "1.2"),
        ("${ parameters.count }", 3),
        ("v${parameters.version} by ${trigger.user}", "v1.2 by ann"),
        ("${parameters.list}", ["a", {"b": "c"}]),
        ("${parameters.list[1].b}", "c"),
        ("n=${parameters.count} l=${parameters.list}", 'n=3 l=["a",{"b":"c"}]'),
        ("${parameters['dotted.name']}", "e"),
        ('${parameters["with-dash"]}', "d"),
        ("${parameters.with-dash}", "d"),
        ("no expression", "no expression"),
    ],
)
def test_a_look_up_is_replaced_and_keeps_its_type(text, value):
    assert evaluate(text, ROOTS) == (value, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${parameters.gone}", "parameters.gone not found"),
        ("${parameters.list[7]}", "not found"),
        ("${trigger.nothing}", "not found"),
        ("${parameters.version[0]}", "not found"),
        ("${#toInt('3')}", "is no look-up"),
        ("${T(java.lang.Runtime).getRuntime()}", "is no look-up"),
        ("${execution.id}", "is no look-up"),
    ],
)
def test_what_cannot_be_looked_up_stays_as_it_is_written(text, reason):
    value, failures = evaluate(text, ROOTS)
    assert value == text
    assert reason in failures[0].reason
    assert failures[0].expression == text


def test_what_comes_out_is_never_evaluated_again():
    assert evaluate("${parameters.trap}", ROOTS)[0] == "${trigger.user}"


def test_nested_values_are_evaluated_and_untouched_ones_stay_the_same_object():
    value = {"a": ["${parameters.count}", 1], "b": {"c": "x"}}
    found, _ = evaluate(value, ROOTS)
    assert found == {"a": [3, 1], "b": {"c": "x"}}
    assert found["b"] is value["b"]
    assert evaluate(value["b"], ROOTS)[0] is value["b"]


def test_rule_15_what_was_evaluated_is_recorded_as_a_value(run, stage):
    run.begin(stage("1", message="v${parameters.version}", n=1), trigger={"parameters": {"version": "2"}})
    assert run.stage("1").context["message"] == "v2"


def test_failures_are_listed_in_the_summary(run, stage):
    run.begin(stage("1", message="${parameters.gone}"))
    found = run.stage("1").context
    assert found["message"] == "${parameters.gone}"
    assert found["expressionEvaluationSummary"]["parameters.gone"][0]["level"] == "ERROR"
