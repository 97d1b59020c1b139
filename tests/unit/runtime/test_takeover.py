"""What a new owner finds, and goes on with: whatever the last process died on."""

import msgspec
import pytest
from sqlalchemy import text

from gennaker.core.errors import Unavailable
from gennaker.core.model.ids import shard_of
from gennaker.core.model.slot import Slot
from gennaker.core.runtime import children, owner
from gennaker.core.store import shards, slots
from gennaker.core.store.database import Database


def test_rule_08_work_that_died_with_the_bus_is_handed_out_again(runtimes, until, chain):
    """The embedded bus dies with the process: here with work that no worker has taken."""
    first = runtimes(roles=["api", "engine"])
    id_ = first.services.control.start(chain("nothing", "hold"), {}, user="ann")
    before = until(first, id_, test=lambda each: bool(each.active))
    first.drain(5)
    second = runtimes()
    found = until(second, id_, test=lambda each: each.top_level()[0].status == "SUCCEEDED")
    assert found.round == before.round
    told = second.services.live.of_execution(id_)
    handed_out = [msgspec.json.decode(each.data)["handout"] for each in told if each.type == "task.handed_out"]
    assert [(each["attempt"], each["sends"]) for each in handed_out[:2]] == [(1, 1), (1, 1)]
    assert [each.get("again", False) for each in handed_out[:2]] == [False, True]


def test_rule_17_a_grant_that_was_not_answered_is_given_again(runtimes, until, chain):
    first = runtimes()
    limited = chain("nothing", id="x", limitConcurrent=True)
    other = Slot(pipeline="x", limit=1, keep_waiting=False, holders=(("01OTHER", 0),))
    first.database.transact(lambda connection: slots.save(connection, [other]))
    id_ = first.services.control.start(limited, {}, user="ann")
    until(first, id_, test=lambda each: each.slot == "waiting")
    first.drain(5)
    granted = Slot(pipeline="x", limit=1, keep_waiting=False, holders=((id_, 0),))
    database = Database.open(first.settings.database.url)
    database.transact(lambda connection: slots.save(connection, [granted]))
    database.close()
    second = runtimes()
    assert until(second, id_).status == "SUCCEEDED"
    with second.database.reading() as connection:
        assert slots.everything(connection) == []


@pytest.fixture
def parent(chain):
    """Stores a pipeline in a process and returns one that runs it as a child."""

    def make(runtime):
        child = runtime.services.definitions.save_pipeline(chain("nothing", name="child"), user="ann")
        stage = {"type": "pipeline", "refId": "1", "application": "app", "pipeline": child["id"]}
        return {"application": "app", "name": "parent", "stages": [stage]}

    return make


def test_rule_06_a_child_that_was_asked_for_and_not_accepted_is_asked_for_again(runtimes, until, parent, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(children.Children, "accept", lambda *_: None)
        first = runtimes()
        id_ = first.services.control.start(parent(first), {}, user="ann")
        asked = until(first, id_, test=lambda each: each.top_level()[0].child is not None).top_level()[0].child
        first.drain(5)
    second = runtimes()
    found = until(second, id_, status="SUCCEEDED")
    assert found.top_level()[0].context["executionId"] == asked.id


def test_a_child_is_accepted_once_the_database_is_back(runtime, until, parent, monkeypatch):
    monkeypatch.setattr(children, "BACKOFF_S", 0.01)
    find, calls = runtime.services.definitions.pipeline, []

    def late(id_):
        calls.append(id_)
        if len(calls) < 3:
            raise Unavailable("the database does not answer")
        return find(id_)

    started = parent(runtime)
    monkeypatch.setattr(runtime.services.definitions, "pipeline", late)
    id_ = runtime.services.control.start(started, {}, user="ann")
    assert until(runtime, id_).status == "SUCCEEDED"


def test_a_child_that_the_engine_fails_on_fails_its_parent_with_the_reason(runtime, until, parent, monkeypatch):
    def clumsy(*_):
        raise ZeroDivisionError("a mistake of ours")

    started = parent(runtime)
    monkeypatch.setattr(children, "accept_pipeline", lambda *_, **__: clumsy())
    stage = until(runtime, runtime.services.control.start(started, {}, user="ann"), status="TERMINAL").top_level()[0]
    assert stage.context["exception"]["details"]["errors"] == [
        "The engine failed on the child pipeline: ZeroDivisionError: a mistake of ours"
    ]


def test_a_request_that_is_lost_does_not_keep_the_next_from_being_accepted(runtime, until, parent, monkeypatch, caplog):
    accept, calls = children.Children._accept, []

    def clumsy(self, *request):
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError("a mistake of ours")
        accept(self, *request)

    monkeypatch.setattr(children.Children, "_accept", clumsy)
    started = parent(runtime)
    lost = runtime.services.control.start(started, {}, user="ann")
    until(runtime, lost, test=lambda _: bool(calls))
    id_ = runtime.services.control.start(started, {}, user="ann")
    assert until(runtime, id_).status == "SUCCEEDED"
    assert f"a request of {lost} for a child pipeline is lost" in caplog.text


def test_rule_22_a_shard_of_a_later_release_is_not_taken(runtimes, home):
    database = Database.open(f"sqlite:///{home}/gennaker.db")
    database.transact(lambda connection: connection.execute(text("UPDATE shard SET format = 999")))
    database.close()
    with pytest.raises(Exception, match=r"shard 0 holds events of format 999 .* a later one"):
        runtimes()


def test_rule_13_more_commands_than_a_batch_holds_are_all_handled(runtimes, until, chain):
    api = runtimes(roles=["api"])
    ids = [api.services.control.start(chain("nothing"), {}, user="ann") for _ in range(owner.MOST + 6)]
    assert {shard_of(id_, api.database.shards) for id_ in ids} == {0}
    engine = runtimes(roles=["engine", "worker"])
    assert {until(engine, id_).status for id_ in ids} == {"SUCCEEDED"}


def test_rule_04_what_was_published_is_known_after_a_restart(runtimes, until, chain):
    first = runtimes()
    until(first, first.services.control.start(chain("nothing"), {}, user="ann"))
    first.drain(5)
    second = runtimes()
    with second.database.reading() as connection:
        (shard,) = shards.read(connection)
    assert shard.published_upto == shard.position > 0
