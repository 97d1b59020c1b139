"""A lock that the operating system gives back when its process dies.

Separate because it says who is alive without waiting for a lease to run out.
"""

import fcntl
import os
from pathlib import Path


class FileLock:
    """One process at a time; the file beside the database names the holder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Whether this process holds it now."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}".encode())
        self._descriptor = descriptor
        return True

    def holder(self) -> str:
        """Who holds it, as far as is known."""
        return self._path.read_text(encoding="utf-8") or "another process"

    def release(self) -> None:
        """Let go; the file stays, for removing it could lock two processes in two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
