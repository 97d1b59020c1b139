"""What a pipeline starts with comes from its trigger, its last execution, or its parent."""

from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]


def expected(id_: str, name: str, **fields: Any) -> Json:
    return {"id": id_, "matchArtifact": {"type": "a/b", "name": name}, **fields}


def artifact(name: str, version: str = "1") -> Json:
    return {"type": "a/b", "name": name, "version": version}


def bound(execution: Any) -> dict[str, str]:
    """Id of an expected artifact to the name and version of what it was bound to."""
    listed = execution.trigger["resolvedExpectedArtifacts"]
    return {one["id"]: f"{one['boundArtifact']['name']} {one['boundArtifact']['version']}" for one in listed}


def test_the_last_execution_that_started_is_looked_into(runtime, until, chain):
    control = runtime.services.control
    wanted = chain("noop", id="p", expectedArtifacts=[expected("e", "shop", usePriorArtifact=True)])
    missing = until(runtime, control.start(wanted, {}, user="ann"), status="TERMINAL")
    assert missing.cancellation_reason.startswith("Failed on startup: Unmatched expected artifact")
    for version in ("1", "2"):
        id_ = control.start(wanted, {"artifacts": [artifact("shop", version)]}, user="ann")
        assert bound(until(runtime, id_, status="SUCCEEDED")) == {"e": f"shop {version}"}
    twice = [artifact("shop", "3"), artifact("shop", "4")]
    until(runtime, control.start(wanted, {"artifacts": twice}, user="ann"), status="TERMINAL")
    found = until(runtime, control.start(wanted, {}, user="ann"), status="SUCCEEDED")
    assert bound(found) == {"e": "shop 2"}, "executions that failed on startup count for nothing"


def test_another_pipelines_execution_is_not_looked_into(runtime, until, chain):
    control = runtime.services.control
    until(runtime, control.start(chain("noop", id="other"), {"artifacts": [artifact("shop")]}, user="ann"))
    wanted = chain("noop", id="p", expectedArtifacts=[expected("e", "shop", usePriorArtifact=True)])
    assert until(runtime, control.start(wanted, {}, user="ann")).status == "TERMINAL"
    unnamed = {key: value for key, value in wanted.items() if key != "id"}
    assert until(runtime, control.start(unnamed, {}, user="ann")).status == "TERMINAL"


def test_a_plan_resolves_without_starting(runtime, until, chain):
    control = runtime.services.control
    wanted = chain("noop", id="p", expectedArtifacts=[expected("e", "shop", usePriorArtifact=True)])
    until(runtime, control.start({**wanted, "expectedArtifacts": []}, {"artifacts": [artifact("shop")]}, user="ann"))
    [planned] = control.plan(wanted, {}, user="ann")["trigger"]["resolvedExpectedArtifacts"]
    assert planned["boundArtifact"]["name"] == "shop"


MAKER = """
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage, task

class Make(Stage, type="make"):
    @task
    def make(self, run):
        return run.succeeded(outputs={"artifacts": run.context["made"]})

@hookimpl
def gennaker_stages():
    return [Make]
"""


@pytest.fixture
def family(home: Path, runtimes: Any, until: Any, chain: Any) -> Any:
    """Runs a parent with a child that expects artifacts; both, at their end."""
    (home / "plugins.d" / "maker.py").write_text(MAKER)
    runtime = runtimes()

    def run(wanted: list[Json], triggers: list[Json], received: list[Json]) -> tuple[Any, Any]:
        child = chain("noop", name="child", expectedArtifacts=wanted, triggers=triggers)
        saved = runtime.services.definitions.save_pipeline(child, user="ann")
        parent = chain("make", "make", "pipeline", id="parent", name="parent")
        for stage, version in zip(parent["stages"][:2], ("far", "near"), strict=True):
            stage["made"] = [artifact("shop", version), artifact(version)]
        parent["stages"][2] |= {"application": "app", "pipeline": saved["id"], "artifacts": [artifact("own")]}
        ended = until(runtime, runtime.services.control.start(parent, {"artifacts": received}, user="ann"))
        started = ended.top_level()[2].context["executionId"]
        return ended, runtime.services.executions.get(started)

    return run


def test_a_child_receives_what_its_parents_stage_sees(family: Any) -> None:
    wanted = [expected("e", "ne.r"), expected("none", "nothing")]
    parent, child = family(wanted, [], [artifact("given")])
    assert (parent.status, child.status) == ("SUCCEEDED", "SUCCEEDED")
    assert [f"{one['name']} {one['version']}" for one in child.trigger["artifacts"]] == [
        *("own 1", "shop near", "near 1", "shop far", "far 1", "given 1"),
    ]
    assert bound(child) == {"e": "near 1"}, "what nothing matches and nobody asks for is left alone"


def test_a_childs_trigger_for_the_parent_says_what_it_cannot_do_without(family: Any) -> None:
    triggers = [
        {"type": "pipeline", "pipeline": "parent", "expectedArtifactIds": ["none"]},
        {"type": "pipeline", "pipeline": "other", "expectedArtifactIds": ["unasked"]},
    ]
    wanted = [expected("none", "nothing"), expected("unasked", "nothing")]
    parent, child = family(wanted, triggers, [])
    assert (parent.status, child.status) == ("TERMINAL", "TERMINAL")
    assert "Unmatched expected artifact 'none'" in child.cancellation_reason


def test_two_that_match_are_in_doubt_for_a_child_too(family: Any) -> None:
    parent, child = family([expected("e", "shop")], [], [])
    assert parent.status == "TERMINAL"
    assert "matches multiple artifacts: a/b shop near, a/b shop far" in child.cancellation_reason
