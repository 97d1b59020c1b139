"""The peer Dramatiq: a pipeline of no-op actors, no results kept.

Separate because it runs as scripts of its own: the worker, and the one who sends pipelines.
"""

import json
import os
import sys
import time

import dramatiq
import redis
from child import serve
from dramatiq.brokers.rabbitmq import RabbitmqBroker

_LENGTH = 10
_TIMEOUT_S = 90

if __name__ == "__main__":
    os.environ.update(json.loads(sys.argv[1])["environment"])
broker = RabbitmqBroker(url=os.environ["BENCH_AMQP"])
broker.middleware = [each for each in broker.middleware if type(each).__name__ in ("Pipelines", "Retries", "Callbacks")]
dramatiq.set_broker(broker)
_redis = redis.Redis.from_url(os.environ["BENCH_REDIS"])


@dramatiq.actor(queue_name="bench")
def noop() -> None:
    """Nothing."""


@dramatiq.actor(queue_name="bench")
def done(key: str) -> None:
    """Tell the one who waits."""
    _redis.lpush(key, 1)


class Peer:
    """What the sending script can be told."""

    def __init__(self, key: str) -> None:
        self._key = key

    def run(self, flight: int) -> float:
        """Seconds from sending so many pipelines of 10 to the end of the last."""
        began = time.perf_counter()
        for _ in range(flight):
            steps = [noop.message_with_options(pipe_ignore=True) for _ in range(_LENGTH)]
            last = done.message_with_options(args=(self._key,), pipe_ignore=True)
            dramatiq.pipeline([*steps, last]).run()
        for _ in range(flight):
            if _redis.brpop([self._key], timeout=_TIMEOUT_S) is None:
                raise RuntimeError("Dramatiq did not finish its pipelines")
        return time.perf_counter() - began

    def alone(self, count: int) -> list[float]:
        """Seconds of pipelines one after another."""
        return [self.run(1) for _ in range(count)]


if __name__ == "__main__":
    serve(Peer(json.loads(sys.argv[1])["key"]))
