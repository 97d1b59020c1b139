"""The stage types that exist, of this process and of all others (rule 15).

Separate because the engine must know a type whose plugin runs elsewhere, or does not run now.
"""

import logging
import threading
from collections.abc import Callable

from gennaker.core.errors import Unavailable
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.store import engines
from gennaker.core.store.database import Database

_log = logging.getLogger("gennaker.engine")
#: Seconds between two looks at the types of others.
LOOK_S = 5.0


class Catalogue:
    """Publishes our own types at start and reads everybody's from time to time."""

    def __init__(self, database: Database, process: str, own: StageTypes, clock: Callable[[], int]) -> None:
        self._database = database
        self._process = process
        self._own = own
        self._clock = clock
        self.types: StageTypes = dict(own)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="catalogue", daemon=True)

    def start(self) -> None:
        """Publish, read, and keep reading. Raises Unavailable."""
        now = self._clock()
        own = list(self._own.values())
        self._database.transact(lambda connection: engines.publish_types(connection, own, self._process, now))
        self._read()
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self._read()
            except Unavailable as error:
                _log.debug("the catalogue cannot be read: %s", error)

    def _read(self) -> None:
        with self._database.reading() as connection:
            self.types = {**engines.types(connection), **self._own}
