"""What is refused, what is tolerated, and what Spinnaker adds to a request."""

import pytest

from gennaker.core.engine.check import check_pipeline, check_task
from gennaker.core.engine.requests import accept_pipeline, accept_task, plan_pipeline
from gennaker.core.errors import InvalidRequest


def _pipeline(*stages, **fields):
    return {"application": "app", "name": "p", "stages": list(stages), **fields}


def _accept(pipeline, trigger=None):
    return accept_pipeline(pipeline, trigger or {}, id_="E", now=7, user="ann", origin="api")


GOOD = {"type": "wait", "refId": "1"}


@pytest.mark.parametrize(
    ("pipeline", "where", "words"),
    [
        ({"stages": []}, "application", "missing"),
        (_pipeline(name=5), "name", "expected text, found a number"),
        ({"application": "a"}, "stages", "expected a list of stages, found nothing"),
        ({"application": "a", "stages": {}}, "stages", "found an object"),
        (_pipeline("x"), "stages[0]", "expected an object, found text"),
        (_pipeline({"refId": "1"}), "stages[0].type", "missing"),
        (_pipeline({**GOOD, "name": []}), "stages[0].name", "found a list"),
        (_pipeline(GOOD, {"type": "wait"}), "stages[1].refId", "missing"),
        (_pipeline(GOOD, GOOD), "stages[1].refId", "used by stages[0]"),
        (_pipeline({**GOOD, "requisiteStageRefIds": "1"}), "stages[0].requisiteStageRefIds", "list of refIds"),
        (_pipeline({**GOOD, "startTimeExpiry": True}), "stages[0].startTimeExpiry", "epoch milliseconds"),
        (_pipeline(GOOD, startTimeExpiry="soon"), "startTimeExpiry", "epoch milliseconds"),
        (_pipeline(GOOD, limitConcurrent="yes"), "limitConcurrent", "expected true or false, found text"),
        (_pipeline(GOOD, maxConcurrentExecutions="many"), "maxConcurrentExecutions", "whole number"),
        (_pipeline(GOOD, parameterConfig={}), "parameterConfig", "expected a list"),
        (_pipeline(GOOD, parameterConfig=[{}]), "parameterConfig[0].name", "missing"),
        (_pipeline(GOOD, triggers=3.5), "triggers", "found a number"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(pipeline, where, words):
    with pytest.raises(InvalidRequest) as error:
        _accept(pipeline)
    assert error.value.where == where
    assert words in error.value.message


def test_every_problem_is_told():
    with pytest.raises(InvalidRequest) as error:
        _accept(_pipeline({"refId": "1"}, {"refId": "1", "type": "x"}))
    assert len(error.value.problems) == 2


def test_a_circle_is_refused_and_drawn():
    one = {"type": "wait", "refId": "a", "requisiteStageRefIds": ["c"]}
    two = {"type": "wait", "refId": "b", "requisiteStageRefIds": ["a"]}
    three = {"type": "wait", "refId": "c", "requisiteStageRefIds": ["b"]}
    problems, _ = check_pipeline(_pipeline(one, two, three))
    assert "'a' → 'c' → 'b' → 'a'" in problems[0].message


def test_a_requisite_that_names_no_stage_is_a_warning():
    problems, warnings = check_pipeline(_pipeline({**GOOD, "requisiteStageRefIds": ["9"]}))
    assert problems == ()
    assert warnings == ("stages[0].requisiteStageRefIds: there is no stage '9'; it is ignored",)


@pytest.mark.parametrize(
    ("task", "where"),
    [({}, "job"), ({"job": []}, "job"), ({"job": ["x"]}, "job[0]"), ({"job": [{}]}, "job[0].type"),
     ({"job": [{"type": "x"}], "trigger": 3}, "trigger"), ({"job": [{"type": "x"}], "startTimeExpiry": "x"}, "startTimeExpiry")],
)  # fmt: skip
def test_a_wrong_task_is_refused_with_its_place(task, where):
    assert check_task(task)[0].where == where
    with pytest.raises(InvalidRequest):
        accept_task(task, id_="E", now=1, user="ann")


def test_parameters_get_their_defaults_and_unknown_ones_are_kept():
    declared = [{"name": "a", "default": "1"}, {"name": "b"}, {"name": "c", "default": "2"}]
    trigger = {"parameters": {"c": None, "z": 9}}
    event = _accept(_pipeline(GOOD, parameterConfig=declared), trigger)
    assert event.trigger["parameters"] == {"a": "1", "b": None, "c": None, "z": 9}


def test_a_required_parameter_must_be_given():
    declared = [{"name": "version", "required": True}]
    with pytest.raises(InvalidRequest, match="Required parameter version is missing"):
        _accept(_pipeline(GOOD, parameterConfig=declared))


def test_a_parameter_with_options_takes_no_other():
    declared = [{"name": "env", "hasOptions": True, "options": [{"value": "test"}, {"value": "prod"}]}]
    with pytest.raises(InvalidRequest, match="'moon' is not one of test, prod"):
        _accept(_pipeline(GOOD, parameterConfig=declared), {"parameters": {"env": "moon"}})
    _accept(_pipeline(GOOD, parameterConfig=declared), {"parameters": {"env": "prod"}})


def test_parameters_must_be_an_object():
    with pytest.raises(InvalidRequest, match=r"trigger\.parameters"):
        _accept(_pipeline(GOOD), {"parameters": [1]})


def test_the_trigger_gets_a_type_and_a_user():
    event = _accept(_pipeline(GOOD), {"other": 1})
    assert event.trigger["type"] == "manual"
    assert event.trigger["user"] == "ann"
    assert event.trigger["other"] == 1
    assert event.authentication == {"user": "ann", "allowedAccounts": []}
    assert _accept(_pipeline(GOOD), {"user": "ci"}).user == "ci"


def test_everything_else_of_a_stage_is_its_context():
    stage = {**GOOD, "name": "w", "waitTime": 3, "requisiteStageRefIds": ["1", "1"], "startTimeExpiry": "99"}
    found = _accept(_pipeline({**stage, "refId": 2}, GOOD)).stages[0]
    assert (found.ref_id, found.requisites, found.start_time_expiry) == ("2", ("1",), 99)
    assert found.context == {"waitTime": 3}


def test_another_provider_is_part_of_the_type():
    found = _accept(_pipeline({"type": "deploy", "refId": "1", "providerType": "gce"})).stages[0]
    assert (found.type, found.name) == ("deploy_gce", "deploy")


def test_limits_and_the_rest_are_taken_over():
    event = _accept(
        _pipeline(GOOD, id="x", limitConcurrent=True, maxConcurrentExecutions="3", notifications=[{"a": 1}])
    )
    assert (event.pipeline_config_id, event.limit_concurrent, event.max_concurrent) == ("x", True, 3)
    assert event.notifications == ({"a": 1},)


def test_an_error_message_in_the_pipeline_fails_it():
    assert _accept(_pipeline(GOOD, errorMessage="bad template")).failure == "bad template"


def test_a_task_is_an_orchestration():
    task = {
        "application": "app",
        "description": "do",
        "job": [{"type": "a"}, {"type": "b", "name": "B"}],
        "origin": "deck",
    }
    event = accept_task(task, id_="E", now=1, user="ann")
    assert (event.kind, event.description, event.origin) == ("ORCHESTRATION", "do", "deck")
    assert [(stage.ref_id, stage.requisites, stage.name) for stage in event.stages] == [
        ("0", (), "a"),
        ("1", ("0",), "B"),
    ]


def test_stage_ids_differ_and_are_the_same_for_the_same_request():
    ids = [stage.id for stage in _accept(_pipeline(GOOD, {**GOOD, "refId": "2"})).stages]
    assert len(set(ids)) == 2
    assert ids == [stage.id for stage in _accept(_pipeline(GOOD, {**GOOD, "refId": "2"})).stages]


EXPECTED = {"id": "e", "matchArtifact": {"type": "a/b", "name": "shop"}, "usePriorArtifact": True}


def test_expected_artifacts_are_resolved_when_a_pipeline_is_accepted():
    prior = [{"type": "a/b", "name": "shop", "customKind": False, "metadata": {}}]
    event = accept_pipeline(
        _pipeline(GOOD, expectedArtifacts=[EXPECTED]), {}, id_="E", now=7, user="ann", origin="api", prior=prior
    )
    assert event.failure is None
    assert event.trigger["artifacts"] == prior
    assert event.trigger["resolvedExpectedArtifacts"][0]["boundArtifact"] == prior[0]


def test_an_expected_artifact_that_is_not_found_is_a_failure_on_startup():
    event = _accept(_pipeline(GOOD, expectedArtifacts=[EXPECTED]), {"artifacts": [{"type": "a/b", "name": "x"}]})
    assert event.failure.startswith("Unmatched expected artifact 'e' (a/b shop) could not be resolved")
    assert event.stages == ()
    assert event.trigger["artifacts"] == [{"type": "a/b", "name": "x"}]


def test_a_trigger_cannot_bring_resolved_artifacts_of_its_own():
    forged = [{"id": "e", "boundArtifact": {"type": "a/b"}}]
    event = _accept(_pipeline(GOOD), {"resolvedExpectedArtifacts": forged, "expectedArtifacts": forged})
    assert (event.trigger["resolvedExpectedArtifacts"], event.trigger["expectedArtifacts"]) == ([], [])


def test_a_plan_says_which_artifacts_bind_and_which_do_not():
    default = {"useDefaultArtifact": True, "defaultArtifact": {"type": "a/b", "name": "shop"}}
    bound = plan_pipeline(_pipeline(GOOD, expectedArtifacts=[{**EXPECTED, **default}]), {}, "ann")
    assert bound["trigger"]["resolvedExpectedArtifacts"][0]["boundArtifact"]["name"] == "shop"
    assert "errors" not in bound
    [error] = plan_pipeline(_pipeline(GOOD, expectedArtifacts=[EXPECTED]), {}, "ann")["errors"]
    assert "could not be resolved" in error
