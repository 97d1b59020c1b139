"""The files that definitions are kept in, as path → bytes: of a folder on disk, or of what was fetched.

Separate because it is the only part that touches a disk: what stands behind a name in a folder may be anything, and is bounded here.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from gennaker.config.problems import Problem
from gennaker.core.errors import InvalidRequest

SUFFIXES = (".json", ".yaml", ".yml")
#: Files with definitions, and bytes in all of them together.
MAX_FILES = 2_000
MAX_TOTAL = 8 * 1024 * 1024
#: Bytes of one file; one more is kept of a file that is larger, so that it is seen to be.
MAX_FILE = 1024 * 1024
#: Names that are looked at in search of files.
_MAX_NAMES = 20_000
_AT_MOST = f"at most {MAX_FILES} files and {MAX_TOTAL} bytes"


class Tree(Struct, frozen=True, kw_only=True):
    """What was found. Paths are relative, with `/`."""

    files: dict[str, bytes]
    #: What could not be looked at; `file` may be a folder, and is empty for the whole.
    problems: tuple[Problem, ...] = ()

    @property
    def digest(self) -> str:
        """The same for the same files with the same content: twelve hexadecimal digits."""
        whole = hashlib.sha256()
        for path, data in sorted(self.files.items()):
            whole.update(f"{len(path.encode())} {path} {hashlib.sha256(data).hexdigest()}\n".encode())
        return whole.hexdigest()[:12]


def tree_of(files: Mapping[str, bytes], problems: tuple[Problem, ...] = ()) -> Tree:
    """The files that hold definitions among these; nothing below a name that begins with a dot. Raises InvalidRequest for too many."""
    found = {path: data[: MAX_FILE + 1] for path, data in files.items() if holds_definitions(path)}
    total = sum(map(len, found.values()))
    if len(found) > MAX_FILES or total > MAX_TOTAL:
        raise InvalidRequest(f"the source holds {len(found)} files of {total} bytes; expected {_AT_MOST}")
    return Tree(files=found, problems=problems)


def holds_definitions(path: str) -> bool:
    """Whether a file of this path is read: by its suffix, and not hidden."""
    parts = PurePosixPath(path).parts
    return path.endswith(SUFFIXES) and not any(part.startswith(".") for part in parts)


def read_place(place: Path) -> Tree:
    """A folder with everything below it; of a single file, that file in its folder. Raises InvalidRequest.

    A link is followed to a file in the folder; one that leads outside or to another folder is a problem.
    """
    try:
        real = place.resolve(strict=True)
        if real.is_dir():
            root, names = real, _names(real)
        else:
            root, names = real.parent.parent, iter([real])
        files: dict[str, bytes] = {}
        problems: list[Problem] = []
        for name in names:
            _take(root, name, files, problems)
    except (OSError, RuntimeError) as error:
        raise InvalidRequest(f"{place}: cannot be read ({_reason(error)}); expected a folder or a file") from error
    return tree_of(files, tuple(problems))


def _names(root: Path) -> Iterator[Path | Problem]:
    """Files below a folder, in order; what cannot be gone into is a problem. Raises InvalidRequest."""
    unreadable: list[OSError] = []
    seen = 0
    for folder, folders, files in os.walk(root, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        seen += len(folders) + len(files)
        if seen > _MAX_NAMES:
            raise InvalidRequest(f"{root}: holds more than {_MAX_NAMES} names; expected a folder of definitions only")
        for name in folders:
            if (path := Path(folder, name)).is_symlink():
                yield _problem(root, path, "is a link, and links to folders are not followed", "the folder itself")
        yield from (Path(folder, name) for name in sorted(files))
    for error in unreadable:
        yield _problem(root, Path(error.filename), f"cannot be read ({_reason(error)})", "a folder that can")


def _take(root: Path, found: Path | Problem, files: dict[str, bytes], problems: list[Problem]) -> None:
    if isinstance(found, Problem):
        problems.append(found)
        return
    path = found.relative_to(root).as_posix()
    if not holds_definitions(path):
        return
    try:
        real = found.resolve(strict=True)
        if not real.is_relative_to(root):
            problems.append(_problem(root, found, "is a link that leads out of the folder", "a file"))
        elif not stat.S_ISREG(real.stat().st_mode):
            problems.append(_problem(root, found, "is no ordinary file", "a file"))
        else:
            files[path] = _content(real)
    except (OSError, RuntimeError) as error:
        problems.append(_problem(root, found, f"cannot be read ({_reason(error)})", "a file that can"))
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_TOTAL:
        raise InvalidRequest(f"{root}: holds more definitions than are read; expected {_AT_MOST}")


def _content(path: Path) -> bytes:
    """The file itself, never what a link that was put in its place leads to."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_FILE + 1)


def _problem(root: Path, path: Path, message: str, expected: str) -> Problem:
    relative = path.relative_to(root).as_posix()
    return Problem(file="" if relative == "." else relative, message=message, expected=expected)


def _reason(error: OSError | RuntimeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
