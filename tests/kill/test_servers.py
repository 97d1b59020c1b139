"""The broker and the database die under load and come back; nobody restarts the daemons."""

import signal
from collections.abc import Callable, Iterator

import pytest
from kill.servers import PostgreSQL, RabbitMQ, Server, started
from kill.trial import Trial

ENGINE, WORKER = ("engine", "api"), ("worker",)
#: A trial with a server takes long; in `make soak` there are fewer of them.
SHARE = 0.3
New = Callable[..., Trial]


@pytest.fixture
def rabbitmq() -> Iterator[Server]:
    """A broker that may be killed."""
    server = started(RabbitMQ)
    yield server
    server.close()


@pytest.fixture
def postgresql() -> Iterator[Server]:
    """A database server that may be killed."""
    server = started(PostgreSQL)
    yield server
    server.close()


@pytest.mark.timeout(240)
def test_rules_04_09_and_18_rabbitmq_stopped_and_killed_under_load_loses_nothing(
    rabbitmq: Server, postgres_url: str, bus_prefix: str, new_trial: New
) -> None:
    trial = new_trial(postgres_url, rabbitmq.url, bus_prefix, (ENGINE, WORKER, WORKER))
    trial.begin()
    for ending in (signal.SIGTERM, signal.SIGKILL):
        trial.work(2.0, 3.0)
        rabbitmq.end(ending)
        trial.work(0.5, 1.0)
        rabbitmq.start()
    trial.work(1.0, 2.0)
    trial.finish(durable=True)


@pytest.mark.timeout(200)
def test_rules_03_05_and_13_postgresql_stopped_and_crashed_under_load_loses_nothing(
    postgresql: Server, amqp_url: str, bus_prefix: str, new_trial: New
) -> None:
    trial = new_trial(postgresql.url, amqp_url, bus_prefix, (ENGINE, ENGINE, WORKER))
    trial.begin()
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGINT):
        trial.work(1.0, 2.0)
        postgresql.end(ending)
        trial.work(0.0, 1.0)
        postgresql.start()
    trial.work(1.0, 2.0)
    trial.finish(durable=True)
