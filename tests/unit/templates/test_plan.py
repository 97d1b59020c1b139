"""The pipeline that a template and a configuration make together, rule by rule."""

import pytest

from gennaker.core.errors import InvalidTemplate
from gennaker.core.templates import plan
from gennaker.core.templates.variables import fits

WAIT = {"refId": "a", "type": "wait"}


def refused(config, template):
    with pytest.raises(InvalidTemplate) as caught:
        plan(config, template)
    assert str(caught.value).startswith("Pipeline template is invalid: ")
    return caught.value.problems


def graph(planned):
    return {stage["refId"]: stage["requisiteStageRefIds"] for stage in planned["stages"]}


def test_the_result_is_a_plain_pipeline_that_says_where_it_comes_from(template, config):
    variables = [{"name": "x", "defaultValue": 1}]
    given = config(id="P1", index=4, description="mine", variables={"x": 2, "other": 3}, exclude=[], trigger={"a": "b"})
    assert plan(given, template(variables=variables, pipeline={"name": "no", "application": "no", "id": "no"})) == {
        "application": "shop",
        "name": "ship",
        "id": "P1",
        "index": 4,
        "description": "mine",
        "trigger": {"a": "b"},
        "stages": [{"refId": "a", "type": "wait", "requisiteStageRefIds": []}],
        "triggers": [],
        "notifications": [],
        "parameterConfig": [],
        "source": {"id": "release", "type": "templatedPipeline", "version": "v2"},
        "templateVariables": {"x": 2},
    }


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("int", [3, 3.0, -1, 0], [3.5, "3", True, None, []]),
        ("float", [3.5, 3], ["3.5", False]),
        ("bool", [True, False], ["true", 1, 0]),
        ("list", [[], [1]], [{}, "a,b"]),
        ("string", ["", "x", "${parameters.x}"], [1, True, ["x"]]),
        ("object", [{}, [], "x", 1, True], []),
        (None, [{}, [], "x", 1, True], []),
        ("INT", [3], ["3"]),
        ("Bool", [True], ["true"]),
    ],
)
def test_a_value_is_of_the_declared_type(type_, good, bad):
    assert [each for each in good if not fits(type_, each)] == []
    assert [each for each in bad if fits(type_, each)] == []


def test_numbers_that_are_none_are_no_ints():
    assert not fits("int", float("inf"))
    assert not fits("int", float("nan"))


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ({"type": "int", "defaultValue": 1}, {}, {"x": 1}),
        ({"type": "int", "defaultValue": 1}, {"x": 2.0}, {"x": 2.0}),
        ({"type": "int", "nullable": True}, {}, {"x": None}),
        ({"type": "int", "nullable": True}, {"x": None}, {"x": None}),
        ({"type": "int", "nullable": True, "defaultValue": 5}, {"x": None}, {"x": None}),
        ({"type": "int", "nullable": True, "defaultValue": 5}, {}, {"x": 5}),
        ({"type": "bool", "defaultValue": True}, {"x": False}, {"x": False}),
        ({"type": "int", "defaultValue": "${parameters.n}"}, {}, {"x": "${parameters.n}"}),
        ({}, {"x": {"a": [1]}, "unknown": 1}, {"x": {"a": [1]}}),
    ],
)
def test_values_are_those_given_over_the_defaults(template, config, declared, given, expected):
    planned = plan(config(variables=given), template(variables=[{"name": "x", **declared}]))
    assert planned["templateVariables"] == expected


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ({"type": "int"}, {}, "variables: Missing variable values for: x"),
        ({"type": "int", "defaultValue": None}, {}, "variables: Missing variable values for: x"),
        ({"type": "int"}, {"x": None}, "variables.x: null is no value for it; expected a whole number"),
        ({"type": "int", "defaultValue": 1}, {"x": None}, "variables.x: null is no value for it"),
        ({"type": "int"}, {"x": "3"}, "variables.x: expected a whole number, found text: '3'"),
        ({"type": "int"}, {"x": "${parameters.n}"}, "variables.x: expected a whole number, found text"),
        ({"type": "bool"}, {"x": "true"}, "variables.x: expected true or false, found text: 'true'"),
        ({"type": "list"}, {"x": {}}, "variables.x: expected a list, found an object: {}"),
        (
            {"type": "list", "defaultValue": "${templateVariables.y}"},
            {},
            "variables.x: expected a list, found a number",
        ),
    ],
)
def test_a_value_that_is_missing_null_or_of_another_type_is_refused(template, config, declared, given, message):
    variables = [{"name": "x", **declared}, {"name": "y", "defaultValue": 7}]
    (problem,) = refused(config(variables=given), template(variables=variables))
    assert problem.startswith(message)


def test_all_missing_variables_are_told_at_once(template, config):
    variables = [{"name": name} for name in "abc"]
    assert refused(config(variables={"b": 1}), template(variables=variables)) == (
        "variables: Missing variable values for: a, c",
    )


def test_defaults_may_be_made_of_other_variables(template, config):
    variables = [
        {"name": "full", "defaultValue": "${templateVariables.name}:${templateVariables.version}"},
        {"name": "name", "defaultValue": "app-${templateVariables.version}"},
        {"name": "version", "type": "int"},
    ]
    planned = plan(config(variables={"version": 3}), template(variables=variables))
    assert planned["templateVariables"] == {"full": "app-3:3", "name": "app-3", "version": 3}
    variables[2] = {"name": "version", "defaultValue": "${templateVariables.full}"}
    found = refused(config(), template(variables=variables))
    assert "variables.full: the default needs itself, by way of name, version" in found


def test_the_same_ref_replaces_whole_and_keeps_its_place(template, config):
    stages = [
        WAIT,
        {"refId": 2, "type": "old", "requisiteStageRefIds": ["a"], "x": 1},
        {**WAIT, "refId": "c", "requisiteStageRefIds": [2]},
    ]
    planned = plan(config(stages=[{"refId": "2", "type": "new"}]), template(stages=stages))
    assert [stage["type"] for stage in planned["stages"]] == ["wait", "new", "wait"]
    assert "x" not in planned["stages"][1]
    assert graph(planned) == {"a": [], "2": ["a"], "c": ["2"]}
    planned = plan(config(stages=[{"refId": "2", "type": "new", "requisiteStageRefIds": []}]), template(stages=stages))
    assert graph(planned) == {"a": [], "2": [], "c": ["2"]}


def test_a_stage_that_requires_others_is_appended(template, config):
    own = [{"refId": "x", "type": "t", "requisiteStageRefIds": ["a"]}]
    assert graph(plan(config(stages=own), template())) == {"a": [], "x": ["a"]}
    (problem,) = refused(config(stages=[{"refId": "x", "type": "t"}]), template())
    assert problem.startswith("stages[0]: it replaces no stage of the template and does not say where it belongs")


def test_stages_of_a_template_without_refs_follow_one_another(template, config):
    planned = plan(
        config(stages=[{"refId": "z", "type": "t", "inject": {"last": True}}]), template(stages=[{"type": "x"}] * 3)
    )
    assert graph(planned) == {"0": [], "1": ["0"], "2": ["1"], "z": ["2"]}


#: a and b at the beginning, c joins them, d follows c.
DIAMOND = [
    {"refId": "a", "type": "t"},
    {"refId": "b", "type": "t"},
    {"refId": "c", "type": "t", "requisiteStageRefIds": ["a", "b"]},
    {"refId": "d", "type": "t", "requisiteStageRefIds": ["c"]},
]


@pytest.mark.parametrize(
    ("inject", "expected"),
    [
        ({"first": True}, {"x": [], "a": ["x"], "b": ["x"], "c": ["a", "b"], "d": ["c"]}),
        ({"last": True}, {"a": [], "b": [], "c": ["a", "b"], "d": ["c"], "x": ["d"]}),
        ({"before": ["c"]}, {"a": [], "b": [], "x": ["a", "b"], "c": ["x"], "d": ["c"]}),
        ({"before": ["a", "b"]}, {"x": [], "a": ["x"], "b": ["x"], "c": ["a", "b"], "d": ["c"]}),
        ({"after": ["a"]}, {"a": [], "x": ["a"], "b": [], "c": ["b", "x"], "d": ["c"]}),
        ({"after": ["a", "b"]}, {"a": [], "b": [], "x": ["a", "b"], "c": ["x"], "d": ["c"]}),
        ({"after": ["d"]}, {"a": [], "b": [], "c": ["a", "b"], "d": ["c"], "x": ["d"]}),
    ],
)
def test_injections_rewire_the_graph(template, config, inject, expected):
    stage = {"refId": "x", "type": "t", "requisiteStageRefIds": ["d"], "inject": inject}
    for planned in (
        plan(config(stages=[stage]), template(stages=DIAMOND)),
        plan(config(), template(stages=[stage, *DIAMOND])),
    ):
        assert graph(planned) == expected
        assert list(graph(planned)) == list(expected)
        assert not any("inject" in each for each in planned["stages"])


def test_the_templates_injections_come_before_those_of_the_configuration(template, config):
    ours = {"refId": "t", "type": "t", "inject": {"first": True}}
    theirs = {"refId": "c", "type": "t", "inject": {"first": True}}
    assert graph(plan(config(stages=[theirs]), template(stages=[WAIT, ours]))) == {"c": [], "t": ["c"], "a": ["t"]}
    behind = {"refId": "c", "type": "t", "inject": {"after": ["t"]}}
    assert graph(plan(config(stages=[behind]), template(stages=[WAIT, ours]))) == {"t": [], "c": ["t"], "a": ["c"]}


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([{"inject": {"before": ["a", "c"]}}], "in a circle"),
        ([{"inject": {"after": ["d"]}}, {"requisiteStageRefIds": ["x0"], "refId": "a"}], "in a circle"),
        ([{"inject": {"before": ["nowhere"]}}], "stages[0].inject.before: there is no stage 'nowhere' to be injected"),
        ([{"inject": {"after": ["x0"]}}], "stages[0].inject.after: there is no stage 'x0' to be injected after"),
    ],
)
def test_an_injection_that_cannot_be_is_refused(template, config, stages, message):
    own = [{"refId": f"x{i}", "type": "t", **stage} for i, stage in enumerate(stages)]
    (problem,) = refused(config(stages=own), template(stages=DIAMOND))
    assert message in problem


def test_a_protected_template_takes_no_stages(template, config):
    assert plan(config(stages=[]), template(protect=True))["stages"]
    own = [{"refId": "x", "type": "t", "inject": {"last": True}}]
    (problem,) = refused(config(stages=own), template(protect=True))
    assert problem == "stages: the template release is protected: it takes no stages of its users"


@pytest.mark.parametrize("section", ["triggers", "notifications", "parameterConfig"])
def test_sections_are_inherited_then_own_and_each_item_once(template, config, section):
    theirs, ours = [{"name": "a"}, {"name": "b"}], [{"name": "c"}, {"name": "a"}, {"name": "b", "inherited": True}]
    made = template(pipeline={section: theirs})
    expected = [{"name": "a", "inherited": True}, {"name": "b", "inherited": True}, {"name": "c"}]
    assert plan(config(**{section: ours}), made)[section] == expected
    assert plan(config(), made)[section] == expected[:2]
    excluded = "parameters" if section == "parameterConfig" else section
    assert plan(config(**{section: ours}, exclude=[excluded]), made)[section] == ours


def test_parameters_may_be_called_so(template, config):
    planned = plan(config(parameters=[{"name": "x"}]), template())
    assert planned["parameterConfig"] == [{"name": "x"}]
    assert "parameters" not in planned


def test_scalars_are_the_templates_unless_the_configuration_says_them(template, config):
    base = {
        "limitConcurrent": True,
        "keepWaitingPipelines": True,
        "maxConcurrentExecutions": 3,
        "expectedArtifacts": [{"id": "1"}],
        "more": 1,
    }
    own = {"limitConcurrent": False, "keepWaitingPipelines": None, "expectedArtifacts": [], "spelEvaluator": "v4"}
    planned = plan(config(**own), template(pipeline=base))
    assert {key: planned[key] for key in {**base, **own}} == {
        "limitConcurrent": False,
        "keepWaitingPipelines": True,
        "maxConcurrentExecutions": 3,
        "expectedArtifacts": [],
        "more": 1,
        "spelEvaluator": "v4",
    }
    assert "expectedArtifacts" not in plan(config(exclude=["expectedArtifacts"]), template(pipeline=base))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"application": ""}, "application: the name of the application is missing"),
        ({"schema": "v1"}, "schema: templates of schema 'v1' are not known; expected 'v2'"),
        ({"schema": ...}, "schema: templates of schema '1' are not known"),
        ({"template": ...}, "template.reference: expected spinnaker://ID, found nothing"),
        ({"template": {"reference": "spinnaker://a:b"}}, "template.reference: there is no tag 'b'"),
        ({"variables": []}, "variables: expected an object, found a list"),
        ({"exclude": "triggers"}, "exclude: expected a list, found text"),
        ({"exclude": ["stages"]}, "exclude[0]: there is no section 'stages'; expected some of triggers"),
        ({"stages": {}}, "stages: expected a list of objects, found an object"),
        ({"stages": [{"type": "wait"}]}, "stages[0].refId: the refId is missing"),
        ({"stages": [WAIT, WAIT]}, "stages[1].refId: 'a' is used by stages[0] already"),
        ({"notifications": [1]}, "notifications[0]: expected an object"),
        ({"maxConcurrentExecutions": "many"}, "planned pipeline, maxConcurrentExecutions: expected a whole number"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_place(template, config, changes, message):
    (problem,) = refused(config(**changes), template())
    assert message in problem


def test_a_wrong_template_is_told_as_the_templates(template, config):
    assert refused(config(), template(variables=[{"name": "a b"}]))[0].startswith("template, variables[0].name: ")
