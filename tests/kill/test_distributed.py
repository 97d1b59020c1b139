"""Several processes over RabbitMQ and PostgreSQL: engines and workers die, or stop for longer than their leases last."""

import signal
import time
from collections.abc import Callable

import pytest
from kill.trial import Trial

from gennaker.core.runtime.ownership import LEASE_MS

KILLS = 25
ENGINE, WORKER = ("engine", "api"), ("worker",)
New = Callable[..., Trial]


@pytest.mark.timeout(400)
def test_rules_02_to_10_and_17_to_20_engines_and_workers_killed_at_random_lose_and_double_nothing(
    amqp_url: str, postgres_url: str, bus_prefix: str, new_trial: New
) -> None:
    trial = new_trial(postgres_url, amqp_url, bus_prefix, (ENGINE, ENGINE, WORKER, WORKER), clients=4)
    trial.begin()
    trial.kill_some(KILLS)
    trial.finish(durable=True)


@pytest.mark.timeout(200)
def test_rule_03_an_engine_that_sleeps_through_its_lease_writes_nothing_when_it_wakes(
    amqp_url: str, postgres_url: str, bus_prefix: str, new_trial: New
) -> None:
    trial = new_trial(postgres_url, amqp_url, bus_prefix, (ENGINE, ENGINE, WORKER))
    trial.begin()
    sleeper, other, worker = trial.fleet.members
    trial.work(1.0, 2.0)
    sleeper.signal(signal.SIGSTOP)
    trial.work(0.5, 1.0)
    worker.signal(signal.SIGSTOP)
    time.sleep(LEASE_MS / 1000 + 4)
    assert other.up(), other.tail()
    worker.signal(signal.SIGCONT)
    trial.work(0.5, 1.5)
    sleeper.signal(signal.SIGCONT)
    trial.work(1.0, 2.0)
    trial.finish(durable=True)
