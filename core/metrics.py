"""What is counted, for Prometheus: one registry of our own, and a function for each thing that happens.

Separate so that names, labels and help texts are on one screen and nothing else knows the client library. Labels have few values:
no execution, application or path is one. Durations are seconds.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_started = Counter("gennaker_executions_started", "Executions that began.", registry=REGISTRY)
_finished = Counter("gennaker_executions_finished", "Executions that ended.", ["status"], registry=REGISTRY)
_stages = Counter("gennaker_stage_transitions", "Stages that took on a status.", ["status"], registry=REGISTRY)
_batch = Histogram(
    "gennaker_batch_changes",
    "Executions changed by one commit.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
    registry=REGISTRY,
)
_commit = Histogram("gennaker_commit_seconds", "Time of one commit.", buckets=_SECONDS, registry=REGISTRY)
_handouts = Gauge("gennaker_handouts_outstanding", "Work handed out and not answered yet.", registry=REGISTRY)
_bus_up = Gauge("gennaker_bus_up", "1 while the bus is connected and not blocked.", registry=REGISTRY)
_bus_outstanding = Gauge("gennaker_bus_outstanding", "Messages sent and not confirmed yet.", registry=REGISTRY)
_requests = Counter("gennaker_http_requests", "HTTP requests answered.", ["method", "status"], registry=REGISTRY)
_request_time = Histogram(
    "gennaker_http_request_seconds", "Time of one HTTP request.", buckets=_SECONDS, registry=REGISTRY
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def execution_started() -> None:
    """An execution began."""
    _started.inc()


def execution_finished(status: str) -> None:
    """An execution ended with a status."""
    _finished.labels(status).inc()


def stage_changed(status: str) -> None:
    """A stage took on a status."""
    _stages.labels(status).inc()


def committed(changes: int, seconds: float) -> None:
    """A batch that changed so many executions was committed in so many seconds."""
    _batch.observe(changes)
    _commit.observe(seconds)


def handouts(outstanding: int) -> None:
    """So much work is handed out now."""
    _handouts.set(outstanding)


def bus(*, up: bool, outstanding: int) -> None:
    """How the bus is now."""
    _bus_up.set(up)
    _bus_outstanding.set(outstanding)


def http_request(method: str, status: int, seconds: float) -> None:
    """A request was answered; a method that HTTP does not know counts as OTHER."""
    _requests.labels(method if method in _METHODS else "OTHER", str(status)).inc()
    _request_time.observe(seconds)


def text() -> bytes:
    """All of it in Prometheus' text format."""
    return generate_latest(REGISTRY)
