"""Accepting, loading, finding and removing executions."""

import threading

import pytest

from gennaker.core.engine.apply import fold
from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.model.events import ExecutionPaused, ExecutionTombstoned, SlotRequested, StageChanged
from gennaker.core.model.execution import FOLD_VERSION
from gennaker.core.model.ids import shard_of
from gennaker.core.model.messages import Begin, Pause
from gennaker.core.model.slot import Slot
from gennaker.core.model.status import Status
from gennaker.core.services import Search
from gennaker.core.store import batch, commands, entries, executions, shards, slots, tables
from gennaker.core.store.batch import Change
from gennaker.core.store.commands import Told
from gennaker.core.store.executions import SqlExecutions
from gennaker.core.store.prune import prune


def accept(database, story, number, keys=(), **fields):
    execution, events = story.request(number, **fields)
    begin = Told(execution=execution.id, message=Begin(), id=f"{execution.id}:begin")
    return execution, database.transact(
        lambda c: executions.accept(c, execution, events, keys=keys, at=1_000, begin=begin)
    )


def commit(database, story, *changes, published=None):
    """Commit changes as the owner of their shards."""
    for change in changes:
        home = shard_of(change.execution.id, database.shards)
        own = database.transact(lambda c, home=home: shards.claim(c, home, "engine-1", 0, 10_000))
        upto = own.position + 1 if published is None else published
        one = story.batch(home, own.epoch, change, published_upto=upto)
        assert database.transact(lambda c, one=one: batch.commit(c, one)) is not None


def take_in_commands(database, story):
    """Every message that waits is taken in."""
    for home in range(database.shards):
        own = database.transact(lambda c, home=home: shards.claim(c, home, "engine-1", 0, 10_000))
        with database.reading() as connection:
            rows = tuple(row.row for row in commands.pending(connection, home, 0, 1_000))
        done = story.batch(home, own.epoch, commands_done=rows, published_upto=own.position)
        database.transact(lambda c, done=done: batch.commit(c, done))


def test_rule_05_what_was_accepted_is_listed_and_owed_a_begin_at_once(database, story):
    execution, first = accept(database, story, 1)
    assert first is None
    home = shard_of(execution.id, database.shards)
    with database.reading() as connection:
        (command,) = commands.pending(connection, home, 0, 10)
        assert executions.active(connection, home) == [execution.id]
        assert executions.statuses(connection, [execution.id, "no"]) == {execution.id: (Status.NOT_STARTED, 0)}
    assert (command.execution, command.message) == (execution.id, Begin())
    assert SqlExecutions(database).find(Search(application="shop")) == [execution]


def test_rule_06_the_same_key_twice_is_the_first_execution(database, story):
    first, _ = accept(database, story, 1, keys=("a", "b"))
    with database.reading() as connection:
        before = shards.read(connection)
    assert accept(database, story, 2, keys=("c", "b"))[1] == first.id
    with database.reading() as connection:
        assert shards.read(connection) == before
        assert executions.load_many(connection, [story.request(2)[0].id]) == {}
    assert accept(database, story, 3, keys=("c",))[1] is None


def test_rule_06_the_same_id_twice_is_one_execution(database, story):
    execution, _ = accept(database, story, 1)
    with database.reading() as connection:
        before = shards.read(connection)
    assert accept(database, story, 1, keys=("k",))[1] == execution.id
    with database.reading() as connection:
        assert shards.read(connection) == before
    assert accept(database, story, 2, keys=("k",))[1] is None


def test_rule_06_of_many_with_one_key_at_once_one_is_accepted(database, story):
    answers = {}

    def run(number):
        answers[number] = accept(database, story, number, keys=("same",))[1]

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [number for number, first in answers.items() if first is None]
    assert {first for first in answers.values() if first} == {story.request(winner)[0].id}
    with database.reading() as connection:
        assert sum(state.position for state in shards.read(connection)) == 1


def test_rule_16_a_request_after_its_tombstone_stays_dead(database, story):
    execution, _ = story.request(1)
    event = ExecutionTombstoned(id=execution.id, user="ann", reason="changed my mind")
    commit(database, story, Change(execution=fold(None, (event,), 900), events=(event,)))
    assert accept(database, story, 1)[1] == execution.id
    assert SqlExecutions(database).get(execution.id).status is Status.CANCELED


def test_rule_22_a_snapshot_of_another_fold_is_ignored(database, story):
    execution = story.accept(database)
    running = story.start(execution, snapshot=True)
    commit(database, story, running)

    def spoil(connection):
        spoilt = {"fold_version": FOLD_VERSION + 1, "body": b"{}" if database.dialect == "sqlite" else "{}"}
        connection.execute(tables.snapshot.update().values(**spoilt))

    database.transact(spoil)
    assert SqlExecutions(database).get(execution.id) == running.execution
    patched = story.change(running.execution, StageChanged(stage="S1", context={"a": 1}, user="ann"), snapshot=True)
    commit(database, story, patched)
    with database.reading() as connection:
        assert connection.execute(tables.snapshot.select()).one().fold_version == FOLD_VERSION
    assert SqlExecutions(database).get(execution.id) == patched.execution


def test_what_the_owner_looks_after_is_what_runs_waits_or_cleans_up(database, story):
    execution = story.accept(database)
    home = shard_of(execution.id, database.shards)
    running = story.start(execution, due_at=7_000)
    commit(database, story, running)
    ended = story.finish(running.execution)
    assert ended.execution.active == ("S1",)
    with database.reading() as connection:
        assert executions.due(connection, home) == [(execution.id, 7_000)]
    commit(database, story, ended)
    with database.reading() as connection:
        assert executions.due(connection, home) == []
        assert executions.active(connection, home) == [execution.id]
    other = story.accept(database, 2)
    waiting = story.change(other, SlotRequested(pipeline="p", round=0))
    over = story.finish(waiting.execution)
    commit(database, story, waiting, over)
    with database.reading() as connection:
        assert other.id in executions.active(connection, shard_of(other.id, database.shards))


def test_the_newest_sequence_is_told_without_reading_the_execution(database, story):
    reader = SqlExecutions(database)
    execution = story.accept(database)
    assert reader.sequence(execution.id) == execution.sequence
    running = story.start(execution)
    patched = story.change(running.execution, StageChanged(stage="S1", user="ann", context={"a": 1}), snapshot=True)
    for change in (running, patched):
        commit(database, story, change)
        assert reader.sequence(execution.id) == reader.get(execution.id).sequence == change.execution.sequence
    ended = over(database, story, 2)
    take_in_commands(database, story)
    database.transact(lambda c: executions.delete(c, ended.id, at=9))
    for gone in (ended.id, "unknown"):
        with pytest.raises(NotFound, match="no execution"):
            reader.sequence(gone)


def test_an_execution_can_be_seen_as_it_was(database, story):
    execution = story.accept(database)
    running = story.start(execution)
    paused = story.change(running.execution, ExecutionPaused(user="ann"), snapshot=True)
    commit(database, story, running, paused)
    reader = SqlExecutions(database)
    assert reader.at(execution.id, 1) == execution
    assert reader.at(execution.id, 2).status is Status.RUNNING
    assert reader.at(execution.id, 2).stages["S1"].status is Status.NOT_STARTED
    assert reader.at(execution.id, 3) == running.execution
    assert reader.at(execution.id, 4) == paused.execution
    for sequence in (0, 5):
        with pytest.raises(NotFound, match="no event"):
            reader.at(execution.id, sequence)
    with pytest.raises(NotFound, match="no execution"):
        reader.get("unknown")


@pytest.fixture
def many(database, story):
    """Six executions of two pipelines and a task, the last one ended."""
    made = []
    for number, (pipeline, application, trigger) in enumerate(
        [
            ("p1", "shop", "cron"),
            ("p1", "shop", "manual"),
            ("p1", "shop", "cron"),
            ("p2", "shop", "git"),
            ("p3", "bank", "git"),
        ]
    ):
        fields = {"pipeline_config_id": pipeline, "application": application, "name": f"n-{pipeline}"}
        trigger = {"type": trigger, "eventId": f"e{number}"}
        made.append(story.accept(database, number, at=1_000 + number, trigger=trigger, **fields))
    made.append(story.accept(database, 9, at=2_000, kind="ORCHESTRATION", name=None, description="task"))
    commit(database, story, story.finish(made[4]))
    return made


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(), [5, 4, 3, 2, 1, 0]),
        (Search(application="shop"), [5, 3, 2, 1, 0]),
        (Search(kind="PIPELINE", oldest_first=True), [0, 1, 2, 3, 4]),
        (Search(name="n-p1", limit=2), [2, 1]),
        (Search(limit=2, offset=1), [4, 3]),
        (Search(pipeline_ids=("p2", "p3")), [4, 3]),
        (Search(statuses=(Status.SUCCEEDED,)), [4]),
        (Search(statuses=(Status.SUCCEEDED, Status.NOT_STARTED), application="bank"), [4]),
        (Search(trigger_types=("cron", "manual")), [2, 1, 0]),
        (Search(event_id="e3"), [3]),
        (Search(built_from=1_001, built_to=1_002), [2, 1]),
        (Search(kind="PIPELINE", application="shop", per_pipeline=1), [3, 2]),
        (Search(kind="PIPELINE", application="shop", per_pipeline=2, oldest_first=True), [1, 2, 3]),
        (Search(pipeline_ids=("p1",), per_pipeline=2, trigger_types=("cron",)), [2, 0]),
        (Search(kind="PIPELINE", per_pipeline=1, limit=2, offset=1), [3, 2]),
        (Search(application="none"), []),
    ],
)
def test_a_search_finds_the_newest_first(database, many, search, found):
    assert [each.id for each in SqlExecutions(database).find(search)] == [many[number].id for number in found]


def test_odd_triggers_and_names_do_not_keep_an_execution_out(database, story):
    execution = story.accept(
        database, 1, trigger={"type": 5, "eventId": None}, name="a\x00b" * 900, application="a\x00"
    )
    assert SqlExecutions(database).get(execution.id) == execution


def test_rule_06_a_key_may_be_long_and_odd(database, story):
    first, _ = accept(database, story, 1, keys=("k" * 9_000, "a\x00"))
    assert accept(database, story, 2, keys=("a\x00",))[1] == first.id
    assert accept(database, story, 3, keys=("k" * 9_000,))[1] == first.id
    assert accept(database, story, 4, keys=("k" * 8_999,))[1] is None


@pytest.mark.parametrize("id_", ["", "pipeline:1", "a\x00", "a b", "x" * 129])
def test_an_id_that_cannot_be_one_is_refused(database, story, id_):
    with pytest.raises(InvalidRequest) as caught:
        accept(database, story, 1, id=id_)
    assert caught.value.where == "executionId"


def over(database, story, number, **fields):
    """An execution that has ended, with nothing more to do for it."""
    execution = story.accept(database, number, stages=(), **fields)
    ended = story.finish(execution, at=execution.build_time + 1)
    commit(database, story, ended)
    return ended.execution


def test_a_running_execution_is_not_deleted(database, story):
    execution = story.accept(database)
    with pytest.raises(Refused, match="cancel it first"):
        database.transact(lambda c: executions.delete(c, execution.id, at=9))
    with pytest.raises(NotFound):
        database.transact(lambda c: executions.delete(c, "unknown", at=9))


def test_a_deleted_execution_is_gone_and_never_comes_back(database, story):
    ended = over(database, story, 1)
    with pytest.raises(Refused):
        database.transact(lambda c: executions.delete(c, ended.id, at=9))
    take_in_commands(database, story)
    database.transact(lambda c: executions.delete(c, ended.id, at=9))
    with pytest.raises(NotFound):
        SqlExecutions(database).get(ended.id)
    assert SqlExecutions(database).find(Search()) == []
    assert accept(database, story, 1, stages=())[1] == ended.id
    with database.reading() as connection:
        assert entries.of_execution(connection, ended.id) == []


def test_rule_04_entries_that_are_not_published_outlive_a_deleted_execution(database, story):
    execution = story.accept(database, 1, stages=())
    commit(database, story, story.finish(execution), published=0)
    home = shard_of(execution.id, database.shards)
    own = database.transact(lambda c: shards.claim(c, home, "engine-1", 0, 10_000))
    with database.reading() as connection:
        rows = tuple(row.row for row in commands.pending(connection, home, 0, 10))
    database.transact(lambda c: batch.commit(c, story.batch(home, own.epoch, commands_done=rows)))
    database.transact(lambda c: executions.delete(c, execution.id, at=9))
    with database.reading() as connection:
        assert len(entries.after(connection, home, 0, 10)) == 2
        assert executions.load(connection, execution.id) is None
    database.transact(lambda c: batch.commit(c, story.batch(home, own.epoch, published_upto=2)))
    prune(database, before=0, at=60_000)
    with database.reading() as connection:
        assert entries.after(connection, home, 0, 10) == []


def test_rule_23_pruning_takes_what_ended_long_ago_and_nothing_that_is_held(database, story):
    old, young = over(database, story, 1), over(database, story, 2, at=90_000)
    running = story.accept(database, 3)
    parent = story.accept(database, 4)
    child = over(database, story, 5, parent=parent.id)
    holder, told = over(database, story, 6), over(database, story, 7)
    take_in_commands(database, story)
    home = shard_of(told.id, database.shards)
    again = Told(execution=told.id, message=Pause(id="x", user="ann"), id="x")
    database.transact(lambda c: commands.put(c, again, home, 1))
    slot = Slot(pipeline="p", limit=1, keep_waiting=True, waiters=((holder.id, 0),))
    database.transact(lambda c: slots.save(c, [slot]))
    assert prune(database, before=50_000, at=60_000) == 1
    kept = {each.id for each in SqlExecutions(database).find(Search())}
    assert kept == {each.id for each in (young, running, parent, child, holder, told)}
    assert accept(database, story, 1, stages=())[1] == old.id
    database.transact(lambda c: slots.save(c, [Slot(pipeline="p", limit=1, keep_waiting=True)]))
    assert prune(database, before=50_000, at=60_000) == 1
    assert prune(database, before=50_000, at=60_000) == 0


def test_rule_23_what_is_not_published_is_not_pruned(database, story):
    execution = story.accept(database, 1, stages=())
    commit(database, story, story.finish(execution), published=0)
    home = shard_of(execution.id, database.shards)
    own = database.transact(lambda c: shards.claim(c, home, "engine-1", 0, 10_000))
    with database.reading() as connection:
        rows = tuple(row.row for row in commands.pending(connection, home, 0, 10))
    database.transact(lambda c: batch.commit(c, story.batch(home, own.epoch, commands_done=rows, published_upto=1)))
    assert prune(database, before=50_000, at=60_000) == 0
    database.transact(lambda c: batch.commit(c, story.batch(home, own.epoch, published_upto=2)))
    assert prune(database, before=50_000, at=60_000) == 1
