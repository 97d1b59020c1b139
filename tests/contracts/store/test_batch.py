"""What an owner commits, and what a deposed one does not."""

import itertools
import threading

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from gennaker.core.model.events import EVENT_FORMAT, CommandHandled, ExecutionStarted, StageChanged
from gennaker.core.model.ids import shard_of
from gennaker.core.model.messages import Cancel, Pause
from gennaker.core.store import batch, commands, entries, executions, shards
from gennaker.core.store.commands import Told
from gennaker.core.store.database import Database


def test_a_batch_appends_entries_and_returns_the_last_position(database, story):
    first, second = story.accept(database, 1), story.accept(database, 2)
    home = shard_of(first.id, database.shards)
    others = [each for each in (first, second) if shard_of(each.id, database.shards) == home]
    owner = database.transact(lambda c: shards.claim(c, home, "engine-1", 0, 10_000))
    changes = [story.start(each, cause="X:1") for each in others]
    last = database.transact(lambda c: batch.commit(c, story.batch(home, owner.epoch, *changes, published_upto=1)))
    with database.reading() as connection:
        log = entries.after(connection, home, 0, 100)
        state = shards.read(connection)[home]
    assert [entry.position for entry in log] == list(range(1, last + 1))
    assert [(entry.execution, entry.sequence, entry.count, entry.cause) for entry in log[-len(others) :]] == [
        (each.id, 2, 2, "X:1") for each in others
    ]
    assert entries.decode(log[-1]) == changes[-1].events
    assert (state.position, state.published_upto, state.format) == (last, 1, EVENT_FORMAT)


@pytest.mark.parametrize("snapshot", [False, True])
def test_rule_03_a_load_is_the_fold_of_what_was_committed(database, story, shard_with_owner, snapshot):
    accepted = story.accept(database)
    home = shard_of(accepted.id, database.shards)
    epoch = shard_with_owner(home)
    running = story.start(accepted, snapshot=snapshot)
    changed = story.change(
        running.execution, StageChanged(stage="S1", context={"né": "\x00\\u0000\n"}, user="ann"), at=2_500
    )
    database.transact(lambda c: batch.commit(c, story.batch(home, epoch, running)))
    database.transact(lambda c: batch.commit(c, story.batch(home, epoch, changed)))
    with database.reading() as connection:
        assert executions.load(connection, accepted.id) == changed.execution
        assert executions.load_many(connection, [accepted.id, "unknown"]) == {accepted.id: changed.execution}


def test_several_changes_of_one_execution_in_one_batch_are_stored_in_order(database, story, shard_with_owner):
    accepted = story.accept(database)
    home = shard_of(accepted.id, database.shards)
    epoch = shard_with_owner(home)
    running = story.start(accepted, due_at=5_000, snapshot=True)
    ended = story.finish(running.execution)
    database.transact(lambda c: batch.commit(c, story.batch(home, epoch, running, ended)))
    with database.reading() as connection:
        assert executions.load(connection, accepted.id) == ended.execution
        assert executions.due(connection, home) == []


def test_rule_03_a_deposed_owner_writes_nothing(database, story, shard_with_owner):
    accepted = story.accept(database)
    home = shard_of(accepted.id, database.shards)
    old = shard_with_owner(home)
    taken = database.transact(lambda c: shards.claim(c, home, "engine-2", 20_000, 10_000, steal=True))
    assert taken.epoch == old + 1
    with database.reading() as connection:
        (waiting,) = commands.pending(connection, home, 0, 10)
    stale = story.batch(home, old, story.start(accepted), commands_done=(waiting.row,))
    assert database.transact(lambda c: batch.commit(c, stale)) is None
    with database.reading() as connection:
        assert len(entries.of_execution(connection, accepted.id)) == 1
        assert commands.pending(connection, home, 0, 10) == [waiting]
    fresh = story.batch(home, taken.epoch, story.start(accepted), commands_done=(waiting.row,))
    assert database.transact(lambda c: batch.commit(c, fresh)) == 2
    with database.reading() as connection:
        assert commands.pending(connection, home, 0, 10) == []


def test_rule_03_an_event_number_that_exists_rolls_the_whole_batch_back(database, story, shard_with_owner):
    accepted = story.accept(database)
    home = shard_of(accepted.id, database.shards)
    epoch = shard_with_owner(home)
    database.transact(lambda c: batch.commit(c, story.batch(home, epoch, story.start(accepted))))
    other_way = story.change(accepted, ExecutionStarted(round=7))
    with pytest.raises(IntegrityError):
        database.transact(lambda c: batch.commit(c, story.batch(home, epoch, other_way)))
    with database.reading() as connection:
        assert shards.read(connection)[home].position == 2
        assert executions.statuses(connection, [accepted.id])[accepted.id][1] == 0


def test_an_empty_batch_checks_the_fence_and_keeps_the_published_mark(database, story, shard_with_owner):
    story.accept(database)
    epoch = shard_with_owner(0)
    with database.reading() as connection:
        before = shards.read(connection)[0]
    empty = story.batch(0, epoch, published_upto=before.position)
    assert database.transact(lambda c: batch.commit(c, empty)) == before.position
    lower = story.batch(0, epoch, published_upto=0)
    database.transact(lambda c: batch.commit(c, lower))
    with database.reading() as connection:
        assert shards.read(connection)[0].published_upto == before.position


def test_a_change_without_events_is_a_mistake_that_is_named(database, story, shard_with_owner):
    accepted = story.accept(database)
    bare = story.batch(0, shard_with_owner(0), story.start(accepted), story.change_without_events(accepted))
    with pytest.raises(ValueError, match="without events"):
        database.transact(lambda c: batch.commit(c, bare))


def test_rule_07_telling_twice_is_one_row(database, story, shard_with_owner):
    accepted = story.accept(database)
    home = shard_of(accepted.id, database.shards)
    epoch = shard_with_owner(0)
    told = Told(execution=accepted.id, message=Cancel(id="c1", user="ann", reason="why not"), id="c1")
    database.transact(lambda c: batch.commit(c, story.batch(0, epoch, tell=(told, told))))
    database.transact(lambda c: commands.put(c, told, home, 9_000))
    with database.reading() as connection:
        rows = commands.pending(connection, home, 0, 10)
    assert [(row.id, row.at) for row in rows] == [(f"{accepted.id}:begin", 1_000), ("c1", 2_000)]
    assert rows[1].message == told.message
    with database.reading() as connection:
        assert commands.pending(connection, home, rows[0].row, 10) == rows[1:]
        assert commands.pending(connection, home, 0, 1) == rows[:1]


def test_rule_04_positions_have_no_gap_while_many_accept_and_the_owner_commits(database, story, shard_with_owner):
    epoch = shard_with_owner(0)
    mine = [e for n in range(200) if shard_of((e := story.request(n)[0]).id, database.shards) == 0][:20]
    for number in range(200):
        if story.request(number)[0].id in {each.id for each in mine}:
            story.accept(database, number)
    failures = []

    def accept(start):
        for number in range(start, start + 25):
            story.accept(database, number, at=5_000)

    def own():
        for each in mine:
            last = database.transact(lambda c, e=each: batch.commit(c, story.batch(0, epoch, story.start(e))))
            if last is None:
                failures.append(each.id)

    threads = [threading.Thread(target=accept, args=(1000 * (n + 1),)) for n in range(4)]
    threads.append(threading.Thread(target=own))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.reading() as connection:
        for state in shards.read(connection):
            positions = [entry.position for entry in entries.after(connection, state.id, 0, 1_000)]
            assert positions == list(range(1, state.position + 1))
        assert sum(state.position for state in shards.read(connection)) == 140


def test_commands_that_come_together_are_never_read_past(database):
    told = [Told(execution="E", message=Pause(id=f"p{n}", user="ann"), id=f"p{n}") for n in range(60)]
    seen: list[str] = []
    stop = threading.Event()

    def read():
        last = 0
        while True:
            ended = stop.is_set()
            with database.reading() as connection:
                rows = commands.pending(connection, 0, last, 100)
            seen.extend(row.id for row in rows)
            last = rows[-1].row if rows else last
            if ended:
                return

    def write(part):
        for each in part:
            database.transact(lambda c, e=each: commands.put(c, e, 0, 1))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(told[n::4],)) for n in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert sorted(seen) == sorted(each.id for each in told)


NUMBERS = itertools.count(1)
TEXT = st.text(max_size=12)
CONTEXTS = st.dictionaries(TEXT, st.one_of(TEXT, st.integers(-(2**53), 2**53), st.booleans(), st.none()), max_size=3)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(st.tuples(CONTEXTS, st.booleans(), st.integers(0, 3)), max_size=12), data=st.data())
def test_whatever_is_committed_the_load_is_the_state_in_memory(database: Database, story, steps, data):
    accepted = story.accept(database, number=next(NUMBERS))
    home = shard_of(accepted.id, database.shards)
    claimed = database.transact(lambda c: shards.claim(c, home, "engine-1", 0, 10_000))
    state, waiting = accepted, []

    def commit(changes):
        database.transact(lambda c: batch.commit(c, story.batch(home, claimed.epoch, *changes)))

    (stage,) = accepted.stages
    for number, (context, snapshot, lag) in enumerate(steps):
        events = (
            StageChanged(stage=stage, context=context, user="ann"),
            CommandHandled(id=f"c{number}", command="patch"),
        )
        waiting.append(story.change(state, *events[: 1 + lag % 2], at=state.stamp + lag, snapshot=snapshot))
        state = waiting[-1].execution
        if data.draw(st.booleans()):
            commit(waiting)
            waiting = []
    commit(waiting)
    with database.reading() as connection:
        loaded = executions.load(connection, accepted.id)
    assert loaded == state
    assert msgspec.json.encode(loaded) == msgspec.json.encode(state)


def test_rule_22_an_entry_of_a_later_release_is_told_with_its_place():
    body = b'[{"type":"stage.teleported","stage":"S"}]'
    entry = entries.Entry(
        shard=1, position=7, execution="01E", sequence=3, count=1, at=1, application="shop", cause="", body=body
    )
    with pytest.raises(ValueError, match=r"shard 1, position 7, execution 01E: .*stage\.teleported"):
        entries.decode(entry)
