"""The same bus, opened on every transport that there is."""

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from gennaker.bus.event import Event
from gennaker.bus.open import open_bus
from gennaker.bus.port import Delivery, Problem, Transport


class Heard:
    """What came, and a way to wait for it."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._news = threading.Condition()

    def __call__(self, what: Any) -> None:
        with self._news:
            self.all.append(what)
            self._news.notify_all()

    def wait(self, count: int, timeout: float = 15.0) -> list[Any]:
        """The first `count`; fails when they do not come."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.all) >= count, timeout), f"{len(self.all)} of {count} came"
            return list(self.all)

    def stays(self, count: int, seconds: float = 0.3) -> bool:
        """No more than `count` come within a while."""
        with self._news:
            return not self._news.wait_for(lambda: len(self.all) > count, seconds)

    @property
    def ids(self) -> list[str]:
        return [getattr(one, "event", one).id for one in self.all]


class Bus:
    """One transport with short ways to say things."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def put(self, queue: str, *ids: str, data: bytes = b"{}") -> list[Problem]:
        """Send one message for each id and wait until all are settled."""
        settled = Heard()
        for id_ in ids:
            self.transport.send(queue, [event(id_, data=data)], settled)
        return settled.wait(len(ids))

    def envelope(self, queue: str, *ids: str) -> list[Problem]:
        """Send all in one go."""
        settled = Heard()
        self.transport.send(queue, [event(id_) for id_ in ids], settled)
        return settled.wait(1)

    def tell(self, *types: str) -> list[Problem]:
        """Publish facts, their type being their id."""
        settled = Heard()
        self.transport.publish([event(type_, type_=type_) for type_ in types], settled)
        return settled.wait(1)


def event(id_: str, *, type_: str = "stage.run", data: bytes = b"{}") -> Event:
    return Event(id=id_, type=type_, source="tests", subject="01J", time=1_764_000_000_000, data=data)


def settle(
    heard: Heard, how: Callable[[Delivery], None] = lambda delivery: delivery.ack()
) -> Callable[[Delivery], None]:
    """A consumer that settles at once, then says what came."""

    def take(delivery: Delivery) -> None:
        how(delivery)
        heard(delivery)

    return take


def eventually(check: Callable[[], bool], timeout: float = 10.0) -> bool:
    """It becomes true before the time is over."""
    until = time.monotonic() + timeout
    while not check():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def kit() -> SimpleNamespace:
    """Short ways to say things."""
    return SimpleNamespace(Heard=Heard, event=event, settle=settle, eventually=eventually)


@pytest.fixture(params=["memory", "rabbitmq", "kombu-amqp", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    """Where the bus is."""
    match request.param:
        case "memory":
            return "memory://"
        case "rabbitmq":
            return str(request.getfixturevalue("amqp_url"))
        case "kombu-amqp":
            return str(request.getfixturevalue("amqp_url")).replace("amqp://", "amqp+kombu://")
        case "redis":
            return str(request.getfixturevalue("redis_url"))
        case _:
            raise ValueError(request.param)


@pytest.fixture
def open_another(url: str, bus_prefix: str) -> Iterator[Callable[[], Bus]]:
    """Opens the bus as another process would; a transport that is not shared is the same one each time."""
    opened: list[Bus] = []

    def another() -> Bus:
        if opened and not opened[0].capabilities.shared:
            return opened[0]
        opened.append(Bus(open_bus(url, bus_prefix, name="contract")))
        return opened[-1]

    yield another
    for bus in opened:
        bus.close(2.0)


@pytest.fixture
def bus(open_another: Callable[[], Bus]) -> Bus:
    """The bus."""
    return open_another()
