"""Leases, slots, processes, the catalogue and the letters."""

import threading

import pytest

from gennaker.core.errors import Refused
from gennaker.core.model.events import EVENT_FORMAT
from gennaker.core.model.slot import Slot
from gennaker.core.model.stage_type import StageType, TaskType
from gennaker.core.store import engines, letters, shards, slots, tables
from gennaker.core.store.engines import Process
from gennaker.core.store.letters import Letter


def claim(database, owner, now, shard=0, **options):
    return database.transact(lambda c: shards.claim(c, shard, owner, now, 1_000, **options))


def test_rule_02_a_lease_is_taken_once_and_the_epoch_grows(database):
    first = claim(database, "a", 0)
    assert (first.epoch, first.owner, first.lease_until, first.position) == (1, "a", 1_000, 0)
    assert claim(database, "a", 10).epoch == 2
    later = claim(database, "b", 1_010)
    assert (later.epoch, later.owner) == (3, "b")


def test_rule_02_another_living_owner_keeps_its_shard(database):
    claim(database, "a", 0)
    if database.dialect == "sqlite":
        with pytest.raises(Refused, match=r"engine a holds this SQLite file for 0\.5 s more"):
            claim(database, "b", 500)
    else:
        assert claim(database, "b", 500) is None
    assert claim(database, "b", 500, steal=True).owner == "b"


def test_rule_02_a_renewal_tells_what_is_still_ours(database):
    epochs = {state: claim(database, "a", 0, shard=state).epoch for state in range(database.shards)}
    claim(database, "b", 5_000, shard=0)
    ours = database.transact(lambda c: shards.renew(c, "a", epochs, 6_000, 1_000))
    assert ours == set(epochs) - {0}
    with database.reading() as connection:
        assert [each.owner for each in shards.read(connection)] == ["b", *["a"] * (database.shards - 1)]
        assert shards.read(connection)[0].lease_until == 6_000


def test_a_released_shard_is_free_at_once_and_a_late_release_harmless(database):
    first = claim(database, "a", 0)
    database.transact(lambda c: shards.release(c, 0, first.epoch))
    second = claim(database, "b", 1)
    database.transact(lambda c: shards.release(c, 0, first.epoch))
    with database.reading() as connection:
        assert shards.read(connection)[0] == second


def test_rule_22_a_shard_with_events_of_a_later_format_is_not_taken(database):
    database.transact(lambda c: c.execute(tables.shard.update().values(format=EVENT_FORMAT + 1)))
    with pytest.raises(Refused, match="a later one"):
        claim(database, "a", 0)


def test_rule_17_slots_hold_sets_and_vanish_when_empty(database):
    one = Slot(pipeline="p", limit=1, keep_waiting=False, holders=(("E1", 0),), waiters=(("E2", 0), ("E3", 2)))
    two = Slot(pipeline="q", limit=3, keep_waiting=True, waiters=(("E4", 1),))
    database.transact(lambda c: slots.save(c, [one, two]))
    assert database.transact(lambda c: slots.load(c, ["q", "p", "none"])) == {"p": one, "q": two}
    empty = Slot(pipeline="p", limit=1, keep_waiting=False)
    database.transact(lambda c: slots.save(c, [empty]))
    with database.reading() as connection:
        assert slots.everything(connection) == [two]
    assert database.transact(lambda c: slots.load(c, [])) == {}


def test_rule_17_many_who_change_one_slot_lose_nobody(database):
    def enter(number):
        def work(connection):
            held = slots.load(connection, ["p"]).get("p", Slot(pipeline="p", limit=1, keep_waiting=True))
            slots.save(
                connection,
                [Slot(pipeline="p", limit=1, keep_waiting=True, waiters=(*held.waiters, (f"E{number}", 0)))],
            )

        database.transact(work)

    threads = [threading.Thread(target=enter, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        (slot,) = slots.everything(connection)
    assert sorted(slot.waiters) == sorted((f"E{n}", 0) for n in range(12))


def test_processes_are_alive_while_they_beat(database):
    process = Process(id="p1", host="h", pid=7, version="1.0", roles=("api", "engine"), started=100, seen=100)
    later = Process(id="p1", host="h", pid=7, version="1.0", roles=("api",), started=100, seen=900)
    database.transact(lambda c: engines.beat(c, process))
    database.transact(lambda c: engines.beat(c, later))
    with database.reading() as connection:
        assert engines.live(connection, 1_000, 500) == [later]
        assert engines.live(connection, 2_000, 500) == []
    database.transact(lambda c: engines.forget(c, "p1"))
    with database.reading() as connection:
        assert engines.live(connection, 1_000, 500) == []


def test_rule_15_the_catalogue_keeps_what_was_declared_last(database):
    old = StageType(type="deploy", provider="aws", version="1", tasks=(TaskType(name="go"),))
    new = StageType(type="deploy", provider="aws", version="2", fields={"a": {"type": "string"}}, cancel=True)
    wait = StageType(type="wait")
    database.transact(lambda c: engines.publish_types(c, [old, wait], "p1", 1))
    database.transact(lambda c: engines.publish_types(c, [new], "p2", 2))
    database.transact(lambda c: engines.publish_types(c, [], "p3", 3))
    with database.reading() as connection:
        assert engines.types(connection) == {"deploy.aws": new, "wait": wait}


def test_rule_11_letters_are_kept_shown_and_dropped(database):
    first = Letter(id="a", queue="stage.run.x", type="stage.run", subject="E", reason="no\x00pe", at=1, body=b"{}")
    second = Letter(id="b", queue="q", type="t", subject="E", reason="r", traceback="T", at=2, body=b"\xff\x00")
    for letter in (first, second, first):
        database.transact(lambda c, letter=letter: letters.put(c, letter))
    with database.reading() as connection:
        assert [each.id for each in letters.newest(connection, 10)] == ["b", "a"]
        assert [each.id for each in letters.newest(connection, 1)] == ["b"]
        assert letters.get(connection, "a").reason == "no\\x00pe"
        assert letters.get(connection, "b").body == b"\\xff\\x00"
        assert letters.get(connection, "c") is None
    assert database.transact(lambda c: letters.drop(c, "a")) is True
    assert database.transact(lambda c: letters.drop(c, "a")) is False
