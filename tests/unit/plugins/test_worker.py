"""Work in, replies out, whatever the code of a stage type does."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec
import pytest

from gennaker.bus.event import Event
from gennaker.bus.memory import MemoryTransport
from gennaker.bus.port import Delivery, Settled
from gennaker.core.errors import Unavailable
from gennaker.core.fields import field
from gennaker.core.model.messages import Reply
from gennaker.core.model.status import Status
from gennaker.core.model.work import WORK_TYPE, Work
from gennaker.core.runtime.worker import Worker
from gennaker.core.services import Services
from gennaker.core.stage import Outcome, Retryable, Run, Stage, task

NOW = 1_000_000


class Probe(Stage, type="probe"):
    """Does what its context says."""

    do: str = field("do", "what", default="succeed")
    size: int = field("size", "how much", default=0)
    gate = threading.Event()
    calls: ClassVar[list[str]] = []

    @task
    def probe(self, run: Run) -> Outcome:
        self.calls.append(run.key)
        if self.do == "wait":
            self.gate.wait(10)
        if self.do == "raise":
            raise ValueError("it broke")
        if self.do == "exit":
            sys.exit(3)
        if self.do == "retryable":
            raise Retryable("busy")
        if self.do == "unavailable":
            raise Unavailable("nobody home")
        if self.do == "nothing":
            return None  # type: ignore[return-value]
        if self.do == "unencodable":
            return run.succeeded({"thing": threading.Lock()})
        if self.do == "fail":
            return run.failed("no", details={"kind": "HTTP"}, retryable=True)
        return run.succeeded({"again": run.again, "settings": run.services.settings})

    @task(effect="at_most_once")
    def once(self, run: Run) -> Outcome:
        return run.succeeded({"again": run.again})

    def before(self, run: Run) -> Any:
        return 7 if self.do == "wrong" else [{"type": "wait", "waitTime": self.size}]

    def cancel(self, run: Run) -> None:
        self.calls.append(f"cancelled: {run.reason}")


class Other(Probe, type="other"):
    """Shares the threads of the slow ones."""


class Quick(Stage, type="quick", quick=True):
    @task
    def go(self, run: Run) -> Outcome:
        if run.context.get("raise"):
            raise RuntimeError("killer")
        return run.succeeded()


def work(n: int = 0, type_: str = "probe", name: str = "probe", **changes: Any) -> Work:
    given: dict[str, Any] = {
        "execution": f"E{n}",
        "stage": "S",
        "kind": "task",
        "name": name,
        "round": 0,
        "attempt": 1,
        "key": f"k{n}",
        "at": NOW,
        "answer_by": NOW + 60_000,
        "not_after": NOW + 60_000,
        "shard": 0,
        "type": type_,
        "stage_name": "My stage",
    }
    return Work(**{**given, **changes})


class Desk:
    """The engine's side of the bus: hands out work, collects replies."""

    def __init__(self) -> None:
        self.transport = MemoryTransport()
        self.replies: list[tuple[str, Reply]] = []
        self.workers: list[Worker] = []
        self._news = threading.Condition()

    def listen(self, shard: int = 0) -> None:
        self.transport.declare_work(f"results.{shard}")
        self.transport.consume(f"results.{shard}", self._take)

    def _take(self, delivery: Delivery) -> None:
        with self._news:
            self.replies.append((delivery.event.subject, msgspec.json.decode(delivery.event.data, type=Reply)))
            self._news.notify_all()
        delivery.ack()

    def worker(self, *, threads: int = 4) -> Worker:
        worker = Worker(
            self.transport,
            {"probe": Probe, "other": Other, "quick": Quick},
            lambda plugin: Services(settings=f"settings of {plugin or 'nobody'}"),
            threads=threads,
            clock=lambda: NOW,
        )
        worker.start()
        self.workers.append(worker)
        return worker

    def hand_out(self, *items: Work) -> None:
        queue = f"stage.run.{items[0].type}"
        self.transport.declare_work(queue)
        self.transport.send(queue, [event(item) for item in items], lambda _: None)

    def wait(self, count: int = 1, timeout: float = 5.0) -> list[Reply]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.replies) >= count, timeout), self.replies
        return [reply for _, reply in self.replies]

    def outcome(self, item: Work) -> Outcome:
        self.hand_out(item)
        return self.wait(len(self.replies) + 1)[-1].outcome


def event(item: Work) -> Event:
    return Event(id=item.key, type=WORK_TYPE, source="test", data=msgspec.json.encode(item))


def eventually(true: Callable[[], bool], timeout: float = 5.0) -> None:
    until = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    Probe.gate.clear()
    Probe.calls.clear()
    yield desk
    Probe.gate.set()
    for worker in desk.workers:
        worker.drain(5)
    desk.transport.close()


@pytest.fixture
def busy(desk: Desk) -> Desk:
    desk.listen()
    desk.worker()
    return desk


def error(outcome: Outcome) -> dict[str, Any]:
    assert outcome.status is Status.TERMINAL
    assert outcome.error is not None
    return outcome.error


def test_a_reply_names_the_call_it_answers(busy: Desk) -> None:
    busy.hand_out(work(7, round=2, attempt=5))
    [reply] = busy.wait()
    assert busy.replies[0][0] == "E7"
    assert (reply.stage, reply.kind, reply.name, reply.round, reply.attempt) == ("S", "task", "probe", 2, 5)
    assert reply.outcome.status is Status.SUCCEEDED
    assert reply.outcome.context["settings"] == "settings of nobody"


def test_a_raise_is_a_failed_reply_in_spinnakers_shape(busy: Desk) -> None:
    outcome = busy.outcome(work(context={"do": "raise"}))
    told = error(outcome)
    assert (told["exceptionType"], told["operation"], told["shouldRetry"], told["timestamp"]) == (
        "ValueError",
        "probe",
        False,
        NOW,
    )
    assert told["details"]["errors"] == ["it broke"]
    assert "test_worker.py" in told["details"]["stackTrace"]


@pytest.mark.parametrize("do", ["retryable", "unavailable", "fail"])
def test_rule_11_a_retryable_error_is_a_reply_and_the_engine_retries(busy: Desk, do: str) -> None:
    outcome = busy.outcome(work(context={"do": do}))
    assert outcome.retryable
    assert error(outcome)["shouldRetry"] is True
    assert len(Probe.calls) == 1


def test_a_stage_that_exits_the_process_does_not_kill_the_worker(busy: Desk) -> None:
    assert error(busy.outcome(work(context={"do": "exit"})))["exceptionType"] == "SystemExit"
    assert busy.outcome(work()).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (work(context={"do": "nothing"}), "answered None, expected what `run.succeeded()`"),
        (work(context={"do": "unencodable"}), "answered what JSON cannot hold"),
        (
            work(context={"size": "big"}),
            "stage 'My stage' (type probe), field size: 'big' was given, expected an integer",
        ),
        (work(name="other"), "has no task 'other'; it has probe, once"),
        (work(kind="plan", name="after"), "plans no stages 'after'"),
        (work(kind="plan", name="before", context={"do": "wrong"}), "before of stage type 'probe' answered 7"),
        (work(kind="evaluate", name="x"), "has nothing to do for evaluate 'x'"),
        (work(type_="probe", provider="cloud"), "came to 'probe' ''"),
    ],
)
def test_what_goes_wrong_is_told_with_place_and_expectation(busy: Desk, item: Work, said: str) -> None:
    assert said in error(busy.outcome(item))["details"]["error"]


def test_an_expected_error_brings_no_traceback(busy: Desk) -> None:
    assert "stackTrace" not in error(busy.outcome(work(context={"size": "big"})))["details"]


def test_a_plan_answers_with_stages(busy: Desk) -> None:
    outcome = busy.outcome(work(kind="plan", name="before", context={"size": 3}))
    assert outcome.stages == ({"type": "wait", "waitTime": 3},)


def test_a_cancel_knows_its_reason(busy: Desk) -> None:
    outcome = busy.outcome(work(kind="cancel", name="cancel", reason="enough"))
    assert outcome.status is Status.SUCCEEDED
    assert Probe.calls == ["cancelled: enough"]


def test_rule_16_work_past_its_time_is_dropped_with_the_answer_expired(busy: Desk) -> None:
    told = error(busy.outcome(work(not_after=NOW - 1)))
    assert told["details"]["error"] == "expired"
    assert Probe.calls == []


def test_rule_10_a_redelivery_says_again_and_at_most_once_is_not_made_twice(desk: Desk) -> None:
    desk.listen()
    desk.transport.declare_work("stage.run.probe")
    held: list[Delivery] = []
    first = desk.transport.consume("stage.run.probe", held.append)
    desk.hand_out(work(1), work(2, name="once"))
    first.stop()
    for delivery in held:
        delivery.retry(0)
    desk.worker()
    desk.wait(2)
    outcomes = {execution: reply.outcome for execution, reply in desk.replies}
    assert outcomes["E1"].context["again"] is True
    assert error(outcomes["E2"])["exceptionType"] == "OutcomeUnknown"
    assert "outcome unknown" in error(outcomes["E2"])["details"]["error"]
    assert error(desk.outcome(work(3, name="once", again=True)))["exceptionType"] == "OutcomeUnknown"
    assert desk.outcome(work(4, name="once")).status is Status.SUCCEEDED


def test_rule_10_work_that_is_taken_up_after_its_time_to_answer_says_again(busy: Desk) -> None:
    assert busy.outcome(work(1)).context["again"] is False
    assert busy.outcome(work(2, answer_by=NOW - 1)).context["again"] is True
    assert error(busy.outcome(work(3, name="once", answer_by=NOW - 1)))["exceptionType"] == "OutcomeUnknown"


def test_rule_09_work_is_acknowledged_only_after_its_reply_was_taken(desk: Desk) -> None:
    worker = desk.worker()
    desk.hand_out(work())
    eventually(lambda: len(Probe.calls) == 1)
    time.sleep(0.05)
    assert worker.held == 1
    assert [one.messages for one in desk.transport.status() if one.name == "stage.run.probe"] == [1]
    desk.listen()
    desk.wait()
    eventually(lambda: worker.held == 0)
    assert [one.messages for one in desk.transport.status() if one.name == "stage.run.probe"] == [0]
    assert Probe.calls == ["k0"], "the reply is sent again, the work is not done again"


def test_rule_11_work_that_cannot_be_read_is_answered_and_kept(busy: Desk) -> None:
    data = msgspec.json.encode({**msgspec.to_builtins(work(5)), "context": 3})
    busy.transport.send("stage.run.probe", [Event(id="x", type=WORK_TYPE, source="t", data=data)], lambda _: None)
    [reply] = busy.wait()
    assert busy.replies[0][0] == "E5"
    assert error(reply.outcome)["exceptionType"] == "Unreadable"
    eventually(lambda: len(busy.transport.dead_letters()) == 1)
    assert "cannot be read" in busy.transport.dead_letters()[0].reason


def test_work_without_an_address_goes_to_the_dead_letters_and_blocks_nothing(busy: Desk) -> None:
    busy.transport.send("stage.run.probe", [Event(id="x", type=WORK_TYPE, source="t", data=b"junk")], lambda _: None)
    assert busy.outcome(work()).status is Status.SUCCEEDED
    eventually(lambda: len(busy.transport.dead_letters()) == 1)


class Counting(MemoryTransport):
    """Remembers how many replies travelled together."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def send(self, queue: str, events: Sequence[Event], settled: Settled) -> None:
        if queue.startswith("results."):
            self.sizes.append(len(events))
        super().send(queue, events, settled)


def test_rule_12_quick_answers_travel_together_and_one_that_raises_leaves_the_others(desk: Desk) -> None:
    desk.transport = counting = Counting()
    desk.listen()
    desk.hand_out(*(work(n, "quick", "go", context={"raise": n == 50}) for n in range(150)))
    desk.worker()
    desk.wait(150)
    statuses = {execution: reply.outcome.status for execution, reply in desk.replies}
    assert [execution for execution, status in statuses.items() if status is Status.TERMINAL] == ["E50"]
    assert max(counting.sizes) > 1
    assert sum(counting.sizes) == 150


class Failing(MemoryTransport):
    """Refuses the first reply with an exception."""

    refused = False

    def send(self, queue: str, events: Sequence[Event], settled: Settled) -> None:
        if queue.startswith("results.") and not self.refused:
            self.refused = True
            raise OSError("the connection is gone")
        super().send(queue, events, settled)


def test_a_reply_that_cannot_be_sent_is_sent_again(desk: Desk) -> None:
    desk.transport = Failing()
    desk.listen()
    desk.worker()
    assert desk.outcome(work()).status is Status.SUCCEEDED
    assert Probe.calls == ["k0"]


def test_slow_work_does_not_hold_up_quick_work(desk: Desk) -> None:
    desk.listen()
    desk.worker(threads=1)
    desk.hand_out(work(1, context={"do": "wait"}))
    desk.hand_out(work(2, "quick", "go"))
    desk.wait(1)
    assert [execution for execution, _ in desk.replies] == ["E2"]


def test_replies_go_to_the_shard_that_asked(desk: Desk) -> None:
    desk.listen(0)
    desk.listen(3)
    desk.worker()
    desk.hand_out(work(1, shard=0), work(2, shard=3))
    desk.wait(2)
    results = {one.name: one.messages for one in desk.transport.status()}
    assert results["results.0"] == results["results.3"] == 0


def test_a_drain_waits_for_what_runs_and_gives_back_what_has_not_begun(desk: Desk) -> None:
    desk.listen()
    worker = desk.worker(threads=1)
    desk.hand_out(work(1, context={"do": "wait"}))
    eventually(lambda: len(Probe.calls) == 1)
    desk.hand_out(work(2), work(3))
    desk.hand_out(work(4, "other"))
    done: list[bool] = []
    drain = threading.Thread(target=lambda: done.append(worker.drain(5)))
    drain.start()
    time.sleep(0.05)
    assert done == []
    Probe.gate.set()
    drain.join()
    assert done == [True]
    assert [execution for execution, _ in desk.replies] == ["E1"]
    desk.worker()
    desk.wait(4)
    assert sorted(execution for execution, _ in desk.replies) == ["E1", "E2", "E3", "E4"]


def test_a_drain_that_takes_too_long_says_so(desk: Desk) -> None:
    desk.listen()
    worker = desk.worker(threads=1)
    desk.hand_out(work(1, context={"do": "wait"}))
    eventually(lambda: len(Probe.calls) == 1)
    assert worker.drain(0.05) is False
