"""What Prometheus is told."""

from gennaker.core import metrics


def value(name: str) -> float:
    """The value of a line of the text, 0 when it is not there yet."""
    found = [line for line in metrics.text().decode().splitlines() if line.startswith(name + " ")]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


def test_what_happens_is_counted() -> None:
    before = value('gennaker_executions_finished_total{status="SUCCEEDED"}')
    started = value("gennaker_executions_started_total")
    metrics.execution_started()
    metrics.execution_finished("SUCCEEDED")
    metrics.stage_changed("RUNNING")
    metrics.committed(3, 0.002)
    assert value('gennaker_executions_finished_total{status="SUCCEEDED"}') == before + 1
    assert value("gennaker_executions_started_total") == started + 1
    assert value('gennaker_stage_transitions_total{status="RUNNING"}') >= 1
    assert value("gennaker_batch_changes_count") >= 1
    assert value("gennaker_commit_seconds_count") >= 1


def test_what_is_now_is_shown() -> None:
    metrics.handouts(7)
    metrics.bus(up=False, outstanding=4)
    assert value("gennaker_handouts_outstanding") == 7
    assert value("gennaker_bus_up") == 0
    assert value("gennaker_bus_outstanding") == 4


def test_callers_cannot_make_up_labels() -> None:
    metrics.http_request("BREW", 405, 0.01)
    metrics.http_request("GET", 200, 0.01)
    text = metrics.text().decode()
    assert "BREW" not in text
    assert value('gennaker_http_requests_total{method="OTHER",status="405"}') >= 1


def test_the_process_itself_is_measured() -> None:
    assert value("process_resident_memory_bytes") > 0
