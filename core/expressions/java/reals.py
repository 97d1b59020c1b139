"""Double and Float, Boolean and Character.

Separate from the whole numbers because nothing here has bits to count.
"""

import math
import struct
from typing import Any

from gennaker.core.expressions.java.boxes import Row, number_methods
from gennaker.core.expressions.java.doubles import double_text, float_text, read_double
from gennaker.core.expressions.java.equality import equals, hash_code
from gennaker.core.expressions.java.format_numbers import hexadecimal
from gennaker.core.expressions.java.kinds import FLOAT_MAX, Float, to_float
from gennaker.core.expressions.java.methods import Type, table


def order(left: float, right: float) -> int:
    """Java's order of real numbers: -0.0 before 0.0, and NaN after everything."""
    if left < right:
        return -1
    if left > right:
        return 1
    keys = [(math.isnan(one), math.copysign(1, one) if not math.isnan(one) else 1) for one in (left, right)]
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


def greater(left: float, right: float) -> float:
    """Java's max: NaN when either is NaN, and 0.0 rather than -0.0."""
    if math.isnan(left) or math.isnan(right):
        return math.nan
    return left if order(left, right) >= 0 else right


def less(left: float, right: float) -> float:
    """Java's min."""
    if math.isnan(left) or math.isnan(right):
        return math.nan
    return left if order(left, right) <= 0 else right


def _bits(value: float) -> int:
    return int(struct.unpack(">q", struct.pack(">d", math.nan if math.isnan(value) else value))[0])


def _float_bits(value: float) -> int:
    return int(struct.unpack(">i", struct.pack(">f", math.nan if math.isnan(value) else value))[0])


def _hex(value: float) -> str:
    if not math.isfinite(value):
        return double_text(value)
    return ("-" if math.copysign(1, value) < 0 else "") + _subnormal(value)


def _subnormal(value: float) -> str:
    if 0 < abs(value) < 2.2250738585072014e-308:
        return f"0x0.{int(math.ldexp(abs(value), 1074)):013x}".rstrip("0") + "p-1022"
    return hexadecimal(value)


def _real(kind: str) -> list[Row]:
    name = kind.title()
    write = double_text if kind == "double" else float_text
    return [
        (f"compare({kind}, {kind}): int", lambda _, a, b: order(a, b)),
        (f"hashCode({kind}): int", lambda _, one: hash_code(one)),
        (f"isFinite({kind}): boolean", lambda _, one: math.isfinite(one)),
        (f"isInfinite({kind}): boolean", lambda _, one: math.isinf(one)),
        (f"isNaN({kind}): boolean", lambda _, one: math.isnan(one)),
        (f"max({kind}, {kind}): {kind}", lambda _, a, b: greater(a, b)),
        (f"min({kind}, {kind}): {kind}", lambda _, a, b: less(a, b)),
        (f"parse{name}(String): {kind}", lambda _, value: read_double(value)),
        (f"sum({kind}, {kind}): {kind}", lambda _, a, b: a + b),
        (f"toString({kind}): String", lambda _, one: write(one)),
        (f"valueOf({kind}): {kind}", lambda _, one: one),
        (f"valueOf(String): {kind}", lambda _, value: read_double(value)),
    ]


def _real_methods(kind: str) -> list[Row]:
    return [
        *(row for row in number_methods(kind) if not row[0].startswith("compareTo")),
        (f"compareTo({kind}): int", lambda _, value, other: order(value, other)),
        ("isInfinite(): boolean", lambda _, value: math.isinf(value)),
        ("isNaN(): boolean", lambda _, value: math.isnan(value)),
    ]


DOUBLE = Type(
    name="java.lang.Double",
    methods=table(*_real_methods("double")),
    statics=table(
        *_real("double"),
        ("doubleToLongBits(double): long", lambda _, one: _bits(one)),
        ("doubleToRawLongBits(double): long", lambda _, one: _bits(one)),
        ("longBitsToDouble(long): double", lambda _, one: struct.unpack(">d", struct.pack(">q", one))[0]),
        ("toHexString(double): String", lambda _, one: _hex(one)),
    ),
    constructors=table(
        ("new(double): double", lambda _, one: one), ("new(String): double", lambda _, value: read_double(value))
    ),
    fields={
        "MAX_VALUE": 1.7976931348623157e308,
        "MIN_VALUE": 5e-324,
        "MIN_NORMAL": 2.2250738585072014e-308,
        "NaN": math.nan,
        "POSITIVE_INFINITY": math.inf,
        "NEGATIVE_INFINITY": -math.inf,
        "MAX_EXPONENT": 1023,
        "MIN_EXPONENT": -1022,
        "SIZE": 64,
        "BYTES": 8,
    },
)
FLOAT = Type(
    name="java.lang.Float",
    methods=table(*_real_methods("float")),
    statics=table(
        *_real("float"),
        ("floatToIntBits(float): int", lambda _, one: _float_bits(one)),
        ("floatToRawIntBits(float): int", lambda _, one: _float_bits(one)),
        ("intBitsToFloat(int): float", lambda _, one: struct.unpack(">f", struct.pack(">i", one))[0]),
    ),
    constructors=table(
        ("new(float): float", lambda _, one: one),
        ("new(double): float", lambda _, one: one),
        ("new(String): float", lambda _, value: read_double(value)),
    ),
    fields={
        "MAX_VALUE": Float(FLOAT_MAX),
        "MIN_VALUE": to_float(1.4e-45),
        "MIN_NORMAL": to_float(1.17549435e-38),
        "NaN": Float(math.nan),
        "POSITIVE_INFINITY": Float(math.inf),
        "NEGATIVE_INFINITY": Float(-math.inf),
        "MAX_EXPONENT": 127,
        "MIN_EXPONENT": -126,
        "SIZE": 32,
        "BYTES": 4,
    },
)


def _true(value: str | None) -> bool:
    return value is not None and value.lower() == "true"


def _word(value: bool) -> str:
    return "true" if value else "false"


BOOLEAN = Type(
    name="java.lang.Boolean",
    methods=table(
        ("booleanValue(): boolean", lambda _, value: value),
        ("compareTo(boolean): int", lambda _, value, other: int(value) - int(other)),
        ("equals(Object): boolean", lambda _, value, other: value is other),
        ("hashCode(): int", lambda _, value: hash_code(value)),
        ("toString(): String", lambda _, value: _word(value)),
    ),
    statics=table(
        ("compare(boolean, boolean): int", lambda _, a, b: int(a) - int(b)),
        ("hashCode(boolean): int", lambda _, value: hash_code(value)),
        ("logicalAnd(boolean, boolean): boolean", lambda _, a, b: a and b),
        ("logicalOr(boolean, boolean): boolean", lambda _, a, b: a or b),
        ("logicalXor(boolean, boolean): boolean", lambda _, a, b: a is not b),
        ("parseBoolean(String): boolean", lambda _, value: _true(value)),
        ("toString(boolean): String", lambda _, value: _word(value)),
        ("valueOf(boolean): boolean", lambda _, value: value),
        ("valueOf(String): boolean", lambda _, value: _true(value)),
    ),
    constructors=table(
        ("new(boolean): boolean", lambda _, value: value), ("new(String): boolean", lambda _, value: _true(value))
    ),
    fields={"TRUE": True, "FALSE": False},
    refused={"getBoolean": "it reads a system property"},
)


def _code(value: Any) -> int:
    return ord(value.text)


CHARACTER = Type(
    name="java.lang.Character",
    methods=table(
        ("charValue(): char", lambda _, value: value),
        ("compareTo(char): int", lambda _, value, other: _code(value) - _code(other)),
        ("equals(Object): boolean", lambda _, value, other: equals(value, other)),
        ("hashCode(): int", lambda _, value: _code(value)),
        ("toString(): String", lambda _, value: value.text),
    ),
)
