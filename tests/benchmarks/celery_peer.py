"""The peer Celery, tuned: a chain of no-op tasks, no results kept, one process that does nothing else.

Separate because it runs as scripts of its own: the worker, and the one who sends chains.
"""

import json
import os
import sys
import time

import redis
from celery import Celery, chain
from child import serve

_LENGTH = 10
_TIMEOUT_S = 90

app = Celery("celery_peer", broker=os.environ.get("BENCH_AMQP", ""))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=128,
    worker_send_task_events=False,
    worker_disable_rate_limits=True,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    task_default_queue="bench",
    broker_connection_retry_on_startup=True,
)


@app.task
def noop() -> None:
    """Nothing."""


@app.task
def done(key: str) -> None:
    """Tell the one who waits."""
    _redis().lpush(key, 1)


_connection: list[redis.Redis] = []


def _redis() -> redis.Redis:
    if not _connection:
        _connection.append(redis.Redis.from_url(os.environ["BENCH_REDIS"]))
    return _connection[0]


class Peer:
    """What the sending script can be told."""

    def __init__(self, key: str) -> None:
        self._key = key

    def run(self, flight: int) -> float:
        """Seconds from sending so many chains of 10 to the end of the last."""
        line = chain(*(noop.si() for _ in range(_LENGTH)), done.si(self._key))
        began = time.perf_counter()
        for _ in range(flight):
            line.apply_async()
        for _ in range(flight):
            if _redis().brpop([self._key], timeout=_TIMEOUT_S) is None:
                raise RuntimeError("Celery did not finish its chains")
        return time.perf_counter() - began

    def alone(self, count: int) -> list[float]:
        """Seconds of chains one after another."""
        return [self.run(1) for _ in range(count)]


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    os.environ.update(given["environment"])
    app.conf.broker_url = given["environment"]["BENCH_AMQP"]
    serve(Peer(given["key"]))
