"""Removes old executions, if the configuration says so (rule 23).

Separate because it is slow, rare and never in a hurry.
"""

import logging
import threading
from collections.abc import Callable

from gennaker.core.errors import GennakerError
from gennaker.core.store.database import Database
from gennaker.core.store.prune import prune

_log = logging.getLogger("gennaker")
#: Seconds between two looks.
EVERY_S = 600.0
_DAY_MS = 86_400_000


class Pruning:
    """A thread that looks every ten minutes; none when everything is kept."""

    def __init__(self, database: Database, keep_days: int | None, clock: Callable[[], int]) -> None:
        self._database = database
        self._keep_days = keep_days
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pruning", daemon=True)

    def start(self) -> None:
        """Begin."""
        if self._keep_days is not None:
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def _run(self) -> None:
        days = self._keep_days or 0
        while not self._stopping.is_set():
            now = self._clock()
            try:
                removed = prune(self._database, before=now - days * _DAY_MS, at=now)
                if removed:
                    _log.info("%d executions older than %d days were removed", removed, days)
            except GennakerError as error:
                _log.warning("old executions cannot be removed now: %s", error)
            self._stopping.wait(EVERY_S)
