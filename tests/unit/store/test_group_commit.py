"""One commit for all who are there, and nobody else's trouble."""

import sqlite3
import threading
import time

import pytest
from sqlalchemy import text

from gennaker.core.errors import Unavailable
from gennaker.core.store.database import Database
from gennaker.core.store.group_commit import GroupCommit, Turn
from gennaker.core.store.statement import Sql


@pytest.fixture
def database(tmp_path):
    opened = Database.open(f"sqlite:///{tmp_path}/gennaker.db", synchronous="NORMAL")
    yield opened
    opened.close()


PUT = Sql("INSERT INTO setting (name, value) VALUES (?, ?)")


def names(database):
    with database.reading() as connection:
        return {row[0] for row in connection.execute(text("SELECT name FROM setting WHERE value = 'x'"))}


def together(count, run):
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_twenty_threads_are_all_stored_and_told_their_own_result(database):
    results = {}

    def run(number):
        for turn in range(10):
            key = f"{number}-{turn}"
            results[key] = database.transact(lambda c, key=key: (PUT(c, key, "x"), key)[1])

    together(20, run)
    assert results == {key: key for key in names(database)}
    assert len(results) == 200


def test_one_who_raises_leaves_the_others_alone(database):
    errors, stored = [], []

    def run(number):
        def work(connection):
            PUT(connection, f"n{number}", "x")
            if number % 3 == 0:
                raise ValueError(number)

        try:
            database.transact(work)
            stored.append(f"n{number}")
        except ValueError as error:
            errors.append(error.args[0])

    together(20, run)
    assert sorted(errors) == list(range(0, 20, 3))
    assert names(database) == set(stored)
    assert len(stored) == 13


def test_those_who_come_during_a_commit_share_the_next_one():
    batches, began, go_on = [], threading.Event(), threading.Event()

    def run(turns):
        batches.append(len(turns))
        if len(batches) == 1:
            began.set()
            assert go_on.wait(5)
        for turn in turns:
            turn.result = turn.work(None)

    group, results = GroupCommit(run), []
    first = threading.Thread(target=lambda: results.append(group(lambda _: "first")))
    first.start()
    assert began.wait(5)
    others = [threading.Thread(target=lambda n=n: results.append(group(lambda _: n))) for n in range(7)]
    for thread in others:
        thread.start()
    until = time.monotonic() + 5
    while len(group._waiting) < 7 and time.monotonic() < until:
        time.sleep(0.001)
    go_on.set()
    for thread in (first, *others):
        thread.join()
    assert batches == [1, 7]
    assert set(results) == {"first", *range(7)}


def test_one_who_is_interrupted_while_waiting_does_not_stop_the_others(monkeypatch):
    began, go_on, results = threading.Event(), threading.Event(), []

    def run(turns):
        began.set()
        assert go_on.wait(5)
        for turn in turns:
            turn.result = turn.work(None)

    def interrupted():
        monkeypatch.setattr(Turn, "wait", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            group(lambda _: "never")
        monkeypatch.undo()

    group = GroupCommit(run)
    leader = threading.Thread(target=lambda: results.append(group(lambda _: "leader")))
    leader.start()
    assert began.wait(5)
    interrupted()
    last = threading.Thread(target=lambda: results.append(group(lambda _: "last")))
    last.start()
    go_on.set()
    for thread in (leader, last):
        thread.join(5)
    assert sorted(results) == ["last", "leader"]


def test_a_transaction_inside_a_transaction_is_a_mistake_that_is_named(database):
    with pytest.raises(RuntimeError, match="give the connection"):
        database.transact(lambda _: database.transact(lambda _: None))
    assert database.transact(lambda _: "goes on") == "goes on"


def test_a_commit_that_fails_is_told_to_everyone_and_the_next_one_works(database, monkeypatch):
    connection = database._writing._connection
    real, failures = connection.commit, iter([True, False])

    def commit():
        if next(failures):
            raise sqlite3.OperationalError("disk I/O error")
        real()

    monkeypatch.setattr(connection, "commit", commit)
    with pytest.raises(Unavailable, match=r"disk I/O error; whether the last commit took place is not known"):
        database.transact(lambda c: PUT(c, "a", "x"))
    database.transact(lambda c: PUT(c, "b", "x"))
    assert names(database) == {"b"}


def test_another_process_that_holds_the_file_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("gennaker.core.store.sqlite._BUSY_MS", 50)
    impatient = Database.open(f"sqlite:///{tmp_path}/gennaker.db")
    other = sqlite3.connect(tmp_path / "gennaker.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        impatient.transact(lambda c: PUT(c, "a", "x"))
    other.execute("ROLLBACK")
    impatient.transact(lambda c: PUT(c, "a", "x"))
    other.close()
    impatient.close()


def test_reading_does_not_wait_for_a_writer_and_sees_one_moment(database):
    database.transact(lambda c: PUT(c, "a", "x"))
    with database.reading() as connection:
        count = text("SELECT count(*) FROM setting WHERE value = 'x'")
        assert connection.execute(count).scalar_one() == 1
        database.transact(lambda c: PUT(c, "b", "x"))
        assert connection.execute(count).scalar_one() == 1
    assert names(database) == {"a", "b"}


def test_a_reader_cannot_write(database):
    with pytest.raises(Unavailable, match="readonly"), database.reading() as connection:
        PUT(connection, "a", "x")
