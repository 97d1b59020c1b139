"""What Prometheus is told."""

import asyncio

import pytest

from gennaker.bus.event import Event
from gennaker.bus.middleware.call import Again, Call, Done
from gennaker.bus.middleware.metrics import counted
from gennaker.core import metrics
from gennaker.core.model import events
from gennaker.core.model.execution import HandOut
from gennaker.core.model.status import Status


def value(name: str) -> float:
    """The value of a line of the text, 0 when it is not there yet."""
    found = [line for line in metrics.text().decode().splitlines() if line.startswith(name + " ")]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


def test_what_happens_is_counted_from_the_events() -> None:
    names = [
        'gennaker_executions_total{what="started"}',
        'gennaker_executions_total{what="SUCCEEDED"}',
        'gennaker_stages_total{what="started"}',
        'gennaker_stages_total{what="TERMINAL"}',
        'gennaker_tasks_total{what="handed_out"}',
        'gennaker_tasks_total{what="goes_on"}',
        'gennaker_tasks_total{what="SKIPPED"}',
    ]
    before = [value(name) for name in names]
    handout = HandOut(kind="task", name="t", attempt=1, sends=1, again=False, at=0, answer_by=1)
    metrics.happened(
        [
            events.ExecutionStarted(),
            events.StageStarted(stage="s", context={}, tasks=()),
            events.TaskHandedOut(stage="s", handout=handout),
            events.TaskAnswered(stage="s"),
            events.TaskFinished(stage="s", task="t", status=Status.SKIPPED),
            events.StageFinished(stage="s", status=Status.TERMINAL),
            events.ExecutionFinished(status=Status.SUCCEEDED),
            events.ExecutionPaused(user="u"),
        ]
    )
    assert [value(name) for name in names] == [count + 1 for count in before]


def test_a_commit_is_measured() -> None:
    before = value("gennaker_batch_changes_sum")
    metrics.committed(3, 0.002)
    assert value("gennaker_batch_changes_sum") == before + 3
    assert value("gennaker_commit_seconds_count") >= 1


def test_the_state_of_the_bus_is_shown() -> None:
    metrics.bus(up=False, outstanding=4)
    assert value("gennaker_bus_up") == 0
    assert value("gennaker_bus_outstanding") == 4


def test_what_becomes_of_messages_to_subscribers_is_shown() -> None:
    names = [f'gennaker_bus_messages_total{{queue="mail",what="{what}"}}' for what in ("handled", "retried")]
    time = 'gennaker_bus_handler_seconds_total{queue="mail"}'
    before, spent = [value(name) for name in names], value(time)
    given = Call(event=Event(id="1", source="here", type="stage.finished"), queue="mail")
    counted(lambda _call: Done())(given)
    counted(lambda _call: Again(1.0, "not now"))(given)
    assert [value(name) for name in names] == [count + 1 for count in before]
    assert value(time) > spent


def call(method: str, *, fails: bool = False, kind: str = "http") -> None:
    """Make a request of a measured application."""

    async def app(_scope: metrics.Scope, _receive: metrics.Receive, send: metrics.Send) -> None:
        if fails:
            raise ValueError("broken")
        await send({"type": "http.response.start", "status": 405})
        await send({"type": "http.response.body", "body": b""})

    async def nothing(*_: object) -> metrics.Scope:
        return {}

    asyncio.run(metrics.measured(app)({"type": kind, "method": method}, nothing, nothing))  # type: ignore[arg-type]


def test_requests_are_counted_by_method_and_status() -> None:
    before = value('gennaker_http_requests_total{method="GET",status="405"}')
    call("GET")
    assert value('gennaker_http_requests_total{method="GET",status="405"}') == before + 1


def test_a_request_that_breaks_counts_as_500() -> None:
    with pytest.raises(ValueError, match="broken"):
        call("PUT", fails=True)
    assert value('gennaker_http_requests_total{method="PUT",status="500"}') >= 1


def test_callers_cannot_make_up_labels() -> None:
    call("BREW")
    assert "BREW" not in metrics.text().decode()
    assert value('gennaker_http_requests_total{method="OTHER",status="405"}') >= 1


def test_what_is_no_request_is_let_through_uncounted() -> None:
    before = value("gennaker_http_request_seconds_count")
    call("GET", kind="lifespan")
    assert value("gennaker_http_request_seconds_count") == before


def test_the_process_itself_is_measured() -> None:
    assert value("process_resident_memory_bytes") > 0
