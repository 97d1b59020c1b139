"""The same execution asked for again and again."""

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gennaker.core.errors import NotFound
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageType
from gennaker.core.model.status import Status
from gennaker.core.services import Services
from gennaker.plugins.gate.access import Gate
from gennaker.plugins.gate.rendered import Rendered


class One:
    """`services.Executions` with one execution, which counts how often it is read whole."""

    def __init__(self) -> None:
        self.execution: Execution | None = Execution(id="E1", name="first", sequence=1, status=Status.RUNNING)
        self.reads = 0

    def sequence(self, execution: str) -> int:
        return self._found(execution).sequence

    def get(self, execution: str) -> Execution:
        self.reads += 1
        return self._found(execution)

    def happened(self, **fields: Any) -> None:
        assert self.execution is not None
        self.execution = replace(self.execution, sequence=self.execution.sequence + 1, **fields)

    def _found(self, execution: str) -> Execution:
        if self.execution is None or self.execution.id != execution:
            raise NotFound(f"no execution {execution}")
        return self.execution


@pytest.fixture
def one() -> One:
    return One()


def shown(client: httpx.Client) -> Any:
    answer = client.get("/pipelines/E1")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_an_execution_to_which_nothing_happens_is_read_once(serve: Any, one: One) -> None:
    with serve(Services(executions=one)) as client:
        assert [shown(client)["name"] for _ in range(3)] == ["first"] * 3
        assert one.reads == 1
        one.happened(name="second")
        assert [shown(client)["name"] for _ in range(2)] == ["second"] * 2
        assert one.reads == 2


def test_what_was_removed_is_not_shown_from_memory(serve: Any, one: One) -> None:
    with serve(Services(executions=one)) as client:
        shown(client)
        one.execution = None
        assert client.get("/pipelines/E1").json()["message"] == "Pipeline not found (id: E1)"


def test_a_task_is_no_pipeline_however_often_it_is_asked_for(serve: Any, one: One) -> None:
    one.happened(kind="ORCHESTRATION")
    with serve(Services(executions=one)) as client:
        for _ in range(2):
            assert client.get("/tasks/E1").status_code == 200
            assert client.get("/pipelines/E1").status_code == 404


def test_how_long_it_has_been_paused_goes_on(serve: Any, one: One) -> None:
    time = iter(range(20, 99))
    one.happened(status=Status.PAUSED, paused={"pausedBy": "ann", "pauseTime": 10})
    with serve(Services(executions=one, clock=lambda: next(time))) as client:
        assert [shown(client)["paused"]["pausedMs"] for _ in range(2)] == [10, 11]


def test_stage_types_that_are_new_show_at_once_and_the_same_ones_change_nothing(one: One) -> None:
    known = {"wait": StageType(type="wait", plugin="flow")}
    here = Gate(Services(executions=one, stage_types=lambda: dict(known)), None)  # type: ignore[arg-type]
    first = here.types()
    here._types_until = 0.0
    assert here.types() is first
    known["other"] = StageType(type="other", plugin="flow")
    here._types_until = 0.0
    assert here.types() is not first
    kept = Rendered()
    kept.put("E1", 1, first, b"old")
    assert kept.get("E1", 1, first) == b"old"
    assert kept.get("E1", 1, here.types()) is None


def test_no_more_than_so_many_bytes_are_kept() -> None:
    kept, types = Rendered(most=80), {}
    for number in range(8):
        kept.put(f"E{number}", 1, types, b"x" * 10)
    assert kept.get("E0", 1, types)
    kept.put("E8", 1, types, b"x" * 10)
    assert [f"E{n}" for n in range(9) if kept.get(f"E{n}", 1, types) is None] == ["E1"]
    kept.put("E0", 2, types, b"x" * 11)
    assert (kept.get("E0", 1, types), kept.get("E0", 2, types)) == (None, None)
    kept.put("E9", 1, types, b"x" * 10)
    assert kept.get("E2", 1, types), "what is too large for it left room"
