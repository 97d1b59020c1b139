"""The peers: task queues on the same broker that run the same chain of no-ops. They keep no state.

Separate because a figure means little without one that others reach on the same machine in the same minute.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import ground
import psutil
import redis
from child import HERE, Child
from msgspec import Struct

_LENGTH = 10
#: Solo pool and no chatter between workers; one process with few threads (more only contend for the interpreter's lock).
_WORKERS = {
    "Celery": "celery -A celery_peer worker -P solo -Q bench -l ERROR --without-gossip --without-mingle --without-heartbeat",
    "Dramatiq": "dramatiq dramatiq_peer -p 1 -t 2 -Q bench",
}
_SCRIPTS = {"Celery": "celery_peer.py", "Dramatiq": "dramatiq_peer.py"}
NAMES = tuple(_WORKERS)


class Figures(Struct, frozen=True):
    """What a peer reaches."""

    #: Steps per second with several chains in flight.
    rate: float
    #: Seconds per step of a chain alone.
    alone: list[float]
    #: CPU seconds of the worker per step.
    cpu: float


def measure(name: str, flight: int, alone: int) -> Figures:
    """Run a peer."""
    with ExitStack() as stack:
        key = f"bench-{uuid.uuid4().hex[:12]}"
        environment = {"BENCH_AMQP": stack.enter_context(ground.vhost()), "BENCH_REDIS": ground.REDIS}
        stack.callback(_forget, key)
        worker = stack.enter_context(_worker(name, environment))
        sender = Child(_SCRIPTS[name], environment=environment, key=key)
        stack.callback(sender.close)
        sender.call("run", flight=1)
        before = _spent(worker)
        rate = flight * _LENGTH / sender.call("run", flight=flight)
        spent = _spent(worker) - before
        single = sender.call("alone", count=alone) if alone else []
        return Figures(rate, [seconds / _LENGTH for seconds in single], spent / (flight * _LENGTH))


@contextmanager
def _worker(name: str, environment: dict[str, str]) -> Iterator[psutil.Process]:
    null = subprocess.DEVNULL
    command = [sys.executable, "-m", *_WORKERS[name].split()]
    process = subprocess.Popen(
        command, cwd=HERE, env={**os.environ, **environment}, stdin=null, stdout=null, stderr=null
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _spent(process: psutil.Process) -> float:
    both = [process, *process.children(recursive=True)]
    return sum(each.cpu_times().user + each.cpu_times().system for each in both)


def _forget(key: str) -> None:
    with redis.Redis.from_url(ground.REDIS) as connection:
        connection.delete(key)
