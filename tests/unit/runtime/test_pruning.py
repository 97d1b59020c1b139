"""Old executions go away by themselves where the configuration says so."""

import pytest
from processes import eventually

from gennaker.core.errors import Unavailable
from gennaker.core.runtime import pruning
from gennaker.core.runtime.runtime import wall_clock
from gennaker.core.services import Search

DAY_MS = 86_400_000


def in_days(count):
    return lambda: wall_clock() + count * DAY_MS


@pytest.fixture
def old(runtimes, until, chain):
    """The ids of executions that ended today."""
    first = runtimes()
    ids = [first.services.control.start(chain("nothing"), {}, user="ann") for _ in range(3)]
    for id_ in ids:
        until(first, id_)
    first.drain(5)
    return ids


@pytest.mark.usefixtures("old")
def test_rule_23_what_ended_long_ago_is_removed(runtimes, caplog):
    caplog.set_level("INFO")
    later = runtimes(clock=in_days(31), database__keep_days=30)
    eventually(lambda: later.services.executions.find(Search()) == [])
    eventually(lambda: "3 executions older than 30 days were removed" in caplog.text)


def test_rule_23_what_is_younger_stays(old, runtimes, until, chain):
    later = runtimes(clock=in_days(29), database__keep_days=30)
    id_ = later.services.control.start(chain("nothing"), {}, user="ann")
    until(later, id_)
    assert {each.id for each in later.services.executions.find(Search())} == {*old, id_}


def test_everything_is_kept_unless_the_configuration_says_how_long(old, runtimes):
    later = runtimes(clock=in_days(3650))
    assert {each.id for each in later.services.executions.find(Search())} == set(old)


@pytest.mark.usefixtures("old")
def test_a_database_that_is_away_is_tried_again(runtimes, monkeypatch, caplog):
    monkeypatch.setattr(pruning, "EVERY_S", 0.02)
    prune, calls = pruning.prune, []

    def late(*arguments, **named):
        calls.append(1)
        if len(calls) < 3:
            raise Unavailable("the database does not answer")
        return prune(*arguments, **named)

    monkeypatch.setattr(pruning, "prune", late)
    later = runtimes(clock=in_days(31), database__keep_days=30)
    eventually(lambda: later.services.executions.find(Search()) == [])
    assert caplog.text.count("old executions cannot be removed now: the database does not answer") == 2
