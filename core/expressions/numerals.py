"""The numbers that are written in an expression.

Separate because conditions read texts that spell a number in the same way.
"""

import math
import re
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import numbers

_HEX = re.compile(r"0[xX]([0-9a-fA-F]+)([lL]?)")
_REAL = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
#: Digits that may spell a Long; anything longer is refused before it is read.
_DIGITS = 19
INTEGER, LONG = 2**31 - 1, 2**63 - 1


def number_of(text: str, column: int) -> Any:
    """The number that a literal writes: Integer, Long with L, Float with f, else Double. Raises ExpressionError."""
    hexadecimal = _HEX.fullmatch(text)
    if hexadecimal:
        return _integer(hexadecimal[1], 16, text, column, long=bool(hexadecimal[2]))
    suffix = text[-1].lower()
    digits = text if suffix.isdigit() else text[:-1]
    if digits.isdigit() and suffix not in "fd":
        return _integer(digits, 10, text, column, long=suffix == "l")
    if suffix == "l":
        raise _wrong(f"{text[:40]} has a fraction or an exponent, so it cannot be a Long", column)
    if not _REAL.fullmatch(digits):
        raise _wrong(f"{text[:40]} is no number", column)
    return numbers.Float(float(digits)) if suffix == "f" else float(digits)


def spelled(text: str) -> Any:
    """The number, true or false that a text spells; the text itself when it spells none."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    sign = text[:1] == "-"
    digits = text[sign:]
    if len(digits) > 40 or not (_REAL.fullmatch(digits) or _HEX.fullmatch(digits)):
        return text
    try:
        value = number_of(digits, 1)
    except ExpressionError:
        return text
    return numbers.negate(value) if sign else value


def _integer(digits: str, base: int, text: str, column: int, *, long: bool) -> Any:
    most = LONG if long else INTEGER
    value = int(digits, base) if len(digits.lstrip("0")) <= _DIGITS else math.inf
    if value > most:
        hint = "" if long else "; write it with L at its end to make it a Long"
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise _wrong(f"{shown} does not fit into {'a Long' if long else 'an Integer'}{hint}", column)
    return numbers.Long(value) if long else value


def _wrong(message: str, column: int) -> ExpressionError:
    return ExpressionError(message, kind="SpelParseException", column=column)
