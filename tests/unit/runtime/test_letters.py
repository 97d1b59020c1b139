"""The operator's desk over dead letters of both kinds."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gennaker.bus.event import Event
from gennaker.bus.letter import UNDECODABLE
from gennaker.bus.memory import MemoryTransport
from gennaker.bus.open import open_bus
from gennaker.core.errors import NotFound, Refused, Unavailable
from gennaker.core.model.work import Work
from gennaker.core.runtime.letters import Letters, ask_anew
from gennaker.core.store import letters as stored
from gennaker.core.store.database import Database


@pytest.fixture
def transport() -> Iterator[MemoryTransport]:
    """A bus."""
    transport = MemoryTransport()
    yield transport
    transport.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A store."""
    database = Database.open(f"sqlite:///{tmp_path}/g.db", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def asked() -> list[tuple[bytes, str]]:
    """What the engine was asked anew."""
    return []


@pytest.fixture
def desk(transport: MemoryTransport, database: Database, asked: list[tuple[bytes, str]]) -> Letters:
    """The desk."""
    return Letters(transport, database, lambda body, user: asked.append((body, user)))


@pytest.fixture
def bury(transport: MemoryTransport) -> Callable[..., str]:
    """Puts a message with the bus's dead letters and gives its id."""

    def make(queue: str, type_: str, data: bytes = b"{}") -> str:
        transport.declare_work(queue)
        consumer = transport.consume(queue, lambda delivery: delivery.reject("no good", "Traceback"))
        event = Event(id="e1", type=type_, source="tests", subject="01J", data=data)
        transport.send(queue, [event], lambda _: None)
        consumer.stop()
        return transport.dead_letters()[-1].id

    return make


def keep(database: Database, id_: str, type_: str = "Reply", at: int = 5) -> None:
    """Put a letter into the database."""
    letter = stored.Letter(
        id=id_, queue="engine", type=type_, subject="01J", reason="ZeroDivisionError", at=at, body=b'{"k":1}'
    )
    database.transact(lambda connection: stored.put(connection, letter))


def test_the_status_shows_the_transport_and_its_queues(desk: Letters, transport: MemoryTransport) -> None:
    transport.declare_work("w")

    assert desk.status() == {
        "transport": "memory",
        "up": True,
        "reason": "",
        "blocked": False,
        "outstanding": 0,
        "queues": [{"name": "w", "messages": 0, "consumers": 0}],
    }


def test_letters_of_the_bus_and_of_the_database_are_listed_together_oldest_first(
    desk: Letters, database: Database, bury: Callable[..., str]
) -> None:
    on_bus = bury("mail", "stage.finished")
    keep(database, "01J/row/7/1764", at=5)

    first, second = desk.dead_letters()

    assert (first["queue"], first["type"], first["subject"], first["at"]) == ("engine", "Reply", "01J", 5)
    assert "/" not in first["id"]
    assert second == {**second, "id": on_bus, "queue": "mail", "type": "stage.finished", "reason": "no good"}
    assert desk.dead_letters(limit=1) == [first]


def test_a_letter_is_shown_whole(desk: Letters, database: Database, bury: Callable[..., str]) -> None:
    id_ = bury("mail", "stage.finished", b'{"status":"SUCCEEDED"}')
    keep(database, "01J/row/7")

    whole = desk.dead_letter(id_)

    assert (whole["body"], whole["traceback"], whole["event"]["id"]) == ({"status": "SUCCEEDED"}, "Traceback", "e1")
    assert desk.dead_letter(desk.dead_letters()[0]["id"])["body"] == {"k": 1}


@pytest.mark.parametrize("id_", ["nobody", "db.nobody", "db.\x00", "db.MDFK"])
def test_a_letter_that_does_not_exist_is_told(desk: Letters, id_: str) -> None:
    with pytest.raises(NotFound, match="Dead letter not found"):
        desk.dead_letter(id_)
    with pytest.raises(NotFound):
        desk.requeue([id_], user="ann")


def test_a_fact_is_sent_to_its_queue_again_and_the_letter_forgotten(
    desk: Letters, transport: MemoryTransport, bury: Callable[..., str]
) -> None:
    id_ = bury("mail", "stage.finished", b'{"k":1}')
    got: list[Any] = []
    transport.consume("mail", got.append)

    assert desk.requeue([id_], user="ann") == 1

    until = time.monotonic() + 5
    while not got and time.monotonic() < until:
        time.sleep(0.01)
    assert [(delivery.event.type, delivery.event.data) for delivery in got] == [("stage.finished", b'{"k":1}')]
    assert desk.dead_letters() == []


def test_rule_11_stage_work_is_never_sent_again_but_asked_for_anew(
    desk: Letters, transport: MemoryTransport, bury: Callable[..., str], asked: list[tuple[bytes, str]]
) -> None:
    id_ = bury("stage.run.wait", "stage.run", b'{"execution":"01J"}')
    got: list[Any] = []
    transport.consume("stage.run.wait", got.append)

    assert desk.requeue([id_], user="ann") == 1

    assert asked == [(b'{"execution":"01J"}', "ann")]
    assert got == []
    assert desk.dead_letters() == []


def test_a_letter_stays_when_the_engine_refuses(transport: MemoryTransport, bury: Callable[..., str]) -> None:
    id_ = bury("stage.run.wait", "stage.run")

    def refuse(_body: bytes, _user: str) -> None:
        raise Refused("the stage runs")

    desk = Letters(transport, None, refuse)
    with pytest.raises(Refused, match="the stage runs"):
        desk.requeue([id_], user="ann")

    assert [letter["id"] for letter in desk.dead_letters()] == [id_]


def test_what_the_engine_could_not_take_is_not_tried_again(desk: Letters, database: Database) -> None:
    keep(database, "01J/row/7")
    (letter,) = desk.dead_letters()

    with pytest.raises(Refused, match="restart a stage"):
        desk.requeue([letter["id"]], user="ann")
    assert desk.drop([letter["id"]], user="ann") == 1
    assert desk.drop([letter["id"]], user="ann") == 0
    assert desk.dead_letters() == []


def test_a_bus_that_does_not_take_the_letter_keeps_it(transport: MemoryTransport, bury: Callable[..., str]) -> None:
    id_ = bury("mail", "stage.finished")
    transport.close()
    desk = Letters(transport, None, lambda _body, _user: None)

    with pytest.raises(Unavailable, match="the bus is closed"):
        desk.requeue([id_], user="ann")

    assert [letter["id"] for letter in desk.dead_letters()] == [id_]


def test_asking_anew_restarts_the_stage_in_the_round_the_work_was_for() -> None:
    calls: list[tuple[Any, ...]] = []

    class Control:
        def restart(self, execution: str, stage: str, *, user: str, seen: int) -> None:
            calls.append((execution, stage, user, seen))

    work = Work(
        execution="01J", stage="01S", kind="task", name="wait", round=3, attempt=1, key="k", at=0, answer_by=0,
        not_after=0, shard=0, type="wait",
    )  # fmt: skip
    again = ask_anew(Control())  # type: ignore[arg-type]

    again(msgspec.json.encode(work), "ann")

    assert calls == [("01J", "01S", "ann", 3)]
    with pytest.raises(Refused, match="no stage work that can be read"):
        again(b'{"execution":1}', "ann")


def test_a_letter_without_an_event_is_not_sent_again(desk: Letters, bury: Callable[..., str]) -> None:
    id_ = bury("mail", UNDECODABLE, b"\xff no JSON")

    with pytest.raises(Refused, match="holds no event"):
        desk.requeue([id_], user="ann")
    assert desk.dead_letter(id_)["body"] == "\\xff no JSON"


def test_without_a_database_there_are_the_letters_of_the_bus_only(
    transport: MemoryTransport, bury: Callable[..., str]
) -> None:
    id_ = bury("mail", "stage.finished")
    desk = Letters(transport, None, lambda _body, _user: None)

    assert [letter["id"] for letter in desk.dead_letters()] == [id_]
    with pytest.raises(NotFound):
        desk.dead_letter("db.MDFK")
    assert desk.drop(["db.MDFK", id_], user="ann") == 1


def test_a_broker_that_is_away_is_told() -> None:
    away = open_bus("amqp://guest:guest@127.0.0.1:9/", "test")
    desk = Letters(away, None, lambda _body, _user: None)
    try:
        status = desk.status()
        assert (status["up"], status["queues"]) == (False, [])
        with pytest.raises(Unavailable):
            desk.dead_letters()
        with pytest.raises(Unavailable):
            desk.drop(["e1"], user="ann")
    finally:
        away.close(0)
