"""Tells waiting threads that there is news: owners of rows, callers of their command's fate, live readers of the log.

Separate because a nudge only saves time: whoever misses one looks by itself within a second (rule 5).
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from gennaker.bus.event import Event
from gennaker.bus.port import Problem, Transport
from gennaker.core.model.work import results_queue

NUDGE_TYPE = "engine.nudged"

Ring = Callable[[], None]


class Bell:
    """The nudges of one process. Thread-safe; no callback may block."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._owners: dict[int, Ring] = {}
        self._readers: dict[int, Ring] = {}
        self._commands: dict[str, Future[str]] = {}
        self._numbers = 0

    def owns(self, shard: int, ring: Ring | None) -> None:
        """Have `ring` called when something was stored for a shard; None ends that."""
        with self._lock:
            if ring is None:
                self._owners.pop(shard, None)
            else:
                self._owners[shard] = ring

    def stored(self, shards: Iterable[int]) -> None:
        """Something was stored for the owners of these shards, here or in another process."""
        for shard in shards:
            if ring := self._owners.get(shard):
                ring()
            elif self._transport.capabilities.shared:
                nudge = Event(id=f"nudge/{shard}", type=NUDGE_TYPE, source="gennaker")
                self._transport.send(results_queue(shard), [nudge], _forget)

    def on_news(self, callback: Ring) -> Ring:
        """Have `callback` called after commits of this process; returns what ends that."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
            self._readers[number] = callback

        def end() -> None:
            with self._lock:
                self._readers.pop(number, None)

        return end

    def news(self) -> None:
        """Entries were committed."""
        if self._readers:
            for callback in list(self._readers.values()):
                callback()

    def expect(self, command: str) -> "Future[str]":
        """The fate of a command, if an owner in this process handles it: the reason it was refused, or the empty text."""
        future: Future[str] = Future()
        with self._lock:
            self._commands[command] = future
        return future

    def forget(self, command: str) -> None:
        """Nobody waits for the command's fate any more."""
        with self._lock:
            self._commands.pop(command, None)

    def handled(self, command: str, refused: str) -> None:
        """A command was handled and that is committed."""
        with self._lock:
            future = self._commands.pop(command, None)
        if future is not None:
            future.set_result(refused)


def _forget(_problem: Problem) -> None:
    """A nudge that is lost does no harm."""
