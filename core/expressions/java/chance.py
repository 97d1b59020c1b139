"""java.util.Random and UUID: the same numbers as Java for the same seed, and nothing that comes out differently the second time.

Separate because chance must be repeatable here: without a seed it comes from the evaluation's own (`Scope.draw`).
"""

import hashlib
import math
import re
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.equality import compare_to, equals, hash_code
from gennaker.core.expressions.java.kinds import wrap
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import UUID, Array, Random
from gennaker.core.expressions.java.text import uuid_text
from gennaker.core.expressions.scope import Scope

_MULTIPLIER, _MASK = 0x5DEECE66D, (1 << 48) - 1
_UUID = re.compile("-".join(["([0-9a-fA-F]{1,16})"] * 5))
_LOW = (1 << 64) - 1


def make_random(scope: Scope, seed: int | None = None) -> Random:
    """A source of numbers from a seed, or from the evaluation's."""
    if seed is None:
        seed = int.from_bytes(hashlib.sha256(scope.draw().encode()).digest()[:8], "big")
    return Random((seed ^ _MULTIPLIER) & _MASK)


def _next(source: Random, bits: int) -> int:
    source.state = (source.state * _MULTIPLIER + 0xB) & _MASK
    return wrap(source.state >> (48 - bits), 32)


def next_double(source: Random) -> float:
    """The next number from 0 up to 1."""
    return ((_next(source, 26) << 27) + _next(source, 27)) / (1 << 53)


def _next_int(scope: Scope, source: Random, bound: int) -> int:
    if bound <= 0:
        raise ExpressionError("bound must be positive", kind="IllegalArgumentException")
    if bound & (bound - 1) == 0:
        return bound * _next(source, 31) >> 31
    while True:
        scope.budget.spend()
        bits = _next(source, 31)
        value = bits % bound
        if bits - value + (bound - 1) < 1 << 31:
            return value


def _between(scope: Scope, source: Random, low: int, high: int) -> int:
    if low >= high:
        raise ExpressionError("bound must be greater than origin", kind="IllegalArgumentException")
    size = high - low
    if 0 < size < 1 << 31:
        return low + _bounded(scope, source, size)
    while True:
        scope.budget.spend()
        value = _next(source, 32)
        if low <= value < high:
            return value


def _bounded(scope: Scope, source: Random, bound: int) -> int:
    """As `nextInt(origin, bound)` draws, which is not as `nextInt(bound)` does."""
    value = _next(source, 32)
    if bound & (bound - 1) == 0:
        return value & (bound - 1)
    drawn = (value % (1 << 32)) >> 1
    while True:
        scope.budget.spend()
        value = drawn % bound
        if drawn + (bound - 1) - value < 1 << 31:
            return value
        drawn = (_next(source, 32) % (1 << 32)) >> 1


def _next_gaussian(scope: Scope, source: Random) -> float:
    if source.gaussian is not None:
        value, source.gaussian = source.gaussian, None
        return value
    while True:
        scope.budget.spend()
        one, other = 2 * next_double(source) - 1, 2 * next_double(source) - 1
        size = one * one + other * other
        if 0 < size < 1:
            factor = math.sqrt(-2 * math.log(size) / size)
            source.gaussian = other * factor
            return one * factor


_STREAM = "it gives a stream"
RANDOM = Type(
    name="java.util.Random",
    methods=table(
        ("nextBoolean(): boolean", lambda _, source: _next(source, 1) != 0),
        ("nextDouble(): double", lambda _, source: next_double(source)),
        ("nextFloat(): float", lambda _, source: _next(source, 24) / (1 << 24)),
        ("nextGaussian(): double", _next_gaussian),
        ("nextInt(): int", lambda _, source: _next(source, 32)),
        ("nextInt(int): int", _next_int),
        ("nextInt(int, int): int", _between),
        ("nextLong(): long", lambda _, source: wrap((_next(source, 32) << 32) + _next(source, 32), 64)),
    ),
    constructors=table(
        ("new(): Random", lambda scope: make_random(scope)),
        ("new(long): Random", lambda scope, seed: make_random(scope, seed)),
    ),
    refused={
        **dict.fromkeys(("ints", "longs", "doubles"), _STREAM),
        **dict.fromkeys(("setSeed", "nextBytes"), "it would change what it is called on"),
    },
)


def _marked(digest: bytes, version: int) -> UUID:
    bits = int.from_bytes(digest[:16], "big")
    bits = bits & ~(0xF << 76) | version << 76
    return UUID(bits & ~(0x3 << 62) | 0x2 << 62)


def _read_uuid(_: Scope, value: str) -> UUID:
    found = _UUID.fullmatch(value) if len(value) <= 36 else None
    if not found:
        raise ExpressionError(f"Invalid UUID string: {value[:100]}", kind="IllegalArgumentException")
    sizes = (8, 4, 4, 4, 12)
    parts = [int(part, 16) % 16**size for part, size in zip(found.groups(), sizes, strict=True)]
    bits = 0
    for part, size in zip(parts, sizes, strict=True):
        bits = bits << (4 * size) | part
    return UUID(bits)


def _half(value: UUID, shift: int) -> int:
    return wrap(value.bits >> shift & _LOW, 64)


def _version(_: Scope, value: UUID) -> int:
    return value.bits >> 76 & 0xF


def _variant(_: Scope, value: UUID) -> int:
    top = value.bits >> 61 & 0x7
    return 0 if top < 4 else 2 if top < 6 else top


def _timestamp(scope: Scope, value: UUID) -> int:
    if _version(scope, value) != 1:
        raise ExpressionError("Not a time-based UUID", kind="UnsupportedOperationException")
    high = value.bits >> 64
    return (high & 0xFFF) << 48 | (high >> 16 & 0xFFFF) << 32 | high >> 32


def _from_bytes(_: Scope, data: Array) -> UUID:
    return _marked(hashlib.md5(bytes(one % 256 for one in data), usedforsecurity=False).digest(), 3)


def _equals(_: Scope, value: UUID, other: Any) -> bool:
    return equals(value, other)


UUID_TYPE = Type(
    name="java.util.UUID",
    methods=table(
        ("compareTo(UUID): int", lambda _, value, other: compare_to(value, other)),
        ("equals(Object): boolean", _equals),
        ("getLeastSignificantBits(): long", lambda _, value: _half(value, 0)),
        ("getMostSignificantBits(): long", lambda _, value: _half(value, 64)),
        ("hashCode(): int", lambda _, value: hash_code(value)),
        ("timestamp(): long", _timestamp),
        ("toString(): String", lambda _, value: uuid_text(value)),
        ("variant(): int", _variant),
        ("version(): int", _version),
    ),
    statics=table(
        ("fromString(String): UUID", _read_uuid),
        ("nameUUIDFromBytes(byte[]): UUID", _from_bytes),
        ("randomUUID(): UUID", lambda scope: _marked(hashlib.sha256(scope.draw().encode()).digest(), 4)),
    ),
    constructors=table(
        ("new(long, long): UUID", lambda _, high, low: UUID((int(high) % (1 << 64)) << 64 | int(low) % (1 << 64)))
    ),
)
