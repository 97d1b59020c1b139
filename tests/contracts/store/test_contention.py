"""Engines, triggers and people at once: nobody waits for somebody who waits for him."""

import itertools
import threading

from sqlalchemy import text

from gennaker.core.model.messages import Begin, Pause
from gennaker.core.model.slot import Slot
from gennaker.core.store import batch, commands, entries, executions, shards, slots
from gennaker.core.store.batch import Batch
from gennaker.core.store.commands import Told
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.store.prune import prune

LOCK = text("SELECT position FROM shard WHERE id = :id FOR UPDATE")
DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def deadlocks(database):
    if database.dialect == "sqlite":
        return 0
    with database.reading() as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        return connection.execute(DEADLOCKS).scalar_one()


def test_owners_triggers_commands_and_pruning_do_not_deadlock(database, story):
    numbers, failures = itertools.count(1), []
    before = deadlocks(database)
    epochs = [
        database.transact(lambda c, id_=id_: shards.claim(c, id_, "engine-1", 0, 10_000)).epoch
        for id_ in range(database.shards)
    ]

    def tell_all(turn, who):
        return tuple(
            Told(execution=f"E{n}", message=Pause(id=f"{who}-{turn}-{n}", user="ann"), id=f"{who}-{turn}-{n}")
            for n in range(4)
        )

    def own(turn, shard):
        def work(connection):
            told = tell_all(turn, f"owner-{shard}")
            one = Batch(shard=shard, epoch=epochs[shard], at=1, published_upto=0, tell=told if turn % 2 else ())
            assert batch.commit(connection, one) is not None
            held = slots.load(connection, ["p", "q"] if turn % 3 else ["q", "p"])
            slots.save(connection, [*held.values(), Slot(pipeline="q", waiters=((f"E{shard}-{turn}", 0),))])
            commands.put_all(connection, tell_all(turn, f"grant-{shard}"), 1)

        database.transact(work)

    def trigger(turn, _):
        execution, events = story.request(next(numbers))
        begin = Told(execution=execution.id, message=Begin(), id=f"{execution.id}:begin")

        def work(connection):
            executions.accept(connection, execution, events, keys=(f"k{turn}",), at=1, begin=begin)
            commands.put_all(connection, tell_all(turn, f"trigger-{execution.id}"), 1)

        database.transact(work)

    def edit(turn, who):
        definitions = SqlDefinitions(database, lambda: turn)
        definitions.save_pipeline({"application": "shop", "name": f"{who}-{turn}"}, user="ann")

    def run(what, who):
        try:
            for turn in range(15):
                what(turn, who)
        except Exception as error:
            failures.append(error)

    jobs = [(own, shard) for shard in range(database.shards)] + [(trigger, 0), (trigger, 1), (edit, 0), (edit, 1)]
    jobs.append((lambda *_: prune(database, before=0, at=1), 0))
    threads = [threading.Thread(target=run, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert deadlocks(database) == before
    with database.reading() as connection:
        for state in shards.read(connection):
            log = entries.after(connection, state.id, 0, 1_000)
            assert [entry.position for entry in log] == list(range(1, state.position + 1))


def test_a_transaction_that_the_server_undid_for_a_deadlock_is_run_again(kept_postgresql):
    both, tries, done = threading.Barrier(2), [], []

    def work(connection, first, second):
        tries.append(first)
        connection.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
        connection.execute(LOCK, {"id": first})
        if tries.count(first) == 1:
            both.wait(20)
        connection.execute(LOCK, {"id": second})
        return first

    def run(first, second):
        done.append(kept_postgresql.transact(lambda connection: work(connection, first, second)))

    threads = [threading.Thread(target=run, args=order) for order in ((0, 1), (1, 0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (sorted(done), len(tries)) == ([0, 1], 3)
