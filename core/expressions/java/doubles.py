"""Real numbers as text and back, by Java's rules.

Separate because both directions differ from Python's: `1.0E10`, `1.0E-5`, `NaN`, and text such as `1e3d` or ` 0x1p4 `.
"""

import math
import re
import struct

from gennaker.core.expressions.errors import ExpressionError

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?")
_HEX = re.compile(r"([+-]?)(0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+)[fFdD]?")
_NAMED = {"NaN": math.nan, "Infinity": math.inf}
#: The longest text that is read as a real number.
LONGEST = 2_000


def double_text(value: float) -> str:
    """A Double as Java writes it."""
    return _text(value, repr(float(value)))


def float_text(value: float) -> str:
    """A Float as Java writes it: the fewest digits that tell it from its neighbours among numbers of 32 bits."""
    if math.isnan(value) or math.isinf(value):
        return _text(value, "")
    for digits in range(1, 10):
        shortest = f"{value:.{digits - 1}e}"
        if struct.pack(">f", float(shortest)) == struct.pack(">f", value):
            break
    return _text(value, shortest)


def digits_of(written: str) -> tuple[str, int]:
    """The significant digits of a number that Python wrote, and where its point is: `0.00123` is `123` and -2."""
    mantissa, _, exponent = written.lstrip("-").lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(digits) - len(fraction) + int(exponent or 0)
    return digits.rstrip("0") or "0", point


def _text(value: float, written: str) -> str:
    if math.isnan(value):
        return "NaN"
    sign = "-" if math.copysign(1, value) < 0 else ""
    if math.isinf(value):
        return f"{sign}Infinity"
    if value == 0:
        return f"{sign}0.0"
    digits, point = digits_of(written)
    if 1e-3 <= abs(value) < 1e7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def read_double(text: str) -> float:
    """A real number as Java's parseDouble reads it. Raises ExpressionError."""
    stripped = text.strip("".join(map(chr, range(33))))
    unsigned = stripped.lstrip("+-") if stripped[:1] in ("+", "-") and stripped[1:2] not in ("+", "-") else stripped
    if unsigned in _NAMED:
        return -_NAMED[unsigned] if stripped[0] == "-" else _NAMED[unsigned]
    if len(stripped) <= LONGEST:
        if _DECIMAL.fullmatch(stripped) and stripped.isascii():
            return float(stripped.rstrip("fFdD"))
        if found := _HEX.fullmatch(stripped):
            return _hexadecimal(found)
    reason = f'For input string: "{text}"' if stripped else "empty String"
    raise ExpressionError(reason, kind="NumberFormatException")


def _hexadecimal(found: re.Match[str]) -> float:
    try:
        value = float.fromhex(found[2])
    except OverflowError:
        value = math.inf
    return -value if found[1] == "-" else value
