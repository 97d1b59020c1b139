"""Calls something later: one thread for all that waits, started when it is first needed and asleep until the next is due.

Separate because several transports delay messages and none should keep a thread for each.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Timer:
    """May be used from any thread. What is called must not block."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._wake = threading.Condition()
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def call(self, delay: float, action: Callable[[], object]) -> None:
        """Call `action` once, `delay` seconds from now; never once the timer has been stopped."""
        with self._wake:
            if self._stopped:
                return
            heapq.heappush(self._waiting, (time.monotonic() + max(0.0, delay), next(self._numbers), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:
                _log.exception("%s: what was to be done later failed", self._name)

    def _next(self) -> Callable[[], object] | None:
        with self._wake:
            while not self._stopped:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._wake.wait(left)
            return None

    def stop(self) -> None:
        """Forget what waits and end the thread."""
        with self._wake:
            self._stopped = True
            self._waiting.clear()
            self._wake.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
