"""Real numbers as text and back, by Java's rules.

Separate because both directions differ from Python's: `1.0E10`, `1.0E-5`, `NaN`, and text such as `1e3d` or ` 0x1p4 `.
"""

import math
import re

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.digits import DOUBLE_BITS, FLOAT_BITS, digits_of

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?")
_HEX = re.compile(r"([+-]?)(0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+)[fFdD]?")
_NAMED = {"NaN": math.nan, "Infinity": math.inf}
#: The longest text that is read as a real number.
LONGEST = 2_000


def double_text(value: float) -> str:
    """A Double as Java writes it."""
    return _text(value, DOUBLE_BITS)


def float_text(value: float) -> str:
    """A Float as Java writes it."""
    return _text(value, FLOAT_BITS)


def _text(value: float, bits: int) -> str:
    if math.isnan(value):
        return "NaN"
    sign = "-" if math.copysign(1, value) < 0 else ""
    if math.isinf(value):
        return f"{sign}Infinity"
    if value == 0:
        return f"{sign}0.0"
    digits, point = digits_of(abs(float(value)), bits)
    if -3 < point < 8:
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
