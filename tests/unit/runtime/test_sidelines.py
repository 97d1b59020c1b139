"""What plugins run beside their stages."""

import logging

import pytest
from processes import eventually

from gennaker.core.runtime import sidelines

PLUGIN = """
from pathlib import Path

from gennaker.core.hookspecs import Background, Subscription, hookimpl


def write(name, line):
    with (Path("{home}") / name).open("a") as file:
        file.write(line + "\\n")


def note(event):
    write("heard", f"{{event.type}} {{event.subject}}")


def poll(stop):
    write("polled", "began")
    if Path("{home}/polled").read_text().count("began") < 3:
        raise RuntimeError("the registry does not answer")
    stop.wait()
    write("polled", "ended")


@hookimpl
def gennaker_subscriptions(services):
    return [Subscription(queue="ends", patterns=("execution.finished",), handler=note)]


@hookimpl
def gennaker_services(services):
    return [Background(name="poller", run=poll)]
"""


@pytest.fixture
def told(home, monkeypatch):
    """Reads what the plugin writes down."""
    monkeypatch.setattr(sidelines, "AGAIN_S", 0.01)
    (home / "plugins.d" / "ears.py").write_text(PLUGIN.format(home=home))

    def read(name):
        file = home / name
        return file.read_text().splitlines() if file.exists() else []

    return read


def test_a_subscriber_hears_each_fact_it_asked_for(told, runtimes, chain):
    runtime = runtimes()
    ids = [runtime.services.control.start(chain("nothing"), {}, user="ann") for _ in range(3)]
    eventually(lambda: len(told("heard")) == 3)
    assert sorted(told("heard")) == sorted(f"execution.finished {id_}" for id_ in ids)


def test_a_background_service_that_fails_is_started_again_and_ends_with_the_process(told, runtimes, caplog):
    runtime = runtimes()
    eventually(lambda: len(told("polled")) == 3)
    assert [each.message for each in caplog.records if each.levelno == logging.ERROR] == [
        "ears.poller failed; started again in 0 s"
    ] * 2
    runtime.drain(5)
    assert told("polled") == ["began"] * 3 + ["ended"]


def test_only_workers_run_them(told, runtimes):
    runtime = runtimes(roles=["api", "engine"])
    runtime.drain(5)
    assert told("polled") == []
