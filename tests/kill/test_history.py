"""The judges of the kill tests see what they are there to see."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kill.effects import Effects
from kill.history import History
from kill.load import Ledger
from sqlalchemy import text

from gennaker.core.engine.apply import fold
from gennaker.core.engine.requests import accept_pipeline
from gennaker.core.model import events as e
from gennaker.core.model.messages import Begin
from gennaker.core.model.status import Status
from gennaker.core.store import batch, executions
from gennaker.core.store.commands import Told
from gennaker.core.store.database import Database

PIPELINE = {"application": "a", "name": "p", "stages": [{"type": "quick", "refId": "1", "requisiteStageRefIds": []}]}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with one execution that was requested with the key `k` and never began."""
    made = Database.open(f"sqlite:///{tmp_path}/log.db", synchronous="NORMAL")
    trigger = {"parameters": {"request": "k"}}
    event = accept_pipeline(PIPELINE, trigger, id_="E", now=1, user="ann")
    state = fold(None, (event,), 1)
    begin = Told(execution="E", message=Begin(), id="E/begin")
    made.transact(lambda connection: executions.accept(connection, state, (event,), keys=(), at=1, begin=begin))
    yield made
    made.close()


def append(database: Database, *events: e.AnyEvent, at: int = 2) -> None:
    """Add facts to the execution, possible or not."""
    with database.reading() as connection:
        known = executions.load(connection, "E")
    change = batch.Change(execution=fold(known, events, at), events=events)
    one = batch.Batch(shard=0, epoch=0, at=at, published_upto=0, changes=(change,))
    assert database.transact(lambda connection: batch.commit(connection, one))


def wrong(database: Database, ledger: Ledger | None = None) -> str:
    """All that is found."""
    history = History.read(database)
    history.check(ledger or Ledger(accepted={"k": "E"}))
    return "\n".join(history.wrong)


def test_what_never_ended_and_what_was_never_taken_in_is_found(database: Database) -> None:
    found = wrong(database)
    for part in ("E (p): NOT_STARTED", "E/begin was never taken in", "E is active in the table"):
        assert part in found


def test_a_gap_in_the_positions_is_found(database: Database) -> None:
    database.transact(lambda connection: connection.execute(text("UPDATE shard SET position = position + 1")))
    assert "not without gaps" in wrong(database)


def test_facts_that_cannot_be_are_found(database: Database) -> None:
    append(database, e.ExecutionStarted(), e.ExecutionFinished(status=Status.SUCCEEDED))
    append(database, e.ExecutionFinished(status=Status.TERMINAL), at=1)
    found = wrong(database)
    assert "it finished when it was SUCCEEDED" in found
    assert "it went from SUCCEEDED to TERMINAL" in found
    assert "time goes back" in found


def test_lost_and_doubled_requests_and_lost_commands_are_found(database: Database) -> None:
    ledger = Ledger(accepted={"k": "other", "lost": "F"})
    ledger.count(ledger.answered, "E", "pause")
    found = wrong(database, ledger)
    assert "request k was answered with other, the log has ['E']" in found
    assert "request lost was answered with F, the log has None" in found
    assert "('E', 'pause'): 1 were answered, 0 are in the log" in found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([("began", False), ("performed", False), ("began", True), ("performed", True)], "k: performed 2 times"),
        ([("began", False), ("performed", False), ("began", False), ("found", False)], "k: 2 calls are not marked"),
        ([("began", False), ("performed", False), ("began", True), ("found", True)], ""),
    ],
)
def test_doubled_effects_and_repeats_that_do_not_say_so_are_found(
    tmp_path: Path, lines: list[tuple[str, bool]], found: str
) -> None:
    common: dict[str, Any] = {"key": "k", "attempt": 1, "stage": "S", "execution": "E", "name": "go"}
    calls = [{"what": what, "again": again, **common} for what, again in lines]
    (tmp_path / "calls").write_text("".join(json.dumps(line) + "\n" for line in calls))
    effects = Effects.read(tmp_path)
    assert effects.repeats == 1
    assert "\n".join(effects.wrong).startswith(found)
    assert bool(effects.wrong) is bool(found)
