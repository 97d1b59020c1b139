"""Calls that take long, with the engine and the worker in different processes on a broker."""

import pytest
from long_calls import PLUGIN, pipeline, told
from processes import eventually


@pytest.fixture
def processes(cluster, tmp_path):
    """An engine, and a worker elsewhere that has the plugin."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "plugins.d").mkdir(parents=True)
    (elsewhere / "plugins.d" / "long.py").write_text(PLUGIN)
    engine = cluster(roles=["engine"])
    worker = cluster(roles=["worker"], at=elsewhere)
    eventually(lambda: "long" in engine.services.stage_types())
    return engine, worker


def test_rule_08_a_call_goes_on_for_longer_than_its_answer_by_while_it_tells_of_itself(processes, until):
    engine, _ = processes
    id_ = engine.services.control.start(pipeline(beats=30), {}, user="ann")
    done = until(engine, id_)
    assert (done.status, done.top_level()[0].outputs) == ("SUCCEEDED", {"calls": [False]})
    assert told(engine, id_)[0] == "begun"


def test_rule_16_a_cancel_reaches_a_call_in_another_process(processes, until):
    engine, worker = processes
    id_ = engine.services.control.start(pipeline(beats=2000), {}, user="ann")
    until(engine, id_, test=lambda _: "begun" in told(engine, id_))
    engine.services.control.cancel(id_, user="ann")
    done = until(engine, id_, test=lambda each: each.status.complete and not each.active)
    assert done.status == "CANCELED"
    eventually(lambda: worker._worker.held == 0, "the call goes on")


def test_rule_08_a_process_that_ends_gives_its_call_to_another(processes, until, cluster, tmp_path):
    engine, worker = processes
    id_ = engine.services.control.start(pipeline(beats=60, resumes=True), {}, user="ann")
    until(engine, id_, test=lambda _: "begun" in told(engine, id_))
    cluster(roles=["worker"], at=tmp_path / "elsewhere")
    worker.drain(5)
    done = until(engine, id_)
    assert done.status == "SUCCEEDED", done.top_level()[0].context
    assert done.top_level()[0].outputs == {"calls": [True]}
