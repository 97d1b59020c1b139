"""Each pipeline in examples/pipelines runs on a fresh daemon: through the command line, and through plain HTTP on Gate's paths."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "pipelines"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
TEMPLATES = sorted((FOLDER.parent / "templates").glob("*.json"))
ASKS = ("manual-judgment", "restart")

Execution = dict[str, Any]


@pytest.fixture(scope="module", params=["command line", "HTTP"])
def runner(request: pytest.FixtureRequest, daemon: Any) -> Callable[[str], Execution]:
    """Runs a saved pipeline to its end, in one of the two ways, answering what it asks."""

    def by_command(name: str) -> Execution:
        if name not in ASKS:
            done = daemon("pipeline", "run", "example", name, "--wait", "--timeout", "60", "-o", "json")
            assert done.code == 0, done.err
            return dict(done.json)
        id_ = daemon("pipeline", "run", "example", name, "-o", "json").json["id"]
        daemon.asked(id_)
        answered = daemon("execution", "judge", id_, "continue")
        assert answered.code == 0, answered.err
        done = daemon("execution", "watch", id_, "--timeout", "60", "-o", "json")
        assert done.code == 0, done.err
        return dict(done.json)

    def by_http(name: str) -> Execution:
        id_ = daemon.run("example", name)
        if name in ASKS:
            stage = daemon.asked(id_)
            answer = daemon.http.patch(f"/pipelines/{id_}/stages/{stage['id']}", json={"judgmentStatus": "continue"})
            assert answer.status_code == 200, answer.text
        return dict(daemon.ended(id_))

    if request.param == "command line":
        saved = daemon("template", "save", *map(str, TEMPLATES))
        assert saved.code == 0, saved.err
        saved = daemon("pipeline", "save", *map(str, FILES.values()))
        assert saved.code == 0, saved.err
        return by_command
    for path in TEMPLATES:
        answer = daemon.http.post("/v2/pipelineTemplates/create?tag=stable", content=path.read_bytes())
        assert (answer.status_code, answer.json()["status"]) == (200, "SUCCEEDED"), answer.text
    for path in FILES.values():
        answer = daemon.http.post("/pipelines", content=path.read_bytes())
        assert (answer.status_code, answer.content) == (200, b"")
    return by_http


def statuses(execution: Execution) -> dict[str, str]:
    return {stage["refId"]: stage["status"] for stage in execution["stages"]}


def test_there_are_enough_examples_and_each_says_what_it_shows() -> None:
    assert len(FILES) >= 8
    for name, path in FILES.items():
        pipeline = json.loads(path.read_text())
        assert (pipeline["application"], pipeline["name"]) == ("example", name)
        assert len(pipeline["description"]) > 40


def test_every_example_is_valid_without_a_daemon(daemon: Any) -> None:
    checked = daemon("pipeline", "validate", *map(str, FILES.values()), GENNAKER_SERVER="http://127.0.0.1:1")
    assert checked.code == 0, checked.out
    assert checked.out.count(": ok") == len(FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_example_succeeds(runner: Callable[[str], Execution], name: str) -> None:
    execution = runner(name)
    assert execution["status"] == "SUCCEEDED", json.dumps(execution, indent=1)
    wanted = {
        "failure-options": {"1": "FAILED_CONTINUE", "2": "SUCCEEDED", "3": "STOPPED", "4": "NOT_STARTED"},
        "webhook": {"1": "FAILED_CONTINUE", "2": "SUCCEEDED"},
        "preconditions": {
            **dict.fromkeys(("1", "2<1", "2<2", "2", "3"), "SUCCEEDED"),
            **dict.fromkeys(("4<1", "4"), "STOPPED"),
            "5": "NOT_STARTED",
        },
        "branches-by-expression": {"1": "SUCCEEDED", "2": "SUCCEEDED", "3": "SKIPPED", "4": "SUCCEEDED"},
    }.get(name, dict.fromkeys(statuses(execution), "SUCCEEDED"))
    assert statuses(execution) == wanted


def test_a_pipeline_from_a_template_has_its_values_and_the_injected_stage(daemon: Any) -> None:
    assert daemon("template", "save", *map(str, TEMPLATES)).code == 0
    daemon.save(json.loads(FILES["from-template"].read_text()))
    ended = daemon.ended(daemon.run("example", "from-template", parameters={"version": "2.1"}))
    stages = {stage["refId"]: stage for stage in ended["stages"]}
    assert {ref: stage["requisiteStageRefIds"] for ref, stage in stages.items()} == {
        "build": [],
        "test": ["build"],
        "deploy": ["test"],
    }
    assert stages["build"]["context"]["comments"] == "Building shop 2.1"
    assert stages["deploy"]["name"] == "Deploy shop"
    assert (stages["deploy"]["context"]["waitTime"], stages["deploy"]["context"]["labels"]) == (1, {"service": "shop"})


def test_branches_run_at_the_same_time_and_are_joined(daemon: Any) -> None:
    daemon.save(json.loads(FILES["parallel-branches"].read_text()))
    stages = {stage["refId"]: stage for stage in daemon.ended(daemon.run("example", "parallel-branches"))["stages"]}
    branches = [stages[ref] for ref in "234"]
    assert max(stage["startTime"] for stage in branches) < min(stage["endTime"] for stage in branches)
    assert stages["5"]["startTime"] >= max(stage["endTime"] for stage in branches)


def test_parameters_reach_the_stage_in_numbers_texts_and_objects(daemon: Any) -> None:
    daemon.save(json.loads(FILES["parameters"].read_text()))
    options = ("-p", "version=2.1", "-p", "environment=production", "-p", "settle=0", "--wait", "-o", "json")
    context = daemon("pipeline", "run", "example", "parameters", *options).json["stages"][0]["context"]
    assert context["comments"].startswith("Releasing 2.1 to production, as ")
    assert context["labels"] == {"version": "2.1", "started": "manual"}


def test_a_parameter_that_is_no_option_is_refused(daemon: Any) -> None:
    daemon.save(json.loads(FILES["parameters"].read_text()))
    refused = daemon("pipeline", "run", "example", "parameters", "-p", "environment=moon")
    assert refused.code == 4
    assert "staging, production" in refused.err


def test_variables_reach_the_stages_that_follow(daemon: Any) -> None:
    daemon.save(json.loads(FILES["variables"].read_text()))
    stages = daemon.ended(daemon.run("example", "variables", parameters={"version": "v2.7.0"}))["stages"]
    assert stages[0]["outputs"] == {
        "number": "2.7.0",
        "parts": ["2", "7", "0"],
        "minor": 7,
        "next": "2.8.0",
        "labels": {"version": "2.7.0", "even": False},
    }
    assert stages[2]["context"]["comments"] == "Release 2.7.0, then 2.8.0; image: shop:2.7.0\nnext: 2.8.0\n"
    assert stages[2]["context"]["release"] == {"version": "2.7.0", "even": False}


def test_an_expression_decides_which_branch_runs(daemon: Any) -> None:
    daemon.save(json.loads(FILES["branches-by-expression"].read_text()))
    ended = daemon.ended(daemon.run("example", "branches-by-expression", parameters={"environment": "production"}))
    assert statuses(ended) == {"1": "SUCCEEDED", "2": "SKIPPED", "3": "SUCCEEDED", "4": "SUCCEEDED"}
    assert ended["stages"][3]["context"]["comments"] == "after a canary"


def test_a_precondition_that_does_not_hold_says_so_in_its_own_words(daemon: Any) -> None:
    daemon.save(json.loads(FILES["preconditions"].read_text()))
    ended = daemon.ended(daemon.run("example", "preconditions", parameters={"environment": "moon"}))
    assert ended["status"] == "TERMINAL"
    assert "gave False, expected true" in checked(ended, "2<1")
    ended = daemon.ended(daemon.run("example", "preconditions", parameters={"environment": "staging"}))
    own = {ref: status for ref, status in statuses(ended).items() if "<" not in ref}
    assert own == {**dict.fromkeys("123", "SUCCEEDED"), "4": "STOPPED", "5": "NOT_STARTED"}, "only its own branch ends"
    assert checked(ended, "4<1") == "Customers hear of production only"


def checked(execution: Any, ref: str) -> str:
    """What a check that failed says."""
    (found,) = (stage for stage in execution["stages"] if stage["refId"] == ref)
    return str(found["context"]["exception"]["details"]["error"])


def test_a_child_runs_with_its_parameters_and_knows_its_parent(daemon: Any) -> None:
    for name in ("hello", "child-pipeline"):
        daemon.save(json.loads(FILES[name].read_text()))
    parent = daemon.ended(daemon.run("example", "child-pipeline", parameters={"seconds": "0"}))
    children = [daemon.ended(stage["context"]["executionId"]) for stage in parent["stages"]]
    assert [child["trigger"]["parameters"] for child in children] == [{"seconds": "0"}, {"seconds": "2"}]
    assert {child["trigger"]["parentExecution"]["id"] for child in children} == {parent["id"]}


def test_a_judgment_that_says_stop_ends_its_branch_only(daemon: Any) -> None:
    daemon.save(json.loads(FILES["manual-judgment"].read_text()))
    id_ = daemon.run("example", "manual-judgment")
    daemon.asked(id_)
    assert daemon("execution", "judge", id_, "stop").code == 0
    ended = daemon.ended(id_)
    assert ended["status"] == "SUCCEEDED"
    assert statuses(ended) == {"1": "SUCCEEDED", "2": "STOPPED", "3": "NOT_STARTED"}


def test_a_failed_pipeline_is_restarted_where_it_failed(daemon: Any) -> None:
    daemon.save(json.loads(FILES["restart"].read_text()))
    id_ = daemon.run("example", "restart")
    daemon.asked(id_)
    assert daemon("execution", "judge", id_, "stop").code == 0
    failed = daemon.ended(id_)
    assert failed["status"] == "TERMINAL"
    built = failed["stages"][0]["endTime"]
    assert daemon("execution", "restart", id_).code == 0
    daemon.asked(id_)
    assert daemon("execution", "judge", id_, "continue").code == 0
    ended = daemon.ended(id_)
    assert ended["status"] == "SUCCEEDED"
    assert ended["stages"][0]["endTime"] == built, "the build ran again"


def test_only_one_runs_and_the_others_say_what_they_wait_for(daemon: Any) -> None:
    daemon.save(json.loads(FILES["one-at-a-time"].read_text()))
    ids = [daemon.run("example", "one-at-a-time") for _ in range(6)]
    assert "at most 1" in daemon("execution", "why", ids[-1]).out
    for id_ in ids[2:]:
        assert daemon("execution", "cancel", id_).code == 0
    first, second = (daemon.ended(id_) for id_ in ids[:2])
    assert (first["status"], second["status"]) == ("SUCCEEDED", "SUCCEEDED")
    assert second["startTime"] >= first["endTime"]


def test_running_out_of_time_can_count_as_success(daemon: Any) -> None:
    daemon.save(json.loads(FILES["timeouts"].read_text()))
    stage = daemon.ended(daemon.run("example", "timeouts"))["stages"][0]
    assert stage["status"] == "SUCCEEDED"
    assert 2_000 <= stage["endTime"] - stage["startTime"] < 30_000


def test_a_webhook_to_this_machine_says_which_key_allows_it(daemon: Any) -> None:
    daemon.save(json.loads(FILES["webhook"].read_text()))
    execution = daemon.ended(daemon.run("example", "webhook", parameters={"url": f"{daemon.url}/health"}))
    errors = execution["stages"][0]["context"]["exception"]["details"]["errors"]
    assert "outbound.allow" in " ".join(errors)


def test_a_webhook_that_is_allowed_polls_until_the_status_is_there(new_daemon: Callable[..., Any]) -> None:
    daemon = new_daemon("outbound:\n  allow: [127.0.0.0/8]\n").start()
    daemon.save(json.loads(FILES["webhook"].read_text()))
    execution = daemon.ended(daemon.run("example", "webhook", parameters={"url": f"{daemon.url}/health"}))
    assert statuses(execution) == {"1": "SUCCEEDED", "2": "SUCCEEDED"}, json.dumps(execution, indent=1)
    assert httpx.codes(execution["stages"][0]["context"]["webhook"]["statusCodeValue"]) == 200
