"""Numbers in Java's `%` formats: signs, grouping, zeros, and rounding half up of the digits that a number writes itself with.

Separate from the formatter because this is arithmetic on digits, and exact: `%.2f` of 1.005 is 1.01 in Java.
"""

import decimal
import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gennaker.core.expressions.java.digits import DOUBLE_BITS, digits_of
from gennaker.core.expressions.java.kinds import kind_of

_context = decimal.Context(prec=1_000_000, rounding=ROUND_HALF_UP, Emax=10**8, Emin=-(10**8))


def whole_text(number: int, letter: str, flags: str, width: int) -> str:
    """A whole number for `d`, `o` or `x`."""
    digits = format(abs(number), letter)
    prefix = {"o": "0", "x": "0x"}.get(letter, "") if "#" in flags else ""
    return signed(_grouped(digits) if "," in flags else digits, number < 0, flags, width, prefix)


def signed(digits: str, negative: bool, flags: str, width: int, prefix: str = "") -> str:
    """Digits with sign, parentheses, prefix and zeros before them."""
    before = ("(" if "(" in flags else "-") if negative else "+" if "+" in flags else " " if " " in flags else ""
    after = ")" if negative and "(" in flags else ""
    before += prefix
    zeros = width - len(before) - len(digits) - len(after) if "0" in flags else 0
    return before + "0" * max(zeros, 0) + digits + after


def _grouped(digits: str) -> str:
    whole, point, fraction = digits.partition(".")
    groups = [whole[max(end - 3, 0) : end] for end in range(len(whole), 0, -3)]
    return ",".join(reversed(groups)) + point + fraction


def real_text(value: Any, conversion: str, flags: str, width: int, precision: int) -> str:
    """A real number for `e`, `f`, `g` or `a`; an empty text for a value that is none."""
    if not isinstance(value, float | Decimal) or not kind_of(value):
        return ""
    lower = conversion.lower()
    if isinstance(value, float) and not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity"
        keep = flags.replace("0", "") if name == "Infinity" else ""
        return signed(name, value < 0, keep, 0)
    if lower == "a":
        return _hexadecimal(float(value), flags, width, precision) if isinstance(value, float) else ""
    number = _decimal(value) if isinstance(value, float) else value
    negative = number.is_signed() and (isinstance(value, float) or number != 0)
    places = 6 if precision < 0 else precision
    with decimal.localcontext(_context):
        digits = _general(abs(number), places, flags) if lower == "g" else _digits(abs(number), lower, places, flags)
    return signed(_grouped(digits) if "," in flags else digits, negative, flags, width)


def _decimal(value: float) -> Decimal:
    """A Double as the digits that Java writes of it."""
    if not value:
        return Decimal("-0") if math.copysign(1, value) < 0 else Decimal(0)
    digits, point = digits_of(abs(value), DOUBLE_BITS, two=True)
    return Decimal((int(value < 0), tuple(map(int, digits)), point - len(digits)))


def _digits(number: Decimal, letter: str, places: int, flags: str) -> str:
    point = "." if "#" in flags and not places else ""
    if letter == "f":
        return f"{number.quantize(Decimal((0, (1,), -places))):f}{point}"
    exponent = number.adjusted() if number else 0
    mantissa = number.scaleb(-exponent).quantize(Decimal((0, (1,), -places)))
    if mantissa >= 10:
        exponent, mantissa = exponent + 1, mantissa.scaleb(-1).quantize(Decimal((0, (1,), -places)))
    return f"{mantissa:f}{point}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _general(number: Decimal, precision: int, flags: str) -> str:
    precision = precision or 1
    if not number:
        return _digits(number, "f", precision - 1, flags)
    rounded = number.quantize(Decimal((0, (1,), number.adjusted() - precision + 1)))
    if Decimal("0.0001") <= rounded < Decimal((0, (1,), precision)):
        return _digits(number, "f", max(precision - rounded.adjusted() - 1, 0), flags)
    return _digits(number, "e", precision - 1, flags)


def hexadecimal(value: float, mantissa_digits: int = 13) -> str:
    """A finite Double as Java's toHexString writes it, without its sign; rounded when fewer digits are wanted."""
    if not value:
        return "0x0.0p0"
    whole, _, rest = abs(value).hex().removeprefix("0x").partition(".")
    fraction, _, exponent = rest.partition("p")
    if mantissa_digits < 13:
        return _rounded(int(whole + fraction, 16), int(exponent), mantissa_digits)
    return f"0x{whole}.{fraction.rstrip('0') or '0'}p{int(exponent)}"


def _rounded(mantissa: int, exponent: int, digits: int) -> str:
    shift = 53 - mantissa.bit_length()
    mantissa, exponent = mantissa << shift, exponent - shift
    drop = 4 * (13 - digits)
    kept, rest = mantissa >> drop, mantissa & ((1 << drop) - 1)
    if rest > 1 << (drop - 1) or (rest == 1 << (drop - 1) and kept & 1):
        kept += 1
    if kept >> (4 * digits + 1):
        kept, exponent = kept >> 1, exponent + 1
    fraction = f"{kept & ((1 << 4 * digits) - 1):0{digits}x}"
    return f"0x1.{fraction}p{exponent}"


def _hexadecimal(value: float, flags: str, width: int, precision: int) -> str:
    written = hexadecimal(value, 13 if precision < 0 else max(precision, 1)).removeprefix("0x")
    if precision > 0:
        mantissa, _, exponent = written.partition("p")
        whole, _, fraction = mantissa.partition(".")
        written = f"{whole}.{fraction.ljust(precision, '0')}p{exponent}"
    return signed(written, math.copysign(1, value) < 0, flags, width, "0x")
