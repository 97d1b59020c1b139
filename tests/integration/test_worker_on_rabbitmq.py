"""The worker on a real broker: confirms, redelivery, drain."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import msgspec
import pytest

from gennaker.bus.event import Event
from gennaker.bus.open import open_bus
from gennaker.bus.port import Delivery, Transport
from gennaker.core.model.messages import Reply
from gennaker.core.model.status import Status
from gennaker.core.model.work import WORK_TYPE, Work
from gennaker.core.runtime.worker import Worker
from gennaker.core.services import Services
from gennaker.core.stage import Outcome, Run, Stage, task


class Quick(Stage, type="quick", quick=True):
    """Is done at once."""

    @task
    def go(self, run: Run) -> Outcome:
        return run.succeeded(outputs={"again": run.again})


class Slow(Stage, type="slow"):
    """Takes a moment."""

    @task
    def go(self, run: Run) -> Outcome:
        time.sleep(0.02)
        return run.succeeded()


class Broker:
    """Connections to one broker, and the engine's side of it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: list[Transport] = []
        self.bus = self.connect("engine")
        self.answered: Counter[str] = Counter()
        self.failed: list[str] = []
        self._news = threading.Condition()

    def connect(self, name: str) -> Transport:
        transport = open_bus(self._url, "test", name=name)
        self._open.append(transport)
        return transport

    def listen(self) -> None:
        self.bus.declare_work("results.0")
        self.bus.consume("results.0", self._take)

    def _take(self, delivery: Delivery) -> None:
        reply = msgspec.json.decode(delivery.event.data, type=Reply)
        with self._news:
            self.answered[delivery.event.subject] += 1
            if reply.outcome.status is not Status.SUCCEEDED:
                self.failed.append(str(reply.outcome.error))
            self._news.notify_all()
        delivery.ack()

    def hand_out(self, type_: str, count: int) -> None:
        now = time.time_ns() // 1_000_000
        queue = f"stage.run.{type_}"
        self.bus.declare_work(queue)
        events = []
        for n in range(count):
            work = Work(
                execution=f"E{n}",
                stage="S",
                kind="task",
                name="go",
                round=0,
                attempt=1,
                key=f"k{n}",
                at=now,
                answer_by=now + 60_000,
                not_after=now + 65_000,
                shard=0,
                type=type_,
            )
            events.append(Event(id=f"{type_}{n}", type=WORK_TYPE, source="test", data=msgspec.json.encode(work)))
        size = 32 if type_ == "quick" else 1
        for start in range(0, count, size):
            self.bus.send(queue, events[start : start + size], lambda _: None)

    def wait(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.answered) >= count, 30), len(self.answered)

    def close(self) -> None:
        for transport in self._open:
            transport.close()


@pytest.fixture
def broker(amqp_url: str) -> Iterator[Broker]:
    broker = Broker(amqp_url)
    yield broker
    broker.close()


def worker(transport: Transport) -> Worker:
    made = Worker(transport, {"quick": Quick, "slow": Slow}, lambda _: Services(), threads=4)
    made.start()
    return made


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 15
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_quick_work_is_answered_in_envelopes_and_acknowledged(broker: Broker) -> None:
    broker.listen()
    running = worker(broker.connect("worker"))
    broker.hand_out("quick", 500)
    broker.wait(500)
    assert broker.failed == []
    assert running.drain(10)


def test_rule_09_work_waits_for_a_results_queue_and_is_not_done_again(broker: Broker) -> None:
    running = worker(broker.connect("worker"))
    broker.hand_out("quick", 3)
    eventually(lambda: running.held == 3)
    time.sleep(0.3)
    assert running.held == 3
    broker.listen()
    broker.wait(3)
    assert running.drain(10)


def test_rule_09_what_a_lost_worker_held_is_done_by_another(broker: Broker) -> None:
    broker.listen()
    dying = broker.connect("dying")
    taken: list[Delivery] = []
    dying.declare_work("stage.run.slow")
    dying.consume("stage.run.slow", taken.append, 20)
    broker.hand_out("slow", 60)
    eventually(lambda: len(taken) == 20)
    running = worker(broker.connect("worker"))
    dying.close(0)
    broker.wait(60)
    assert broker.failed == []
    assert running.drain(10)


def test_a_drain_leaves_the_rest_to_another_worker(broker: Broker) -> None:
    broker.listen()
    first = worker(broker.connect("first"))
    broker.hand_out("slow", 100)
    broker.wait(5)
    assert first.drain(10)
    second = worker(broker.connect("second"))
    broker.wait(100)
    assert max(broker.answered.values()) == 1
    assert second.drain(10)
