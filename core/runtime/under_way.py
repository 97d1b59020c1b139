"""Calls that take long: they tell that they live, and are told when nobody wants their answer any more.

Separate from the worker because most calls are over in a moment and need none of it. A call that told something is no longer owed by the
bus but by its deadline, which every telling moves: nothing holds a delivery for as long as a build may take.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec

from gennaker.bus.event import Event
from gennaker.bus.port import Delivery, Problem, Subscription, Transport
from gennaker.core.model.messages import Progress
from gennaker.core.model.work import PROGRESS_TYPE, Work, results_queue

_log = logging.getLogger("gennaker.worker")
_encoder = msgspec.json.Encoder()
#: The facts that end a call: its execution was cancelled, its stage is to stop, or has been ended from elsewhere.
_ENDINGS = ("execution.canceled", "stage.stopping", "stage.finished")


class _OfStage(msgspec.Struct):
    stage: str = ""


_stage_of = msgspec.json.Decoder(_OfStage)


class Calls:
    """The calls of this process that are under way. Thread-safe."""

    def __init__(self, transport: Transport, source: str, clock: Callable[[], int]) -> None:
        self._transport = transport
        self._source = source
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: set[Call] = set()
        self._listening: Subscription | None = None
        self._ending = False

    @contextmanager
    def begin(self, work: Work, delivery: Delivery) -> Iterator["Call"]:
        """A call that is made now."""
        made = Call(work, delivery, self._told)
        with self._lock:
            self._calls.add(made)
            if self._ending:
                made.stop.set()
        try:
            yield made
        finally:
            with self._lock:
                self._calls.discard(made)

    def end(self) -> None:
        """Have every call end early; this process is about to."""
        with self._lock:
            self._ending = True
            calls, listening, self._listening = list(self._calls), self._listening, None
        for call in calls:
            call.stop.set()
        if listening is not None:
            listening.stop()

    def _told(self, call: "Call", progress: Progress) -> None:
        """Send what a call tells; the first one to tell anything in this process makes it listen."""
        self._listen()
        work = call.work
        event = Event(
            id=f"{work.execution}/{work.stage}/{work.name}/{work.round}/{work.attempt}/{self._clock()}/{progress.number}",
            type=PROGRESS_TYPE,
            source=self._source,
            subject=work.execution,
            time=self._clock(),
            data=_encoder.encode(progress),
        )
        self._transport.send(results_queue(work.shard), [event], partial(self._taken, call))

    def _taken(self, call: "Call", problem: Problem) -> None:
        if problem is None:
            call.delivery.ack()
        else:
            _log.warning("what %s of %s told was not taken: %s", call.work.name, call.work.execution, problem)

    def _listen(self) -> None:
        with self._lock:
            if self._listening is None and not self._ending:
                self._listening = self._transport.listen(_ENDINGS, self._heard)

    def _heard(self, event: Event) -> None:
        whole = event.type == _ENDINGS[0]
        stage = "" if whole else _stage_of.decode(event.data).stage
        with self._lock:
            for call in self._calls:
                work = call.work
                if work.kind != "cancel" and work.execution == event.subject and (whole or work.stage == stage):
                    call.stop.set()


class Call:
    """One call; see `gennaker.core.run.Caller`."""

    def __init__(self, work: Work, delivery: Delivery, tell: Callable[["Call", Progress], None]) -> None:
        self.work = work
        self.delivery = delivery
        self.stop = threading.Event()
        self._tell = tell
        self._number = 0
        self._lock = threading.Lock()

    def progress(self, lines: Sequence[str]) -> None:
        """See `gennaker.core.run.Run.progress`."""
        with self._lock:
            self._number += 1
            number = self._number
        work = self.work
        told = Progress(
            stage=work.stage,
            kind=work.kind,
            name=work.name,
            round=work.round,
            attempt=work.attempt,
            number=number,
            lines=tuple(lines),
        )
        self._tell(self, told)
