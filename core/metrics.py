"""What is counted, for Prometheus: one registry of our own, and a function for each thing that happens.

Separate so that names, labels and help texts are on one screen and nothing else knows the client library. What happens to executions is
counted from their events, so it is the log that is counted, once, by the owner that wrote it. Labels have few values:
no execution, application or path is one. Durations are seconds.
"""

import time
from collections import Counter as Counted
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from gennaker.bus.middleware.metrics import so_far
from gennaker.core.model.events import (
    AnyEvent,
    ExecutionFinished,
    ExecutionStarted,
    StageFinished,
    StageStarted,
    TaskAnswered,
    TaskFinished,
    TaskHandedOut,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_executions = Counter(
    "gennaker_executions", "Executions that began, and that ended by status.", ["what"], registry=REGISTRY
)
_stages = Counter("gennaker_stages", "Stages that began, and that ended by status.", ["what"], registry=REGISTRY)
_tasks = Counter(
    "gennaker_tasks", "Calls handed out, answers that go on, and tasks that ended.", ["what"], registry=REGISTRY
)
_batch = Histogram(
    "gennaker_batch_changes",
    "Executions changed by one commit.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
    registry=REGISTRY,
)
_commit = Histogram("gennaker_commit_seconds", "Time of one commit.", buckets=_SECONDS, registry=REGISTRY)
_bus_up = Gauge("gennaker_bus_up", "1 while the bus is connected and not blocked.", registry=REGISTRY)
_bus_outstanding = Gauge("gennaker_bus_outstanding", "Messages sent and not confirmed yet.", registry=REGISTRY)
_requests = Counter("gennaker_http_requests", "HTTP requests answered.", ["method", "status"], registry=REGISTRY)
_request_time = Histogram(
    "gennaker_http_request_seconds", "Time of one HTTP request.", buckets=_SECONDS, registry=REGISTRY
)


class _Subscribers(Collector):
    """What the bus counts for itself; it knows no client library."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Both counters, as they are now."""
        messages, seconds = so_far()
        by_outcome = CounterMetricFamily(
            "gennaker_bus_messages",
            "Messages to subscribers, by queue and what became of them.",
            labels=("queue", "what"),
        )
        for (queue, what), count in messages.items():
            by_outcome.add_metric((queue, what), count)
        yield by_outcome
        spent = CounterMetricFamily(
            "gennaker_bus_handler_seconds", "Time spent in subscribers' handlers.", labels=("queue",)
        )
        for queue, total in seconds.items():
            spent.add_metric((queue,), total)
        yield spent


REGISTRY.register(_Subscribers())

#: Which counter a fact belongs to, and as what; empty = by its status.
_COUNTED: dict[type, tuple[Counter, str]] = {
    ExecutionStarted: (_executions, "started"),
    ExecutionFinished: (_executions, ""),
    StageStarted: (_stages, "started"),
    StageFinished: (_stages, ""),
    TaskHandedOut: (_tasks, "handed_out"),
    TaskAnswered: (_tasks, "goes_on"),
    TaskFinished: (_tasks, ""),
}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def happened(events: Iterable[AnyEvent]) -> None:
    """These facts were stored."""
    kinds = Counted((type(event), getattr(event, "status", "")) for event in events)
    for (kind, status), count in kinds.items():
        if (counted := _COUNTED.get(kind)) is not None:
            counter, what = counted
            counter.labels(what or status).inc(count)


def committed(changes: int, seconds: float) -> None:
    """A batch that changed so many executions was committed in so many seconds."""
    _batch.observe(changes)
    _commit.observe(seconds)


def bus(*, up: bool, outstanding: int) -> None:
    """How the bus is now."""
    _bus_up.set(up)
    _bus_outstanding.set(outstanding)


def measured(app: App) -> App:
    """The same ASGI application, with every request counted and timed (a stream until it ends)."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def noting(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            _requests.labels(method, str(status)).inc()
            _request_time.observe(time.perf_counter() - started)

    return counting


def text() -> bytes:
    """All of it in Prometheus' text format."""
    return generate_latest(REGISTRY)
