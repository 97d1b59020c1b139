"""The log as a stream, over several shards: every event once, in the order of its execution, from any cursor."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from gennaker.bus.event import Event
from gennaker.bus.memory import MemoryTransport
from gennaker.core.engine.apply import fold
from gennaker.core.errors import InvalidRequest, Unavailable
from gennaker.core.model import events as e
from gennaker.core.model.status import Status
from gennaker.core.runtime.live import LogLive
from gennaker.core.services import Happening
from gennaker.core.store.database import Database
from gennaker.core.store.executions import accept


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/live.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    database = Database.open(url, shards=4)
    yield database
    database.close()


def happen(database: Database, id_: str, at: int, count: int = 3) -> None:
    """An execution whose one entry holds `count` events."""
    events: list[e.AnyEvent] = [e.ExecutionRequested(id=id_, application="app"), e.ExecutionStarted()]
    events = (events + [e.ExecutionPaused(user="ann"), e.ExecutionResumed(user="ann")] * count)[: count - 1]
    events.append(e.ExecutionFinished(status=Status.SUCCEEDED))
    state = fold(None, events, at)
    database.transact(lambda connection: accept(connection, state, events, keys=(), at=at, begin=None))


def read_all(live: LogLive, cursor: str, limit: int) -> list[Happening]:
    found: list[Happening] = []
    while batch := live.after(cursor, limit):
        assert len(batch) <= limit
        found += batch
        cursor = batch[-1].cursor
    return found


@pytest.mark.parametrize("limit", [1, 2, 5, 500])
def test_rule_21_a_reader_gets_every_event_once_whatever_it_reads_at_a_time(database: Database, limit: int) -> None:
    live = LogLive(database)
    beginning = live.now()
    ids = [f"E{number}" for number in range(12)]
    for number, id_ in enumerate(ids):
        happen(database, id_, 1000 + number, count=2 + number % 3)
    found = read_all(live, beginning, limit)
    assert [one.id for one in found] == [
        f"{id_}:{sequence}" for number, id_ in enumerate(ids) for sequence in range(1, 3 + number % 3)
    ]
    assert found[-1].cursor == live.now()
    assert live.after(live.now()) == []


def test_rule_21_each_events_cursor_goes_on_right_behind_it(database: Database) -> None:
    live = LogLive(database)
    beginning = live.now()
    for number in range(5):
        happen(database, f"E{number}", 1000 + number)
    found = live.after(beginning)
    for index, one in enumerate(found):
        assert [later.id for later in live.after(one.cursor)] == [later.id for later in found[index + 1 :]]


def test_a_happening_says_what_and_where(database: Database) -> None:
    live = LogLive(database)
    beginning = live.now()
    happen(database, "E1", 77)
    first, *_, last = live.after(beginning)
    assert (first.id, first.type, first.subject, first.application, first.time) == (
        "E1:1",
        "execution.requested",
        "E1",
        "app",
        77,
    )
    assert last.data == b'{"type":"execution.finished","status":"SUCCEEDED"}'


def test_the_log_of_one_execution_can_be_read_from_a_sequence_on(database: Database) -> None:
    live = LogLive(database)
    happen(database, "E1", 1)
    happen(database, "E2", 2)
    assert [one.id for one in live.of_execution("E2")] == ["E2:1", "E2:2", "E2:3"]
    assert [one.id for one in live.of_execution("E2", 2)] == ["E2:3"]
    assert live.of_execution("E9") == []


def test_a_cursor_of_another_daemon_is_refused(database: Database) -> None:
    live = LogLive(database)
    for bad in (
        "",
        "x",
        "MTow\n",
        "Mjow",
        "MTowLDAsMCwwLDA",
        "MTo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "MTotMQ",
        "MToxLjIuMw",
        "é",
    ):
        with pytest.raises(InvalidRequest, match="no cursor"):
            live.after(bad)


def test_news_come_from_this_process_from_the_bus_and_from_the_positions(database: Database) -> None:
    transport = MemoryTransport()
    live = LogLive(database, transport, sweep=0.02)
    rung = threading.Event()
    quiet = LogLive(database, sweep=60.0)
    heard = threading.Event()
    ends = [live.on_news(rung.set), quiet.on_news(heard.set)]
    quiet.news()
    assert heard.is_set()
    for cause in (
        lambda: happen(database, "E1", 1),
        lambda: transport.publish([Event(id="1", type="stage.finished", source="x")], lambda _problem: None),
    ):
        assert rung.wait(5)
        rung.clear()
        cause()
        assert rung.wait(5)
    for end in ends:
        end()
        end()
    heard.clear()
    quiet.news()
    assert not heard.is_set()
    transport.close()


class Flaky:
    """A database that is away when it is told to be."""

    shards = 1

    def __init__(self, real: Database) -> None:
        self.real = real
        self.away = threading.Event()
        self.asked = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        if self.away.is_set():
            self.asked.set()
            raise Unavailable("no connection")
        with self.real.reading() as connection:
            yield connection


def test_a_database_that_is_away_does_not_end_the_news(tmp_path: Path) -> None:
    real = Database.open(f"sqlite:///{tmp_path}/live.db")
    database: Any = Flaky(real)
    live = LogLive(database, sweep=0.01)
    rung = threading.Event()
    end = live.on_news(rung.set)
    assert rung.wait(5)
    database.away.set()
    assert database.asked.wait(5)
    happen(real, "E1", 1)
    rung.clear()
    database.away.clear()
    assert rung.wait(5)
    end()
    real.close()
