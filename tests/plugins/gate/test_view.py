"""The JSON of executions as Spinnaker's clients know it."""

import json
import time

from msgspec.structs import replace

from gennaker.core.model.execution import Execution, Stage, Task
from gennaker.core.model.stage_type import StageType, TaskType
from gennaker.core.model.status import Status
from gennaker.core.view import execution_json, task_json, to_bytes


def stage(id_: str, **fields: object) -> Stage:
    return Stage(**{"id": id_, "ref_id": id_, "type": "wait", "name": id_, **fields})  # type: ignore[arg-type]


def execution(*stages: Stage, **fields: object) -> Execution:
    values = {"id": "X", "application": "app", "name": "pipe", "build_time": 5, **fields}
    return Execution(stages={s.id: s for s in stages}, **values)  # type: ignore[arg-type]


def test_synthetic_stages_stand_around_their_parents() -> None:
    whole = execution(
        stage("a", children=("a<1", "a>1", "a<2")),
        stage("b"),
        stage("a<1", parent="a", owner="STAGE_BEFORE", children=("a<1<1",)),
        stage("a<1<1", parent="a<1", owner="STAGE_BEFORE"),
        stage("a<2", parent="a", owner="STAGE_BEFORE"),
        stage("a>1", parent="a", owner="STAGE_AFTER"),
    )
    shown = execution_json(whole, now=0)["stages"]
    assert [s["id"] for s in shown] == ["a<1<1", "a<1", "a<2", "a", "a>1", "b"]
    assert shown[1]["parentStageId"] == "a"
    assert shown[1]["syntheticStageOwner"] == "STAGE_BEFORE"


def test_null_fields_are_left_out_but_contexts_keep_theirs() -> None:
    shown = execution_json(execution(stage("a", context={"x": None})), now=0)
    assert "startTime" not in shown
    assert "canceledBy" not in shown
    assert shown["canceled"] is False
    assert shown["stages"][0]["context"] == {"x": None}
    assert "startTime" not in shown["stages"][0]


def test_a_paused_execution_shows_what_runs_as_paused() -> None:
    running = stage("a", status=Status.RUNNING, tasks=(Task(name="wait", status=Status.RUNNING, start_time=3),))
    whole = execution(running, status=Status.PAUSED, paused={"pausedBy": "ann", "pauseTime": 10})
    shown = execution_json(whole, now=25)
    assert shown["status"] == "PAUSED"
    assert shown["stages"][0]["status"] == "PAUSED"
    assert shown["stages"][0]["tasks"][0]["status"] == "PAUSED"
    assert shown["paused"] == {"pausedBy": "ann", "pauseTime": 10, "paused": True, "pausedMs": 15}
    ended = replace(whole, status=Status.CANCELED, end_time=30)
    assert execution_json(ended, now=99)["paused"]["pausedMs"] == 20
    resumed = replace(whole, status=Status.RUNNING, paused={"pauseTime": 10, "resumeTime": 14})
    assert execution_json(resumed, now=99)["paused"] == {
        "pauseTime": 10,
        "resumeTime": 14,
        "paused": False,
        "pausedMs": 4,
    }


def test_tasks_are_numbered_from_one_and_show_their_ends_and_loops() -> None:
    type_ = StageType(
        type="wait", tasks=(TaskType(name="one", loop_start=True), TaskType(name="two", loop_end=True)), skippable=True
    )
    tasks = (Task(name="one", status=Status.TERMINAL, exception={"operation": "one"}), Task(name="two"))
    whole = execution(stage("a", tasks=tasks, context={"skippable": True}, status=Status.RUNNING, round=2))
    shown = execution_json(whole, now=0, types={"wait": type_})["stages"][0]
    first, second = shown["tasks"]
    assert (first["id"], first["stageStart"], first["stageEnd"], first["loopStart"]) == ("1", True, False, True)
    assert (second["id"], second["stageStart"], second["stageEnd"], second["loopEnd"]) == ("2", False, True, True)
    assert first["taskExceptionDetails"] == {"exception": {"operation": "one"}}
    assert shown["canManuallySkip"] is True
    assert shown["round"] == 2
    assert "canManuallySkip" not in execution_json(whole, now=0)["stages"][0]


def test_the_short_form_drops_what_is_large() -> None:
    above = {"id": "P", "stages": [1], "trigger": {"parentExecution": {"id": "Q", "stages": [2]}}}
    whole = execution(
        stage("a", context={"group": "g", "big": "x"}, outputs={"y": 1}, tasks=(Task(name="t"),)),
        trigger={"type": "pipeline", "parentExecution": above},
    )
    shown = execution_json(whole, now=0, expand=False)
    assert shown["stages"][0]["context"] == {"group": "g"}
    assert shown["stages"][0]["outputs"] == {}
    assert list(shown["stages"][0]["tasks"]) == []
    assert shown["trigger"]["parentExecution"]["stages"] == []
    assert shown["trigger"]["parentExecution"]["trigger"]["parentExecution"]["stages"] == []
    assert whole.trigger["parentExecution"]["stages"] == [1]


def test_the_root_is_the_topmost_execution_that_is_known() -> None:
    assert execution_json(execution(), now=0)["rootId"] == "X"
    assert execution_json(execution(parent="P"), now=0)["rootId"] == "P"
    trigger = {"parentExecution": {"id": "P", "rootId": "R"}}
    assert execution_json(execution(parent="P", trigger=trigger), now=0)["rootId"] == "R"


def test_clean_up_shows() -> None:
    shown = execution_json(execution(stage("a", status=Status.CANCELED, cleaning=True)), now=0)
    assert shown["cleaning"] is True
    assert shown["stages"][0]["cleaning"] is True


def test_a_task_view_gathers_variables_and_steps() -> None:
    whole = execution(
        stage("a", context={"k": 1, "only": "a", "kept": [1]}, tasks=(Task(name="one"),)),
        stage("b", context={"k": 2, "kept": []}, tasks=(Task(name="two"),)),
        kind="ORCHESTRATION",
        name=None,
        description="Create Application: app",
    )
    shown = task_json(whole, now=0)
    assert shown["name"] == "Create Application: app"
    assert {v["key"]: v["value"] for v in shown["variables"]} == {"k": 2, "only": "a", "kept": [1]}
    assert [step["name"] for step in shown["steps"]] == ["one", "two"]
    assert shown["execution"]["type"] == "ORCHESTRATION"
    assert "name" not in shown["execution"]


def test_thirty_kilobytes_are_shown_well_under_a_millisecond() -> None:
    stages = [stage(str(n), context={"text": "x" * 1200}, tasks=(Task(name="t"),)) for n in range(20)]
    whole = execution(*stages)
    assert len(json.loads(to_bytes(execution_json(whole, now=0)))["stages"]) == 20
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        execution_json(whole, now=0)
        best = min(best, time.perf_counter() - start)
    assert best < 0.002
