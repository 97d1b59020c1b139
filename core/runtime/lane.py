"""Threads that take what waits in line, several at once where that is quick.

Separate from `worker` because it knows nothing of messages; quick and slow work each have a lane, so that neither waits for the other.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

#: A batch ends when it has taken this long, so that the answers to its first items are not kept.
_PATIENCE_S = 0.01


class Lane(Generic[T]):
    """N threads over one line; `handle` gets at most `batch` items at a time and must not raise."""

    def __init__(self, name: str, threads: int, batch: int, handle: Callable[["Turn[T]"], None]) -> None:
        self._line: SimpleQueue[T | None] = SimpleQueue()
        self._batch = batch
        self._handle = handle
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        """Begin to take items."""
        for thread in self._threads:
            thread.start()

    def put(self, item: T) -> None:
        """Add to the line; never blocks."""
        self._line.put(item)

    def stop(self, timeout: float) -> None:
        """End the threads once the line is empty, and wait for them at most `timeout` seconds."""
        started = [thread for thread in self._threads if thread.ident is not None]
        for _ in started:
            self._line.put(None)
        until = time.monotonic() + timeout
        for thread in started:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (item := self._line.get()) is not None:
            self._handle(Turn(item, self._line, self._batch))


class Turn(Generic[T]):
    """The items that one thread takes in one go: those that wait already, until the batch is full or has taken long enough."""

    def __init__(self, first: T, line: "SimpleQueue[T | None]", limit: int) -> None:
        self._next: T | None = first
        self._line = line
        self._left = limit
        self._until = time.monotonic() + _PATIENCE_S

    def __iter__(self) -> "Turn[T]":
        return self

    def __next__(self) -> T:
        item, self._next = self._next, None
        if item is None:
            if self._left <= 0 or time.monotonic() >= self._until:
                raise StopIteration
            try:
                item = self._line.get_nowait()
            except Empty:
                raise StopIteration from None
            if item is None:
                self._line.put(None)
                raise StopIteration
        self._left -= 1
        return item
