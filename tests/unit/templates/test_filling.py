"""What is put into texts when a pipeline is planned, what waits for a run, and that nothing is looked into twice."""

import pytest

from gennaker.core.errors import InvalidTemplate
from gennaker.core.templates import plan

VALUES = {
    "n": 3,
    "ratio": 1.5,
    "yes": True,
    "text": "hello",
    "list": ["a", {"b": 1}],
    "map": {"key": "value", "deep": {"x": [10, 20]}},
    "none": None,
    "code": "${parameters.secret}",
    "again": "${templateVariables.text}",
    "text2": "x",
}


@pytest.fixture
def filled(template, config):
    """Plans one value of a stage."""

    def fill(value, variables=VALUES, **changes):
        declared = [{"name": name, "nullable": True} for name in VALUES]
        stages = [{"refId": "a", "type": "wait", "value": value}]
        planned = plan(config(variables=variables, **changes), template(variables=declared, stages=stages))
        return planned["stages"][0]["value"]

    return fill


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${templateVariables.n}", 3),
        ("${ templateVariables.ratio }", 1.5),
        ("${templateVariables.yes}", True),
        ("${templateVariables.text}", "hello"),
        ("${templateVariables['text']}", "hello"),
        ("${templateVariables.list}", ["a", {"b": 1}]),
        ("${templateVariables.map.key}", "value"),
        ("${templateVariables.map.deep.x[1]}", 20),
        ("${templateVariables.none}", None),
        ("a ${templateVariables.text} b", "a hello b"),
        ("${templateVariables.n}${templateVariables.n}", "33"),
        ("[${templateVariables.none}]", "[]"),
        (["x", {"y": "${templateVariables.n}"}], ["x", {"y": 3}]),
        ({"${templateVariables.text}-1": 1}, {"hello-1": 1}),
        ("${templateVariables.n + 1}", 4),
        ("${templateVariables.yes ? 'on' : parameters.off}", "on"),
        ("${{1, 2, 3}.contains(templateVariables.n)}", True),
        ("<${templateVariables.map['key'] + '}'}>", "<value}>"),
        ("${templateVariables.list.size()} of ${templateVariables.size()}", "2 of 10"),
        ("${templateVariables.none ?: 'nothing'}", "nothing"),
        ("plain templateVariables.n", "plain templateVariables.n"),
        (7, 7),
    ],
)
def test_values_are_put_in_with_their_types(filled, value, expected):
    found = filled(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "${parameters.x}",
        "${trigger.templateVariable}",
        "${#stage('x').outputs}",
        "a ${execution.id} b",
        "${",
        "$ {templateVariables.n}",
        "${parameters.x + templateVariables.n}",
        "${templateVariables.undeclared ?: parameters.x}",
        "${#toJson(templateVariables.map)}",
        "${T(java.time.Instant).now().toString() + templateVariables.text}",
        "${new java.util.Date(templateVariables.n)}",
        "${templateVariables.text + }",
        "${templateVariables.text",
        "${templateVariables.text.nothing(1)}",
    ],
)
def test_whatever_needs_a_run_stays_as_it_is(filled, text):
    assert filled(text) == text


def test_mixed_texts_are_filled_in_part(filled):
    assert filled("${templateVariables.text} ${parameters.x}") == "hello ${parameters.x}"


def test_what_comes_out_of_a_variable_is_not_looked_into_again(filled):
    assert filled("${templateVariables.code}") == "${parameters.secret}"
    assert filled("${templateVariables.again}") == "${templateVariables.text}"
    assert filled("<${templateVariables.again}>") == "<${templateVariables.text}>"


def test_texts_that_only_together_look_like_an_expression_are_not_looked_into(filled):
    halves = {**VALUES, "text": "${templateVariables.", "text2": "n}"}
    assert filled("${templateVariables.text}${templateVariables.text2}", variables=halves) == "${templateVariables.n}"


def test_the_trigger_and_what_came_with_it_are_never_filled(template, config):
    dangerous = "${templateVariables.x}"
    given = config(
        variables={"x": 1}, trigger={"a": dangerous}, receivedArtifacts=[{"name": dangerous}], description=dangerous
    )
    planned = plan(given, template(variables=[{"name": "x"}]))
    assert planned["trigger"] == {"a": dangerous}
    assert planned["receivedArtifacts"] == [{"name": dangerous}]
    assert planned["description"] == 1


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("${templateVariables.nowhere}", "nowhere"),
        ("x ${ templateVariables.nowhere } ${templateVariables.n}", "nowhere"),
        ("${templateVariables['nowhere'].x}", "nowhere"),
        ("${templateVariables.one + templateVariables.two + parameters.x}", "one, two"),
        ("${templateVariables.map.nothing}", "map.nothing"),
    ],
)
def test_variables_that_nobody_declared_are_named(filled, value, names):
    with pytest.raises(InvalidTemplate) as caught:
        filled(value)
    found = ", ".join(sorted(caught.value.problems[0].partition(": ")[2].partition(" (at ")[0].split(", ")))
    assert found == names
    assert "Missing template variable values for the following variables" in caught.value.problems[0]
    assert "stages[0].value" in caught.value.problems[0]


def test_a_value_that_names_an_undeclared_variable_is_refused(filled):
    with pytest.raises(InvalidTemplate, match="nowhere"):
        filled("x", variables={"text": "${templateVariables.nowhere}"})


def test_two_keys_that_become_one_are_refused(filled):
    with pytest.raises(InvalidTemplate, match=r"stages\[0\].value: two keys become 'hello'"):
        filled({"hello": 1, "${templateVariables.text}": 2})


@pytest.mark.parametrize(
    "shape", ["${{templateVariables.v{0}}}${{templateVariables.v{0}}}", ["${{templateVariables.v{0}}}"] * 2]
)
def test_defaults_that_double_each_other_end_in_an_error(template, config, shape):
    def doubled(i):
        return shape.format(i) if isinstance(shape, str) else [each.format(i) for each in shape]

    variables = [{"name": "v0", "defaultValue": "x" * 10}]
    variables += [{"name": f"v{i}", "defaultValue": doubled(i - 1)} for i in range(1, 60)]
    with pytest.raises(
        InvalidTemplate, match=r"add more than|at most 1,000,000 are allowed|needs more than 100,000 steps"
    ):
        plan(config(), template(variables=variables))


def test_expressions_that_loop_too_much_end_in_an_error(filled):
    big = {**VALUES, "list": list(range(1000))}
    with pytest.raises(InvalidTemplate, match=r"stages\[0\]\.value: .*needs more than 100,000 steps"):
        filled("${templateVariables.list.![#root.templateVariables.list.![#this + 1]]}", variables=big)


def test_a_large_value_is_not_put_in_everywhere(template, config):
    variables = [{"name": "x"}]
    stages = [{"refId": str(i), "type": "t", "v": "${templateVariables.x}"} for i in range(100)]
    with pytest.raises(InvalidTemplate, match="add more than"):
        plan(config(variables={"x": "y" * 100_000}), template(variables=variables, stages=stages))


def test_values_that_nest_each_other_end_in_an_error(template, config):
    variables = [{"name": "v0", "defaultValue": []}]
    variables += [{"name": f"v{i}", "defaultValue": [f"${{templateVariables.v{i - 1}}}"]} for i in range(1, 500)]
    with pytest.raises(InvalidTemplate, match="nested deeper than 100 levels"):
        plan(config(), template(variables=variables))
