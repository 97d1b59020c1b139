"""Reads a pack: the objects of a repository as a server sends them.

Separate because a pack is a stranger's archive: each object says how large it is, may unpack to a thousand times its size, and may be
made of copies of another. The library unpacks first and counts afterwards; here everything is counted before it is made.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from gennaker.core.errors import Refused

MOST_OBJECTS = 100_000
LARGEST_OBJECT = 32 * 1024 * 1024
LARGEST_TOTAL = 128 * 1024 * 1024
_CHUNK = 4 * 1024
_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_BY_OFFSET, _BY_ID = 6, 7
_HASH = 20


class Found(NamedTuple):
    """An object: its kind (`commit`, `tree`, `blob`, `tag`) and its content."""

    kind: bytes
    content: bytes


class _Delta(NamedTuple):
    at: int
    #: Offset or id of the object that it is made from.
    origin: int | bytes
    content: bytes


def read_pack(data: bytes) -> dict[bytes, Found]:
    """The objects of a pack by their id (40 hexadecimal digits). Raises Refused for one that is damaged or larger than the limits."""
    try:
        return _Pack(data).objects()
    except (zlib.error, struct.error, IndexError) as error:
        raise Refused(f"the pack of the git server is damaged ({error})") from error


class _Pack:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._left = LARGEST_TOTAL
        self._at: dict[int, Found] = {}
        self._by_id: dict[bytes, Found] = {}
        self._deltas: list[_Delta] = []

    def objects(self) -> dict[bytes, Found]:
        magic, version, count = struct.unpack_from(">4s2L", self._data)
        if magic != b"PACK" or version not in (2, 3):
            raise Refused("the git server sent no pack")
        if count > MOST_OBJECTS:
            raise Refused(f"the repository has {count} files and folders, more than {MOST_OBJECTS}")
        at = 12
        for _ in range(count):
            at = self._entry(at)
        if bytes(self._data[at:]) != hashlib.sha1(self._data[:at], usedforsecurity=False).digest():
            raise Refused("the pack of the git server is damaged: its sum is wrong")
        self._resolve()
        return {id_.hex().encode(): found for id_, found in self._by_id.items()}

    def _entry(self, start: int) -> int:
        """Read one entry; where the next one starts."""
        byte = self._data[start]
        kind, size, shift, at = byte >> 4 & 7, byte & 15, 4, start + 1
        while byte & 0x80:
            byte = self._data[at]
            size |= (byte & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if shift > 60:
                raise Refused("the pack of the git server is damaged: a size is endless")
        if kind in _KINDS:
            content, at = self._inflate(at, size)
            self._keep(start, Found(_KINDS[kind], content))
            return at
        origin: int | bytes
        if kind == _BY_OFFSET:
            distance, at = self._distance(at)
            origin = start - distance
        elif kind == _BY_ID:
            origin, at = bytes(self._data[at : at + _HASH]), at + _HASH
        else:
            raise Refused(f"the pack of the git server is damaged: there is no kind of object {kind}")
        content, at = self._inflate(at, size)
        self._deltas.append(_Delta(start, origin, content))
        return at

    def _distance(self, at: int) -> tuple[int, int]:
        byte = self._data[at]
        distance = byte & 0x7F
        while byte & 0x80:
            at += 1
            byte = self._data[at]
            distance = ((distance + 1) << 7) | (byte & 0x7F)
            if distance > len(self._data):
                raise Refused("the pack of the git server is damaged: an object is made from one outside of it")
        return distance, at + 1

    def _inflate(self, at: int, size: int) -> tuple[bytes, int]:
        """Unpack what should have this size, and no byte more; and where it ends."""
        self._room(size)
        engine = zlib.decompressobj()
        parts: list[bytes] = []
        found = 0
        while not engine.eof:
            chunk = self._data[at : at + _CHUNK]
            if not chunk:
                raise zlib.error("it ends within an object")
            part = engine.decompress(chunk, size - found + 1)
            found += len(part)
            parts.append(part)
            if found > size:
                raise zlib.error("an object is larger than it says")
            at += len(chunk) - len(engine.unused_data) - len(engine.unconsumed_tail)
        if found < size:
            raise zlib.error("an object is smaller than it says")
        self._left -= size
        return b"".join(parts), at

    def _room(self, size: int) -> None:
        if size > LARGEST_OBJECT:
            raise Refused(f"the repository has a file of {size} bytes, more than {LARGEST_OBJECT}")
        if size > self._left:
            raise Refused(f"the repository's files are more than {LARGEST_TOTAL} bytes")

    def _keep(self, at: int, found: Found) -> bytes:
        """Note an object; its id."""
        head = b"%s %d\0" % (found.kind, len(found.content))
        id_ = hashlib.sha1(head + found.content, usedforsecurity=False).digest()
        self._at[at] = self._by_id[id_] = found
        return id_

    def _resolve(self) -> None:
        """Make the objects that are differences from others, each as soon as the one that it is made from is there."""
        waiting: dict[int | bytes, list[_Delta]] = {}
        for delta in self._deltas:
            waiting.setdefault(delta.origin, []).append(delta)
        ready = [origin for origin in waiting if origin in self._at or origin in self._by_id]
        while ready:
            origin = ready.pop()
            found = self._at[origin] if isinstance(origin, int) else self._by_id[origin]
            for delta in waiting.pop(origin, ()):
                content = apply_delta(found.content, delta.content, self._room)
                self._left -= len(content)
                id_ = self._keep(delta.at, Found(found.kind, content))
                ready += [one for one in (delta.at, id_) if one in waiting]
        if waiting:
            raise Refused("the pack of the git server is damaged: an object is made from one that is not in it")


def apply_delta(origin: bytes, delta: bytes, room: Callable[[int], None]) -> bytes:
    """What a difference makes of an object; `room` refuses a size that is too large. Raises Refused for one that does not fit."""
    before, at = _size(delta, 0)
    after, at = _size(delta, at)
    room(after)
    made = bytearray()
    while at < len(delta):
        op, at = delta[at], at + 1
        if op & 0x80:
            start, length = 0, 0
            for bit in range(7):
                if op >> bit & 1:
                    value, at = delta[at], at + 1
                    if bit < 4:
                        start |= value << (8 * bit)
                    else:
                        length |= value << (8 * (bit - 4))
            length = length or 0x10000
            piece = origin[start : start + length]
        else:
            length = op
            piece, at = delta[at : at + length], at + length
        if op == 0 or len(piece) != length or len(made) + length > after:
            raise Refused("the pack of the git server is damaged: a difference does not fit")
        made += piece
    if before != len(origin) or len(made) != after:
        raise Refused("the pack of the git server is damaged: a difference does not fit")
    return bytes(made)


def _size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        byte, at = delta[at], at + 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return size, at
        if shift > 60:
            raise Refused("the pack of the git server is damaged: a size is endless")
