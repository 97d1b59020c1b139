"""Calls that take long, in a whole process: what they tell is in the log, and they hear that they are to end."""

import pytest
from long_calls import PLUGIN, pipeline, told

from gennaker.core.redact import redactor


@pytest.fixture
def home(home):
    (home / "plugins.d" / "long.py").write_text(PLUGIN)
    return home


def test_rule_08_a_call_may_take_longer_than_its_answer_by_while_it_tells_of_itself(runtime, until):
    redactor.register(["quite-a-secret"])
    id_ = runtime.services.control.start(pipeline(beats=25), {}, user="ann")
    done = until(runtime, id_)
    assert (done.status, done.top_level()[0].outputs) == ("SUCCEEDED", {"calls": [False]})
    assert told(runtime, id_) == ["begun", "the key is ***"]


def test_rule_08_a_call_that_falls_silent_is_made_again(runtime, until):
    id_ = runtime.services.control.start(pipeline(beats=5, silent=True), {}, user="ann")
    done = until(runtime, id_)
    assert done.top_level()[0].outputs["calls"][:2] == [False, True]


def test_rule_16_a_cancel_reaches_a_call_that_is_under_way(runtime, until):
    id_ = runtime.services.control.start(pipeline(), {}, user="ann")
    until(runtime, id_, test=lambda _: "begun" in told(runtime, id_))
    runtime.services.control.cancel(id_, user="ann")
    done = until(runtime, id_, test=lambda each: each.status.complete and not each.active)
    assert done.status == "CANCELED"
    assert "ended early" not in str(done.top_level()[0].context.get("exception"))


def test_a_process_that_ends_ends_its_long_calls(runtimes, until):
    runtime = runtimes()
    id_ = runtime.services.control.start(pipeline(), {}, user="ann")
    until(runtime, id_, test=lambda _: "begun" in told(runtime, id_))
    assert runtime._worker.drain(5)
