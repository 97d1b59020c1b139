"""The one reader of archives (tar, tar.gz, zip) and its writer.

Separate because an archive is a stranger's program for filling a disk: how many files, how large, packed how tightly, under which names
and with which links is checked here, and nobody else opens one. Nothing is written to a disk.
"""

import gzip
import io
import posixpath
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from msgspec import Struct

from gennaker.core.errors import InvalidRequest


class Limits(Struct, frozen=True, kw_only=True):
    """What an archive may hold; sizes in bytes."""

    #: Files, folders and links.
    entries: int = 20_000
    file: int = 32 * 1024 * 1024
    total: int = 128 * 1024 * 1024
    #: Unpacked to packed size, above the first megabyte.
    ratio: int = 250


class Item(Struct, frozen=True, kw_only=True):
    """A file or a link to be written."""

    path: str
    content: bytes = b""
    executable: bool = False
    #: Where a symbolic link leads, as it is written in it.
    link: str = ""


LIMITS = Limits()
_LONGEST_PATH = 1024
_FREE = 1024 * 1024
_CHUNK = 256 * 1024
#: Control characters, and what is half a character.
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_MOST_LINKS = 16
#: The end of a zip's directory: signature, disks, entries, size and place of the directory.
_ZIP_END = struct.Struct("<4s4H2LH")


def read_archive(data: bytes, limits: Limits = LIMITS, where: str = "archive") -> dict[str, bytes]:
    """The files of a tar, gzipped tar or zip by path (`/` between folders). A link inside counts as what it leads to.

    Raises InvalidRequest, with the place `where`, for what is no archive, is larger than the limits, or has a path or link that leads
    out of it.
    """
    reading = _Reading(limits, where, len(data))
    try:
        if data[:2] == b"\x1f\x8b":
            reading.tar(reading.gunzip(data))
        elif data[:2] == b"PK":
            reading.zip(data)
        else:
            reading.tar(data)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, struct.error) as error:
        raise InvalidRequest(f"is no archive that can be read ({error}); expected tar, tar.gz or zip", where) from error
    except (ValueError, OverflowError, NotImplementedError, RuntimeError, OSError) as error:
        raise InvalidRequest(f"is damaged ({type(error).__name__}: {error})", where) from error
    return reading.finished()


def write_archive(items: Iterable[Item]) -> bytes:
    """A gzipped tar: the same items give the same bytes, whenever and in whatever order. Raises InvalidRequest for a path that leads out."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for item in sorted(items, key=lambda one: one.path):
            entry = tarfile.TarInfo(safe_path(item.path, "archive"))
            entry.mode = 0o755 if item.executable else 0o644
            if item.link:
                if link_target(item.path, item.link) is None:
                    raise InvalidRequest(f"the link {item.path!r} leads out of the archive", "archive")
                entry.type, entry.linkname = tarfile.SYMTYPE, item.link
            else:
                entry.size = len(item.content)
            archive.addfile(entry, io.BytesIO(item.content))
    return gzip.compress(raw.getvalue(), mtime=0)


def safe_path(name: str, where: str) -> str:
    """A path inside an archive in its one spelling. Raises InvalidRequest for one that is absolute, leads out, or cannot be told apart."""
    shown = repr(name if len(name) <= 100 else f"{name[:97]}…")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or "\\" in name or _DRIVE.match(name) or ".." in parts:
        raise InvalidRequest(f"the path {shown} leads out of it", where)
    if not parts or len(name) > _LONGEST_PATH or _UNREADABLE.search(name):
        raise InvalidRequest(
            f"{shown} is not a path; expected up to {_LONGEST_PATH} characters, none a control character", where
        )
    return "/".join(parts)


def link_target(path: str, link: str) -> str | None:
    """The path that a symbolic link at `path` leads to; None when that is out of the archive."""
    if not link or link.startswith("/") or "\\" in link or _DRIVE.match(link):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    return None if target.startswith("../") or target in ("..", ".") else target


class _Reading:
    """One archive being read: what was found, and what may still come."""

    def __init__(self, limits: Limits, where: str, packed: int) -> None:
        self._limits = limits
        self._where = where
        self._most = min(limits.total, max(_FREE, packed * limits.ratio))
        self._left = self._most
        self._entries = 0
        self._files: dict[str, bytes] = {}
        self._links: dict[str, str] = {}
        self._sorted: list[str] = []

    def gunzip(self, data: bytes) -> bytes:
        """The tar in a gzip, no further than it may be large; a tar needs a kilobyte or so for each entry on top of its files."""
        most = self._most + self._limits.entries * 2048
        parts: list[bytes] = []
        size = at = 0
        engine = zlib.decompressobj(wbits=31)
        while at < len(data):
            left = data[at : at + _CHUNK]
            at += len(left)
            while left and not engine.eof:
                part = engine.decompress(left, _CHUNK)
                size += len(part)
                if size > most:
                    raise self._refused(f"unpacks to more than {self._most} bytes")
                parts.append(part)
                left = engine.unconsumed_tail
            if engine.eof:
                at -= len(engine.unused_data)
                if not data[at:].lstrip(b"\0"):
                    break
                engine = zlib.decompressobj(wbits=31)
        if not engine.eof:
            raise EOFError("it ends early")
        return b"".join(parts)

    def tar(self, data: bytes) -> None:
        """Read a tar."""
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                self._count()
                if entry.isdir():
                    continue
                path = self._new(entry.name)
                if entry.issym() or entry.islnk():
                    inside = link_target(path, entry.linkname) if entry.issym() else entry.linkname
                    self._link(path, inside)
                elif entry.isreg() and not entry.issparse():
                    self._room(path, entry.size)
                    file = archive.extractfile(entry)
                    self._keep(path, file.read() if file else b"")
                else:
                    raise self._refused(f"{path!r} is neither a file nor a folder nor a link")

    def zip(self, data: bytes) -> None:
        """Read a zip."""
        self._look_at_end(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                self._count()
                if entry.is_dir():
                    continue
                # What stands after a NUL, and what another system calls a separator, is still part of the name here.
                path = self._new(entry.orig_filename)
                kind = stat.S_IFMT(entry.external_attr >> 16)
                if entry.flag_bits & 1:
                    raise self._refused(f"{path!r} is encrypted")
                if kind not in (0, stat.S_IFREG, stat.S_IFLNK):
                    raise self._refused(f"{path!r} is neither a file nor a folder nor a link")
                self._room(path, entry.file_size)
                with archive.open(entry) as file:
                    content = file.read(self._limits.file + 1)
                if kind == stat.S_IFLNK:
                    self._link(path, link_target(path, content.decode()))
                else:
                    self._keep(path, content)

    def finished(self) -> dict[str, bytes]:
        """The files, links among them replaced by what they lead to."""
        for path in (*self._files, *self._links):
            if any(folder in self._files or folder in self._links for folder in _folders(path)):
                raise self._refused(f"{path!r} lies in what is no folder")
        found = dict(self._files)
        self._sorted = sorted(self._files)
        for path, target in self._links.items():
            for inside, content in self._led_to(target):
                self._left -= len(content)
                if self._left < 0 or len(found) >= self._limits.entries:
                    raise self._refused("has links to more than it may hold")
                found[f"{path}/{inside}" if inside else path] = content
        return dict(sorted(found.items()))

    def _led_to(self, target: str) -> Iterator[tuple[str, bytes]]:
        """The file at the end of a link, or the files of the folder there; nothing for a link that leads nowhere."""
        for _ in range(_MOST_LINKS):
            if target in self._files:
                yield "", self._files[target]
                return
            if target not in self._links:
                break
            target = self._links[target]
        else:
            return
        for path in self._sorted[bisect_left(self._sorted, f"{target}/") :]:
            if not path.startswith(f"{target}/"):
                break
            yield path[len(target) + 1 :], self._files[path]

    def _look_at_end(self, data: bytes) -> None:
        """Refuse a directory with more entries than there may be before it is read."""
        at = data.rfind(b"PK\x05\x06")
        if at < 0 or len(data) - at < _ZIP_END.size:
            raise zipfile.BadZipFile("its directory is missing")
        *_, entries, size, _place, _comment = _ZIP_END.unpack_from(data, at)
        if entries == 0xFFFF or size == 0xFFFFFFFF:
            raise self._refused("is a zip64, which nothing that fits in here needs")
        if entries > self._limits.entries or size > self._limits.entries * 512:
            raise self._refused(f"has more than {self._limits.entries} entries")

    def _new(self, name: str) -> str:
        path = safe_path(name, self._where)
        if path in self._files or path in self._links:
            raise self._refused(f"{path!r} is in it twice")
        return path

    def _count(self) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise self._refused(f"has more than {self._limits.entries} entries")

    def _room(self, path: str, size: int) -> None:
        """Refuse a file before it is unpacked."""
        if size > self._limits.file:
            raise self._refused(f"{path!r} has {size} bytes, more than {self._limits.file}")
        if size > self._left:
            raise self._refused(f"unpacks to more than {self._most} bytes")

    def _keep(self, path: str, content: bytes) -> None:
        self._room(path, len(content))
        self._left -= len(content)
        self._files[path] = content

    def _link(self, path: str, target: str | None) -> None:
        if target is None:
            raise self._refused(f"the link {path!r} leads out of it")
        self._links[path] = safe_path(target, self._where)

    def _refused(self, message: str) -> InvalidRequest:
        return InvalidRequest(message, self._where)


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))
