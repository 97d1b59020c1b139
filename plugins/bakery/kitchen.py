"""How many builds run in this process, and which: no more than is configured, and never two of the same image.

Separate because it is the one thing that calls of one process share. Between processes the execution's lock on the key does it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Kitchen:
    """The builds of this process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._baking: set[str] = set()

    @contextmanager
    def place(self, digest: str, most: int) -> Iterator[bool]:
        """A place for a build; False when all are taken, or the same is being built."""
        with self._lock:
            given = digest not in self._baking and len(self._baking) < most
            if given:
                self._baking.add(digest)
        try:
            yield given
        finally:
            if given:
                with self._lock:
                    self._baking.discard(digest)


kitchen = Kitchen()
