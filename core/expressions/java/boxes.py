"""Integer, Long and Byte, and what every number can be asked.

Separate because the three share their tables: only the bits and a few names differ.
"""

import re
from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.equality import compare_to, equals, hash_code
from gennaker.core.expressions.java.kinds import (
    INT_MAX,
    INT_MIN,
    LONG_MAX,
    LONG_MIN,
    Byte,
    Long,
    to_double,
    to_long,
    truncated,
    wrap,
)
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.text import text
from gennaker.core.expressions.scope import Scope

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER = re.compile(r"[+-]?[0-9a-zA-Z]+")
_DECODED = re.compile(r"([+-]?)(0[xX]|#|0(?=.))?([0-9a-fA-F]+)")
_LONGEST = 200
_PROPERTIES = "it reads a system property"
Row = tuple[str, Callable[..., Any]]


def wrong_number(value: Any, ending: str = "") -> ExpressionError:
    """Java's error for a text that is no number."""
    shown = "null" if value is None else f'For input string: "{str(value)[:_LONGEST]}"{ending}'
    return ExpressionError(shown, kind="NumberFormatException")


def read_whole(value: str | None, radix: int, least: int, most: int) -> int:
    """A whole number as Java's parse methods read it. Raises ExpressionError."""
    if not 2 <= radix <= 36:
        raise ExpressionError(f"radix {radix} is outside 2 to 36", kind="NumberFormatException")
    ending = "" if radix == 10 else f" under radix {radix}"
    if value is None or len(value) > _LONGEST or not _NUMBER.fullmatch(value):
        raise wrong_number(value, ending)
    try:
        number = int(value, radix)
    except ValueError:
        raise wrong_number(value, ending) from None
    if not least <= number <= most:
        raise wrong_number(value, ending)
    return number


def _decode(value: str, least: int, most: int) -> int:
    found = _DECODED.fullmatch(value) if len(value) <= _LONGEST else None
    if not found:
        raise wrong_number(value)
    radix = 8 if found[2] == "0" else 16 if found[2] else 10
    return read_whole(found[1] + found[3], radix, least, most)


def in_radix(number: int, radix: int) -> str:
    """A whole number in a radix; one that Java does not have counts as 10."""
    radix = radix if 2 <= radix <= 36 else 10
    digits, rest = "", abs(number)
    while rest or not digits:
        rest, digit = divmod(rest, radix)
        digits = _DIGITS[digit] + digits
    return f"-{digits}" if number < 0 else digits


def number_methods(name: str) -> list[Row]:
    """What every number of a kind can be asked."""
    return [
        ("byteValue(): byte", lambda _, value: truncated(_cut(value), INT_MIN, INT_MAX)),
        (f"compareTo({name}): int", lambda _, value, other: compare_to(value, other)),
        ("doubleValue(): double", lambda _, value: value),
        ("equals(Object): boolean", lambda _, value, other: equals(value, other)),
        ("floatValue(): float", lambda _, value: to_double(value)),
        ("hashCode(): int", lambda _, value: hash_code(value)),
        ("intValue(): int", lambda _, value: truncated(_cut(value), INT_MIN, INT_MAX)),
        ("longValue(): long", lambda _, value: truncated(_cut(value), LONG_MIN, LONG_MAX)),
        ("shortValue(): short", lambda _, value: truncated(_cut(value), INT_MIN, INT_MAX)),
        ("toString(): String", lambda scope, value: text(value, scope.budget)),
    ]


def _cut(value: Any) -> Any:
    return value if isinstance(value, float) else int(value)


def _bits(kind: str, bits: int) -> list[Row]:
    """The statics of Integer and Long that look at bits."""
    size = 1 << bits

    def shift(number: int, by: int) -> int:
        number, by = number % size, by % bits
        return wrap(number << by | number >> (bits - by), bits)

    def reverse(number: int) -> int:
        return wrap(int(f"{number % size:0{bits}b}"[::-1], 2), bits)

    def reverse_bytes(number: int) -> int:
        return wrap(int.from_bytes((number % size).to_bytes(bits // 8, "big"), "little"), bits)

    def highest(number: int) -> int:
        return wrap(1 << (number % size).bit_length() - 1 if number else 0, bits)

    return [
        (f"bitCount({kind}): int", lambda _, one: (one % size).bit_count()),
        (f"highestOneBit({kind}): {kind}", lambda _, one: highest(one)),
        (f"lowestOneBit({kind}): {kind}", lambda _, one: one & -one),
        (f"numberOfLeadingZeros({kind}): int", lambda _, one: bits - (one % size).bit_length()),
        (f"numberOfTrailingZeros({kind}): int", lambda _, one: (one & -one).bit_length() - 1 if one else bits),
        (f"reverse({kind}): {kind}", lambda _, one: reverse(one)),
        (f"reverseBytes({kind}): {kind}", lambda _, one: reverse_bytes(one)),
        (f"rotateLeft({kind}, int): {kind}", lambda _, one, by: shift(one, by)),
        (f"rotateRight({kind}, int): {kind}", lambda _, one, by: shift(one, -by)),
        (f"signum({kind}): int", lambda _, one: (one > 0) - (one < 0)),
        (f"toBinaryString({kind}): String", lambda _, one: f"{one % size:b}"),
        (f"toHexString({kind}): String", lambda _, one: f"{one % size:x}"),
        (f"toOctalString({kind}): String", lambda _, one: f"{one % size:o}"),
    ]


def _unsigned(kind: str, bits: int) -> list[Row]:
    """The statics of Integer and Long that take a number as one without sign."""
    size, name = 1 << bits, kind.title()

    def divided(_: Scope, one: int, other: int) -> tuple[int, int]:
        if not other:
            raise ExpressionError("/ by zero", kind="ArithmeticException")
        return divmod(one % size, other % size)

    def read(_: Scope, value: str, radix: int = 10) -> int:
        return wrap(read_whole(value if value[:1] != "-" else None, radix, 0, size - 1), bits)

    return [
        (f"compareUnsigned({kind}, {kind}): int", lambda _, a, b: (a % size > b % size) - (a % size < b % size)),
        (f"divideUnsigned({kind}, {kind}): {kind}", lambda scope, a, b: divided(scope, a, b)[0]),
        (f"remainderUnsigned({kind}, {kind}): {kind}", lambda scope, a, b: divided(scope, a, b)[1]),
        (f"parseUnsigned{'Int' if bits == 32 else name}(String): {kind}", read),
        (f"parseUnsigned{'Int' if bits == 32 else name}(String, int): {kind}", read),
        (f"toUnsignedString({kind}): String", lambda _, one: str(one % size)),
        (f"toUnsignedString({kind}, int): String", lambda _, one, radix: in_radix(one % size, radix)),
    ]


def _whole_statics(kind: str, bits: int) -> list[Row]:
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1

    def read(_: Scope, value: str, radix: int = 10) -> int:
        return read_whole(value, radix, least, most)

    name = "parse" + kind.title()
    return [
        (f"compare({kind}, {kind}): int", lambda _, a, b: (a > b) - (a < b) if bits > 8 else int(a) - int(b)),
        (f"decode(String): {kind}", lambda _, value: _decode(value, least, most)),
        (f"hashCode({kind}): int", lambda _, one: hash_code(one)),
        (f"{name}(String): {kind}", read),
        (f"{name}(String, int): {kind}", read),
        (f"toString({kind}): String", lambda _, one: str(int(one))),
        (f"valueOf({kind}): {kind}", lambda _, one: one),
        (f"valueOf(String): {kind}", read),
        (f"valueOf(String, int): {kind}", read),
    ]


def _wide_statics(kind: str, bits: int) -> list[Row]:
    return [
        *_whole_statics(kind, bits),
        *_bits(kind, bits),
        *_unsigned(kind, bits),
        (f"max({kind}, {kind}): {kind}", lambda _, a, b: max(a, b)),
        (f"min({kind}, {kind}): {kind}", lambda _, a, b: min(a, b)),
        (f"sum({kind}, {kind}): {kind}", lambda _, a, b: int(a) + int(b)),
        (f"toString({kind}, int): String", lambda _, one, radix: in_radix(one, radix)),
    ]


def _constructors(kind: str, bits: int) -> list[Row]:
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    return [
        (f"new({kind}): {kind}", lambda _, one: one),
        (f"new(String): {kind}", lambda _, value: read_whole(value, 10, least, most)),
    ]


INTEGER = Type(
    name="java.lang.Integer",
    methods=table(*number_methods("int")),
    statics=table(
        *_wide_statics("int", 32),
        ("toUnsignedLong(int): long", lambda _, one: one % 2**32),
    ),
    constructors=table(*_constructors("int", 32)),
    fields={"MIN_VALUE": INT_MIN, "MAX_VALUE": INT_MAX, "SIZE": 32, "BYTES": 4},
    refused={"getInteger": _PROPERTIES},
)
LONG = Type(
    name="java.lang.Long",
    methods=table(*number_methods("long")),
    statics=table(*_wide_statics("long", 64)),
    constructors=table(*_constructors("long", 64)),
    fields={"MIN_VALUE": to_long(LONG_MIN), "MAX_VALUE": Long(LONG_MAX), "SIZE": 64, "BYTES": 8},
    refused={"getLong": _PROPERTIES},
)
BYTE = Type(
    name="java.lang.Byte",
    methods=table(*number_methods("byte")),
    statics=table(
        *_whole_statics("byte", 8),
        ("compareUnsigned(byte, byte): int", lambda _, a, b: a % 256 - b % 256),
        ("toUnsignedInt(byte): int", lambda _, one: one % 256),
        ("toUnsignedLong(byte): long", lambda _, one: one % 256),
    ),
    constructors=table(*_constructors("byte", 8)),
    fields={"MIN_VALUE": Byte(-128), "MAX_VALUE": Byte(127), "SIZE": 8, "BYTES": 1},
)
SHORT = Type(name="java.lang.Short", methods=table(*number_methods("short")))
BIG_INTEGER = Type(name="java.math.BigInteger", methods=table(*number_methods("Number")))
BIG_DECIMAL = Type(name="java.math.BigDecimal", methods=table(*number_methods("Number")))
