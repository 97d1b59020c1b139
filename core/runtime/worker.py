"""Runs the code of stage types: work in, replies out (rules 9 to 12, 16, 20).

Separate because it has no database and no engine: it may be the only thing that a process runs. Work is acknowledged only after the
bus has taken the reply to it; a reply that is not taken is sent again, never computed again.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from gennaker.bus.event import Event
from gennaker.bus.port import Delivery, Problem, Subscription, Transport
from gennaker.bus.timer import Timer
from gennaker.core.call import call, failure
from gennaker.core.model.messages import Outcome, Reply
from gennaker.core.model.work import REPLY_TYPE, Work, results_queue
from gennaker.core.runtime.lane import Lane, Turn
from gennaker.core.runtime.under_way import Calls
from gennaker.core.services import Services
from gennaker.core.stage import Stage, declaration

_log = logging.getLogger("gennaker.worker")
_WORK: msgspec.json.Decoder[Work] = msgspec.json.Decoder(Work)
_ENCODER = msgspec.json.Encoder()

#: Threads, items at a time and prefetch of quick stage types.
_QUICK_THREADS, _QUICK_BATCH, _QUICK_PREFETCH = 2, 32, 200
#: Seconds before a reply that was not taken is sent again: doubled each time, up to the limit.
_RESEND_S, _RESEND_LIMIT_S = 0.2, 10.0


class _Address(msgspec.Struct):
    """What is needed of a hand-out to answer it at all."""

    execution: str
    stage: str
    kind: str
    name: str
    round: int
    attempt: int
    shard: int


class _Item(NamedTuple):
    """A delivery on its way to the code that handles it."""

    delivery: Delivery
    stage: type[Stage]
    services: Services


class _Answer(NamedTuple):
    """A reply and what becomes of the work once it is taken: acknowledged, or kept with the dead letters."""

    event: Event
    delivery: Delivery
    rejected: str = ""


class Worker:
    """The stage types of this process at work."""

    def __init__(
        self,
        transport: Transport,
        stages: Mapping[str, type[Stage]],
        services_for: Callable[[str], Services],
        *,
        threads: int = 16,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        name: str = "worker",
        finished: Callable[[type[Stage], Work, Outcome], None] | None = None,
    ) -> None:
        self._transport = transport
        self._stages = stages
        self._services_for = services_for
        self._threads = threads
        self._clock = clock
        self._source = f"gennaker/{name}"
        self._calls = Calls(transport, self._source, clock)
        self._finished = finished
        self._quick: Lane[_Item] = Lane("worker-quick", _QUICK_THREADS, _QUICK_BATCH, self._handle)
        self._slow: Lane[_Item] = Lane("worker", threads, 1, self._handle)
        self._timer = Timer("worker-resend")
        self._subscriptions: list[Subscription] = []
        self._held = 0
        self._idle = threading.Condition()
        self._draining = False

    @property
    def held(self) -> int:
        """Deliveries taken and not settled yet."""
        return self._held

    def start(self) -> None:
        """Consume the queue of every stage type."""
        self._quick.start()
        self._slow.start()
        for stage in self._stages.values():
            queue = declaration(stage, stage.plugin, "").queue
            services = self._services_for(stage.plugin)
            lane, prefetch = (self._quick, _QUICK_PREFETCH) if stage.quick else (self._slow, self._threads)
            self._transport.declare_work(queue)
            take = self._taker(lane, stage, services)
            self._subscriptions.append(self._transport.consume(queue, take, prefetch))

    def drain(self, timeout: float = 30.0) -> bool:
        """Take nothing new, give back what has not begun, wait for what runs and for its replies to be taken.

        True when nothing is left; what is left after `timeout` seconds comes again to another worker.
        """
        self._draining = True
        for subscription in self._subscriptions:
            subscription.stop()
        self._calls.end()
        until = time.monotonic() + timeout
        with self._idle:
            empty = self._idle.wait_for(lambda: self._held == 0, timeout)
        self._quick.stop(max(0.0, until - time.monotonic()))
        self._slow.stop(max(0.0, until - time.monotonic()))
        self._timer.stop()
        return empty

    def _taker(self, lane: Lane[_Item], stage: type[Stage], services: Services) -> Callable[[Delivery], None]:
        def take(delivery: Delivery) -> None:
            with self._idle:
                self._held += 1
            lane.put(_Item(delivery, stage, services))

        return take

    def _handle(self, turn: Turn[_Item]) -> None:
        answers: dict[int, list[_Answer]] = {}
        for item in turn:
            if self._draining:
                item.delivery.retry(0)
                self._let_go(1)
            else:
                self._answer(item, answers)
        for shard, ready in answers.items():
            self._send(shard, ready, _RESEND_S)

    def _answer(self, item: _Item, answers: dict[int, list[_Answer]]) -> None:
        delivery, stage, services = item
        try:
            work = _WORK.decode(delivery.event.data)
        except msgspec.MsgspecError as error:
            self._cannot_read(delivery, str(error), answers)
            return
        if delivery.redelivered or self._clock() > work.answer_by:  # by then another copy of it is out
            work = replace(work, again=True)
        rejected = ""
        if work.type != stage.type or work.provider != stage.provider:
            rejected = f"work for stage type {work.type!r} {work.provider!r} came to {stage.type!r} {stage.provider!r}"
            outcome = failure(work, "Misrouted", rejected)
        elif self._clock() > work.not_after:
            outcome = replace(failure(work, "Expired", "expired"), expired=True)
        else:
            with self._calls.begin(work, delivery) as made:
                outcome = call(stage, work, services, made)
        try:
            data = self._encode(work, outcome)
        except Exception as error:
            message = f"{work.name} of stage type {work.type!r} answered what JSON cannot hold: {error}"
            data = self._encode(work, failure(work, "WrongAnswer", message))
        answers.setdefault(work.shard, []).append(_Answer(self._event(work, data), delivery, rejected))
        if self._finished is not None:
            self._finished(stage, work, outcome)

    def _cannot_read(self, delivery: Delivery, reason: str, answers: dict[int, list[_Answer]]) -> None:
        """Work that cannot be read is kept, and answered as far as its address can be read (rule 11)."""
        reason = f"this hand-out cannot be read: {reason}"
        _log.error("%s (queue %s, event %s)", reason, delivery.queue, delivery.event.id)
        try:
            address = msgspec.json.decode(delivery.event.data, type=_Address)
            fields = {key: getattr(address, key) for key in address.__struct_fields__}
            work = msgspec.convert({**fields, "key": "", "at": 0, "answer_by": 0, "not_after": 0, "type": ""}, Work)
        except msgspec.MsgspecError:
            delivery.reject(reason)
            self._let_go(1)
            return
        event = self._event(work, self._encode(work, failure(work, "Unreadable", reason)))
        answers.setdefault(work.shard, []).append(_Answer(event, delivery, reason))

    def _encode(self, work: Work, outcome: Outcome) -> bytes:
        return _ENCODER.encode(
            Reply(
                stage=work.stage,
                kind=work.kind,
                name=work.name,
                round=work.round,
                attempt=work.attempt,
                outcome=outcome,
            )
        )

    def _event(self, work: Work, data: bytes) -> Event:
        return Event(
            id=f"{work.execution}/{work.stage}/{work.kind}/{work.name}/{work.round}/{work.attempt}",
            type=REPLY_TYPE,
            source=self._source,
            subject=work.execution,
            time=self._clock(),
            data=data,
        )

    def _send(self, shard: int, answers: Sequence[_Answer], delay: float) -> None:
        """Send replies as one envelope; acknowledge their work when the bus has taken them (rule 9)."""

        def settled(problem: Problem) -> None:
            if problem is not None:
                _log.warning(
                    "%d replies to shard %d were not taken (%s): sent again in %.1f s",
                    len(answers),
                    shard,
                    problem,
                    delay,
                )
                self._timer.call(delay, lambda: self._send(shard, answers, min(2 * delay, _RESEND_LIMIT_S)))
                return
            for answer in answers:
                if answer.rejected:
                    answer.delivery.reject(answer.rejected)
                else:
                    answer.delivery.ack()
            self._let_go(len(answers))

        try:
            self._transport.send(results_queue(shard), [answer.event for answer in answers], settled)
        except Exception as error:
            settled(f"{type(error).__name__}: {error}")

    def _let_go(self, count: int) -> None:
        with self._idle:
            self._held -= count
            if self._held == 0:
                self._idle.notify_all()
