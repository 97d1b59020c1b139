"""Java's kinds of number, and its char: what JSON cannot tell apart.

Separate because everything else in this package asks here what a value is. A plain `int` is an Integer inside 32 bits, a Long inside 64 and
a BigInteger beyond; a plain `float` is a Double. The classes here mark what would otherwise be taken for something else.
"""

import decimal
import math
import struct
from typing import Any

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
FLOAT_MAX = struct.unpack(">f", b"\x7f\x7f\xff\xff")[0]

#: The kinds in the order in which SpEL promotes them.
BYTE, SHORT, INTEGER, LONG, BIG_INTEGER, FLOAT, DOUBLE, BIG_DECIMAL = range(1, 9)


class Byte(int):
    """A number of 8 bits."""

    __slots__ = ()


class Short(int):
    """A number of 16 bits."""

    __slots__ = ()


class Long(int):
    """A number of 64 bits, also when it is small."""

    __slots__ = ()


class BigInteger(int):
    """A number without limit, also when it is small."""

    __slots__ = ()


class Float(float):
    """A real number of 32 bits; make one with `to_float`, which rounds."""

    __slots__ = ()


class Char:
    """One UTF-16 unit: no String in Java."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Char) and self.text == other.text

    def __hash__(self) -> int:
        return ord(self.text)

    def __repr__(self) -> str:
        return f"Char({self.text!r})"


_KINDS = {
    Byte: BYTE,
    Short: SHORT,
    Long: LONG,
    BigInteger: BIG_INTEGER,
    Float: FLOAT,
    float: DOUBLE,
    decimal.Decimal: BIG_DECIMAL,
}


def kind_of(value: Any) -> int:
    """The kind of a number; 0 for what is none (true and false are none)."""
    type_ = type(value)
    if type_ is int:
        if INT_MIN <= value <= INT_MAX:
            return INTEGER
        return LONG if LONG_MIN <= value <= LONG_MAX else BIG_INTEGER
    return _KINDS.get(type_, 0)


def wrap(value: int, bits: int) -> int:
    """The lowest bits of a number as a signed number: what Java's overflow leaves."""
    half = 1 << (bits - 1)
    return (value + half) % (half << 1) - half


def to_int(value: int) -> int:
    """An Integer: wraps at 32 bits."""
    return value if INT_MIN <= value <= INT_MAX else wrap(value, 32)


def to_long(value: int) -> Long:
    """A Long: wraps at 64 bits."""
    return Long(value if LONG_MIN <= value <= LONG_MAX else wrap(value, 64))


def to_float(value: float) -> Float:
    """A Float: the nearest number of 32 bits, infinity beyond them."""
    try:
        return Float(struct.unpack(">f", struct.pack(">f", value))[0])
    except OverflowError:
        return Float(math.copysign(math.inf, value))


def to_double(value: Any) -> float:
    """A number of any kind as a Double; infinity beyond its range."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def truncated(value: Any, least: int, most: int) -> int:
    """A number of any kind as a whole one, as Java casts: real numbers are cut and end at the limits, NaN is 0, whole ones wrap."""
    if isinstance(value, float):
        if math.isnan(value):
            return 0
        return most if value >= most else least if value <= least else int(value)
    whole = int(value)
    return whole if least <= whole <= most else wrap(whole, (most - least).bit_length())
