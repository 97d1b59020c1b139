"""The owner when things go wrong: poison, lost fences, a database that goes away."""

import time

import msgspec
import pytest
from processes import eventually
from sqlalchemy import text

from gennaker.bus.event import Event
from gennaker.config.load import load as load_settings
from gennaker.core.errors import NotFound, Unavailable
from gennaker.core.model.events import TaskFinished
from gennaker.core.model.messages import Outcome, Reply
from gennaker.core.model.work import REPLY_TYPE, results_queue
from gennaker.core.plugins import load as load_plugins
from gennaker.core.runtime import owner as owners
from gennaker.core.runtime.runtime import Runtime
from gennaker.core.store import batch, entries, letters, shards, slots
from gennaker.core.store.batch import Batch, commit


def _letters(runtime):
    with runtime.database.reading() as connection:
        return letters.newest(connection, 10)


def test_rule_13_what_cannot_be_stored_is_alone_in_its_fate(runtime, until, chain, monkeypatch):
    encode = entries.encode

    def choosy(events):
        events = tuple(events)
        for event in events:
            if isinstance(event, TaskFinished) and event.outputs.get("by") == "01POISON":
                raise ValueError("no such letter")
        return encode(events)

    monkeypatch.setattr(batch.entries, "encode", choosy)
    control = runtime.services.control
    ids = [
        control.start(chain("nothing", executionId=id_), {}, user="ann") for id_ in ("01A", "01POISON", "01B", "01C")
    ]
    bad = until(runtime, "01POISON", status="TERMINAL")
    assert "no such letter" in bad.cancellation_reason
    assert [until(runtime, id_).status for id_ in ids if id_ != "01POISON"] == ["SUCCEEDED"] * 3
    assert [(letter.subject, letter.type) for letter in _letters(runtime)] == [("01POISON", "Reply")]


def test_rule_13_a_message_that_cannot_be_decided_fails_its_execution_with_the_reason(
    runtime, until, chain, monkeypatch
):
    decide_all = owners.decide_all

    def clumsy(items, warm, now, types, **more):
        def advance(execution, message, now, types):
            if execution is not None and execution.id == "01POISON":
                raise ZeroDivisionError("a mistake of ours")
            from gennaker.core.engine.decide import advance

            return advance(execution, message, now, types)

        return decide_all(items, warm, now, types, advance=more.get("advance", advance))

    monkeypatch.setattr(owners, "decide_all", clumsy)
    control = runtime.services.control
    ids = [control.start(chain("nothing", executionId=id_), {}, user="ann") for id_ in ("01A", "01POISON", "01B")]
    bad = until(runtime, "01POISON", status="TERMINAL")
    assert bad.cancellation_reason == "The engine failed on a message: ZeroDivisionError: a mistake of ours"
    assert [until(runtime, id_).status for id_ in (ids[0], ids[2])] == ["SUCCEEDED"] * 2
    assert "ZeroDivisionError" in _letters(runtime)[0].traceback


def test_rule_16_a_cancel_that_meets_the_start_of_its_execution_cancels_it(runtime, until, chain, monkeypatch):
    control = runtime.services.control
    decide_all = owners.decide_all

    def slowly(items, warm, *more):
        decisions = decide_all(items, warm, *more)
        if any(item.execution == "01LATE" and "01LATE" not in warm for item in items):
            control.start(chain("nothing", executionId="01LATE"), {}, user="ann")
        return decisions

    monkeypatch.setattr(owners, "decide_all", slowly)
    with pytest.raises(NotFound):
        control.cancel("01LATE", user="bob")
    assert until(runtime, "01LATE").status == "CANCELED"
    assert _letters(runtime) == []


def test_rule_03_a_deposed_owner_writes_nothing(runtime):
    with runtime.database.reading() as connection:
        shard = shards.read(connection)[0]
    stale = Batch(shard=0, epoch=shard.epoch - 1, at=1, published_upto=10_000)
    assert runtime.database.transact(lambda connection: commit(connection, stale)) is None
    with runtime.database.reading() as connection:
        assert shards.read(connection)[0].published_upto <= shard.position


def test_rule_02_a_lost_shard_is_claimed_again_and_nothing_is_lost(runtime, until, chain):
    runtime.database.transact(lambda connection: connection.execute(text("UPDATE shard SET epoch = epoch + 1")))
    id_ = runtime.services.control.start(chain("nothing", "nothing"), {}, user="ann")
    assert until(runtime, id_, status="SUCCEEDED")


def _held(runtime):
    """Answers that somebody took and never settled."""
    return {queue.name: queue.messages for queue in runtime.transport.status()}["results.0"]


def test_rule_03_an_owner_that_is_deposed_gives_back_the_answers_in_its_hands(runtime, until, chain, monkeypatch):
    decide_all = owners.decide_all
    depose = [True]

    def slow(items, *rest, **more):
        if depose and any(item.delivery for item in items):
            depose.pop()
            runtime.database.transact(lambda connection: connection.execute(text("UPDATE shard SET epoch = epoch + 1")))
        return decide_all(items, *rest, **more)

    put = owners.Inbox.put
    seen = []

    def watched(inbox, delivery):
        seen.append(delivery.deliveries)
        put(inbox, delivery)

    monkeypatch.setattr(owners, "decide_all", slow)
    monkeypatch.setattr(owners.Inbox, "put", watched)
    id_ = runtime.services.control.start(chain("nothing", "nothing"), {}, user="ann")
    until(runtime, id_, status="SUCCEEDED")
    assert not depose
    until(runtime, id_, test=lambda _: 2 in seen)


def test_answers_taken_when_the_database_cannot_be_read_are_not_lost(runtime, until, chain, monkeypatch):
    pending = owners.commands.pending
    broken = [True]

    def flaky(*arguments):
        if broken:
            broken.pop()
            raise Unavailable("the database does not answer")
        return pending(*arguments)

    take = owners.Inbox.take

    def late(inbox, most):
        taken = take(inbox, most)
        if taken:
            monkeypatch.setattr(owners.commands, "pending", flaky)
            inbox.ring()
        return taken

    monkeypatch.setattr(owners.Inbox, "take", late)
    id_ = runtime.services.control.start(chain("nothing", "nothing"), {}, user="ann")
    until(runtime, id_, status="SUCCEEDED")
    assert not broken
    assert _held(runtime) == 0


def test_a_database_that_goes_away_and_comes_back_loses_nothing(runtime, until, chain, monkeypatch):
    transact = runtime.database.transact
    control = runtime.services.control
    ids = [control.start(chain("nothing", "nothing", "nothing"), {}, user="ann") for _ in range(3)]
    broken_until = time.monotonic() + 1.0

    def flaky(work):
        if time.monotonic() < broken_until:
            raise Unavailable("the database does not answer")
        return transact(work)

    monkeypatch.setattr(runtime.database, "transact", flaky)
    assert [until(runtime, id_).status for id_ in ids] == ["SUCCEEDED"] * 3


def test_rule_04_positions_have_no_gap_and_all_is_published(runtime, until, chain):
    control = runtime.services.control
    for id_ in [control.start(chain("nothing", "nothing"), {}, user="ann") for _ in range(5)]:
        until(runtime, id_)
    with runtime.database.reading() as connection:
        found = entries.after(connection, 0, 0, 1000)
        shard = shards.read(connection)[0]
    assert [entry.position for entry in found] == list(range(1, shard.position + 1))
    (owner,) = runtime._ownership.owners
    assert owner.relay.published_upto == shard.position


def test_rule_17_claims_of_executions_that_are_gone_are_dropped_at_a_take_over(runtimes, until, chain):
    first = runtimes()
    ghost = slots.Slot(pipeline="x", limit=1, holders=(("01GHOST", 0),))
    first.database.transact(lambda connection: slots.save(connection, [ghost]))
    first.drain(5)
    second = runtimes()
    id_ = second.services.control.start(chain("nothing", id="x", limitConcurrent=True), {}, user="ann")
    assert until(second, id_, status="SUCCEEDED")


def test_health_says_what_is_wrong(runtime, monkeypatch):
    assert runtime.health().up
    monkeypatch.setattr(runtime.database, "ping", lambda: (_ for _ in ()).throw(Unavailable("it does not answer")))
    report = runtime.health()
    assert not report.up
    assert report.components["database"] == {"status": "DOWN", "reason": "it does not answer"}


def test_health_says_that_the_shards_cannot_be_looked_after_and_that_they_can_again(runtime, until, chain, monkeypatch):
    for error, told in (
        (Unavailable("the database does not answer"), "the database does not answer"),
        (ZeroDivisionError("a mistake of ours"), "ZeroDivisionError: a mistake of ours"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(runtime._ownership, "_look", _raising(error))
            eventually(lambda told=told: runtime.health().components["engine"].get("reason") == told)
            assert runtime.health().components["engine"]["status"] == "DOWN"
        eventually(lambda: runtime.health().up)
    assert until(runtime, runtime.services.control.start(chain("nothing"), {}, user="ann"), status="SUCCEEDED")


def test_an_owner_that_breaks_gives_the_shard_up_and_it_is_taken_again(runtime, until, chain, monkeypatch, caplog):
    with monkeypatch.context() as patched:
        patched.setattr(owners, "decide_all", _raising(ZeroDivisionError("a mistake of ours")))
        id_ = runtime.services.control.start(chain("nothing"), {}, user="ann")
        eventually(lambda: "the owner failed and gives it up" in caplog.text)
    assert until(runtime, id_).status == "SUCCEEDED"


def test_an_answer_that_cannot_be_read_is_with_the_dead_letters(runtime, until, chain):
    queue = results_queue(0)
    runtime.transport.send(queue, [Event(id="x", type=REPLY_TYPE, source="tests", data=b"{}")], lambda _: None)
    eventually(lambda: runtime.transport.dead_letters())
    (letter,) = runtime.transport.dead_letters()
    assert (letter.queue, letter.event.id) == (queue, "x")
    assert "this answer cannot be read" in letter.reason
    assert until(runtime, runtime.services.control.start(chain("nothing"), {}, user="ann"), status="SUCCEEDED")


def test_a_late_answer_is_acknowledged_and_changes_nothing(runtime, until, chain):
    id_ = runtime.services.control.start(chain("nothing"), {}, user="ann")
    stage = until(runtime, id_).top_level()[0]
    before = runtime.services.executions.get(id_)
    late = Reply(stage=stage.id, kind="task", name="go", round=0, attempt=1, outcome=Outcome(status="TERMINAL"))
    queue = results_queue(0)
    event = Event(id="x", type=REPLY_TYPE, source="tests", subject=id_, data=msgspec.json.encode(late))
    runtime.transport.send(queue, [event], lambda _: None)
    eventually(lambda: {each.name: each.messages for each in runtime.transport.status()}[queue] == 0)
    assert runtime.services.executions.get(id_) == before


def test_a_bus_that_cannot_be_opened_leaves_no_database_open(home):
    settings = load_settings(None, home=home, environ={}, overrides={"bus.url": "carrier-pigeon://"})
    with pytest.raises(Exception, match="carrier-pigeon"):
        Runtime(settings, load_plugins(settings))


def test_a_process_that_did_not_get_to_its_start_lets_go_of_everything(home, runtimes):
    settings = load_settings(None, home=home, environ={}, overrides={})
    Runtime(settings, load_plugins(settings)).drain(1)
    assert runtimes().health().up


def test_health_names_plugins_that_were_left_out_and_stays_up(home, runtimes):
    (home / "plugins.d" / "bad.py").write_text("1 / 0")
    report = runtimes().health()
    assert report.up
    assert report.components["plugins"]["broken"] == {"bad": "ZeroDivisionError: division by zero"}


def _raising(error):
    def fail(*_arguments, **_named):
        raise error

    return fail


@pytest.mark.usefixtures("runtime")
def test_a_second_engine_on_the_same_file_is_refused(runtimes):
    with pytest.raises(Exception, match="is the engine of this SQLite file already"):
        runtimes()


def test_metrics_count_what_happens(runtime, until, chain):
    until(runtime, runtime.services.control.start(chain("nothing"), {}, user="ann"))
    end = time.monotonic() + 5
    while b'gennaker_executions_total{what="SUCCEEDED"}' not in runtime.services.metrics():
        assert time.monotonic() < end, "what was stored is not counted"
        time.sleep(0.01)
    assert b"gennaker_batch_changes_count" in runtime.services.metrics()


def test_rule_04_a_changed_definition_is_told_even_when_nothing_runs(runtime, chain):
    heard: list[str] = []
    listener = runtime.transport.listen(["pipeline.*"], lambda event: heard.append(event.type))
    runtime.services.definitions.save_pipeline(chain("nothing"), user="ann")
    eventually(lambda: heard == ["pipeline.saved"])
    listener.stop()
