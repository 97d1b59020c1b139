"""`${…}` in stages: evaluated once, recorded as values, failures told. The language has tests of its own in `tests/unit/expressions`."""


def test_rule_15_what_was_evaluated_is_recorded_as_a_value(run, stage):
    run.begin(stage("1", message="v${parameters.version}", n=1), trigger={"parameters": {"version": "2"}})
    assert run.stage("1").context["message"] == "v2"


def test_failures_are_listed_in_the_summary(run, stage):
    run.begin(stage("1", message="${parameters.gone}"))
    found = run.stage("1").context
    assert found["message"] == "${parameters.gone}"
    assert found["expressionEvaluationSummary"]["parameters.gone"][0]["level"] == "INFO"
