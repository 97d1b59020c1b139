"""Where a build works: a folder of its own that nobody else may read, gone when it ends; what killed processes left is swept away.

Separate because folders outlive processes: who holds the lock in one still works in it.
"""

import fcntl
import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gennaker.core.errors import Unavailable

_LOCK = "lock"
#: Seconds that the last of a killed build may still be at work, cleaning up.
_LAST_WORK_S = 120.0
_DRAFT = ".baking."
#: A link to the folder for Packer's own files: it puts sockets there, whose paths may not be long.
_TEMPORARY = "temporary"
#: The longest path for that folder, in bytes: a socket's path has at most 103 (macOS; Linux 107), and Packer adds some 30.
_LONGEST = 64


@contextmanager
def workplace(root: Path, images: Path | None = None) -> Iterator[Path]:
    """A folder for a build, and the name of a draft in `images` with it (`draft_of`). Raises Unavailable."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(root, images)
        folder = root / f"{int(time.time())}-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        held = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.symlink(_short_folder(), folder / _TEMPORARY)
    except OSError as error:
        raise Unavailable(f"builds cannot work in {root}: {error.strerror or error}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        _clear(folder, images)
        os.close(held)


def draft_of(folder: Path, images: Path) -> Path:
    """Where a build prepares an image for this machine: beside the others, so that it can be put among them at once."""
    return images / f"{_DRAFT}{folder.name}"


def sweep(root: Path, images: Path | None) -> None:
    """Remove the folders of builds that have ended without a word."""
    for folder in root.iterdir():
        lock = folder / _LOCK
        with suppress(OSError):
            if time.time() - lock.stat().st_mtime < _LAST_WORK_S:
                continue
            held = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _clear(folder, images)
            finally:
                os.close(held)


def temporary_of(folder: Path) -> str:
    """A folder with a short name for the temporary files of a build."""
    return os.readlink(folder / _TEMPORARY)


def _short_folder() -> str:
    """A new folder whose path leaves room for a socket's name: among the temporary files, or in /tmp where those are far down."""
    made = tempfile.mkdtemp(prefix="bake-")
    if len(os.fsencode(made)) <= _LONGEST:
        return made
    os.rmdir(made)
    return tempfile.mkdtemp(prefix="bake-", dir="/tmp")


def _clear(folder: Path, images: Path | None) -> None:
    if images is not None:
        remove(draft_of(folder, images))
    with suppress(OSError):
        remove(Path(temporary_of(folder)))
    remove(folder)


def write_secret(path: Path, values: Any) -> None:
    """A JSON file that only we may read."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w") as out:
        json.dump(values, out)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it; links are removed, not followed."""
    for place, folders, files in os.walk(folder, topdown=False):
        for name in files:
            with suppress(OSError):
                os.unlink(os.path.join(place, name))
        for name in folders:
            path = os.path.join(place, name)
            with suppress(OSError):
                os.unlink(path) if os.path.islink(path) else os.rmdir(path)
    with suppress(OSError):
        folder.rmdir()
