"""Several processes on RabbitMQ and PostgreSQL: who owns what, who takes over, who hears of what."""

import os
import subprocess
import threading
from collections import defaultdict

import pytest
from processes import eventually
from sqlalchemy import text

from gennaker.bus.open import open_bus
from gennaker.core.errors import Refused
from gennaker.core.model.ids import shard_of
from gennaker.core.model.stage_type import StageType, TaskType
from gennaker.core.runtime import inbox
from gennaker.core.runtime.ownership import this_host
from gennaker.core.runtime.runtime import wall_clock
from gennaker.core.store import engines, shards
from gennaker.core.store.database import Database
from gennaker.core.store.engines import Process

HOUR_MS = 3_600_000

SPECIAL = '''
from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage, task


class Special(Stage, type="special"):
    """Only one process has it."""

    @task
    def go(self, run):
        return run.succeeded()


@hookimpl
def gennaker_stages():
    return [Special]
'''


def owned(runtime):
    """The shards that a process has."""
    return runtime.health().components["engine"]["shards"]


@pytest.fixture
def stored(postgres_url):
    """The database of the cluster, before and beside its processes."""
    database = Database.open(postgres_url, shards=4)
    yield database
    database.close()


def test_rule_02_engines_share_the_shards_and_the_last_one_takes_all(cluster, until, chain):
    first = cluster()
    assert owned(first) == [0, 1, 2, 3]
    second = cluster()
    eventually(lambda: len(owned(first)) == len(owned(second)) == 2)
    assert sorted(owned(first) + owned(second)) == [0, 1, 2, 3]
    start = first.services.control.start
    ids = [start(chain("nothing", "nothing"), {}, user="ann") for _ in range(12)]
    assert [until(first, id_).status for id_ in ids] == ["SUCCEEDED"] * 12
    assert len({shard_of(id_, 4) for id_ in ids}) > 1
    held = [start(chain("hold"), {}, user="ann") for _ in range(6)]
    second.drain(5)
    eventually(lambda: owned(first) == [0, 1, 2, 3])
    for id_ in held:
        stage = until(first, id_, test=lambda each: bool(each.active)).top_level()[0]
        first.services.control.patch(id_, stage.id, {"go": True}, user="ann")
        until(first, id_, status="SUCCEEDED")


def test_rule_02_what_a_dead_process_of_this_machine_owned_is_taken_at_once(cluster, stored):
    child = subprocess.Popen(["true"])
    child.wait()
    leave(stored, child.pid, this_host(), wall_clock() + HOUR_MS)
    assert owned(cluster()) == [0, 1, 2, 3]


def test_rule_02_the_lease_of_a_process_elsewhere_is_waited_for(cluster, stored):
    leave(stored, os.getpid(), "elsewhere", wall_clock() + HOUR_MS)
    engine = cluster()
    assert owned(engine) == []
    stored.transact(lambda connection: connection.execute(text("UPDATE shard SET lease_until = 1")))
    eventually(lambda: len(owned(engine)) == 2, "it takes its half while the other one still beats")
    stored.transact(lambda connection: connection.execute(text("UPDATE process SET seen = 1 WHERE host = 'elsewhere'")))
    eventually(lambda: owned(engine) == [0, 1, 2, 3])


def leave(database, pid, host, until_ms):
    """What a process leaves in the database that owned everything."""
    now = wall_clock()
    process = Process(id="01OLD", host=host, pid=pid, version="1", roles=("engine",), started=now, seen=now)
    database.transact(lambda connection: engines.beat(connection, process))
    for shard in range(4):
        database.transact(lambda connection, id_=shard: shards.claim(connection, id_, "01OLD", now, until_ms - now))


def test_rule_03_an_engine_whose_leases_ran_out_gives_its_shards_up(cluster, until, chain):
    """Its clock is an hour behind, so that each of its leases has run out for everybody else."""
    late = cluster(clock=lambda: wall_clock() - HOUR_MS)
    ids = [late.services.control.start(chain("hold"), {}, user="ann") for _ in range(6)]
    for id_ in ids:
        until(late, id_, test=lambda each: bool(each.active))
    punctual = cluster()
    eventually(lambda: owned(punctual) == [0, 1, 2, 3])
    for id_ in ids:
        punctual.services.control.cancel(id_, user="bob")
        until(punctual, id_, status="CANCELED")
    eventually(lambda: owned(late) == [])


def test_rule_03_a_deposed_owner_acknowledges_nothing_and_the_next_one_gets_it(cluster, stored, until, chain):
    engine = cluster()
    before = {owner.shard.id: owner for owner in engine._ownership.owners}
    ids = [engine.services.control.start(chain("nothing", "nothing", "nothing"), {}, user="ann") for _ in range(8)]
    stored.transact(lambda connection: connection.execute(text("UPDATE shard SET epoch = epoch + 1")))
    assert [until(engine, id_).status for id_ in ids] == ["SUCCEEDED"] * 8
    eventually(lambda: len(owned(engine)) == 4)
    for id_ in ids:
        assert before[shard_of(id_, 4)] not in engine._ownership.owners


def test_rule_04_what_was_not_confirmed_is_published_again_in_order(
    cluster, stored, until, chain, amqp_url, bus_prefix
):
    first = cluster()
    ids = [first.services.control.start(chain("nothing", "nothing"), {}, user="ann") for _ in range(6)]
    lasts = {id_: until(first, id_).sequence for id_ in ids}
    first.drain(5)
    stored.transact(lambda connection: connection.execute(text("UPDATE shard SET published_upto = 0")))
    bus = open_bus(amqp_url, bus_prefix, name="reader")
    heard = defaultdict(list)
    bus.declare_subscriber("reader", ["#"])

    def note(delivery):
        heard[delivery.event.subject].append(int(delivery.event.extensions["sequence"]))
        delivery.ack()

    bus.consume("reader", note)
    cluster()
    eventually(lambda: all(heard[id_] and heard[id_][-1] == last for id_, last in lasts.items()))
    assert {id_: heard[id_] for id_ in ids} == {id_: list(range(1, last + 1)) for id_, last in lasts.items()}
    bus.close()


def test_rule_04_a_stopped_engine_leaves_nothing_to_publish_again(cluster, stored, until, chain):
    engine = cluster()
    for id_ in [engine.services.control.start(chain("nothing"), {}, user="ann") for _ in range(6)]:
        until(engine, id_)
    eventually(lambda: not engine.transport.health().outstanding)
    engine.drain(5)
    with stored.reading() as connection:
        assert all(shard.published_upto == shard.position for shard in shards.read(connection))


def test_rule_05_commands_of_one_process_are_answered_by_another(cluster, until, chain):
    cluster(roles=["engine", "worker"])
    api = cluster(roles=["api"])
    id_ = api.services.control.start(chain("hold"), {}, user="ann")
    until(api, id_, test=lambda each: bool(each.active))
    api.services.control.pause(id_, user="bob")
    assert api.services.executions.get(id_).status == "PAUSED"
    with pytest.raises(Refused, match="Only a running"):
        api.services.control.pause(id_, user="bob")


def test_rule_05_an_engine_is_woken_by_what_another_process_stores(cluster, until, chain, monkeypatch):
    monkeypatch.setattr(inbox, "LOOK_S", 3600.0)
    cluster(roles=["engine", "worker"])
    api = cluster(roles=["api"])
    id_ = api.services.control.start(chain("nothing"), {}, user="ann")
    assert until(api, id_).status == "SUCCEEDED"


def test_what_one_process_commits_is_news_in_another(cluster, chain):
    engine = cluster(roles=["engine", "worker"])
    api = cluster(roles=["api"])
    heard = threading.Event()
    end = api.services.live.on_news(heard.set)
    since = api.services.live.now()
    id_ = engine.services.control.start(chain("nothing"), {}, user="ann")
    eventually(lambda: "execution.finished" in [each.type for each in api.services.live.after(since)])
    assert heard.wait(10)
    assert {each.subject for each in api.services.live.after(since)} == {id_}
    end()


def test_rule_15_stage_types_of_a_worker_that_comes_later_are_known_to_the_engine(cluster, until, chain, tmp_path):
    engine = cluster(roles=["engine", "api"])
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "plugins.d").mkdir(parents=True)
    (elsewhere / "plugins.d" / "special.py").write_text(SPECIAL)
    cluster(roles=["worker"], at=elsewhere)
    eventually(lambda: "special" in engine.services.stage_types())
    id_ = engine.services.control.start(chain("special"), {}, user="ann")
    assert until(engine, id_).status == "SUCCEEDED"


def test_rule_09_work_that_no_queue_takes_stays_owed_and_why_says_so(cluster, stored, until, chain, tmp_path):
    engine = cluster()
    ghost = StageType(type="special", tasks=(TaskType(name="go", answer_by=0.5),))
    stored.transact(lambda connection: engines.publish_types(connection, [ghost], "01GONE", 1))
    eventually(lambda: "special" in engine.services.stage_types())
    id_ = engine.services.control.start(chain("special"), {}, user="ann")
    why = engine.services.why
    eventually(lambda: "no worker for special" in why.why(engine.services.executions.get(id_)))
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "plugins.d").mkdir(parents=True)
    (elsewhere / "plugins.d" / "special.py").write_text(SPECIAL)
    cluster(roles=["worker"], at=elsewhere)
    assert until(engine, id_).status == "SUCCEEDED"
