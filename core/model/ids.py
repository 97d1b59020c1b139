"""ULIDs and shard numbers, both derived from what is known, never from a random source.

Separate because the same id must come out again when the same request arrives twice.
"""

import hashlib
import zlib

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(milliseconds: int, *parts: object) -> str:
    """A 26-character ULID (github.com/ulid/spec) whose time is `milliseconds` and whose tail is a hash of `parts`."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=10).digest()
    number = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(digest, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def shard_of(execution: str, shards: int) -> int:
    """The shard that owns an execution: crc32, the same in every process and release (rule 1)."""
    return zlib.crc32(execution.encode()) % shards
