"""The digits that Java 17 writes of a real number.

Separate because they are not always the fewest that would do, as Python's are: Java makes digits until the rest is less than half the distance
to the neighbours, makes at least two where it will write an exponent, and writes whole numbers up to 2^63 in full. `1e23` is `1.0E23` in
Python and `9.999999999999999E22` there.
"""

import math

#: Bits of a Double and of a Float.
DOUBLE_BITS, FLOAT_BITS = 53, 24
_LEAST = {DOUBLE_BITS: -1074, FLOAT_BITS: -149}


def digits_of(value: float, bits: int, *, two: bool = False) -> tuple[str, int]:
    """The digits of a finite number above zero, and where its point is: `0.00123` is `123` and -2. With `two`, never only one digit is made."""
    numerator, denominator = value.as_integer_ratio()
    exponent = math.frexp(value)[1] - 1
    if denominator == 1 and exponent < 63:
        return _whole(numerator, exponent - bits - 1)
    power = numerator & (numerator - 1) == 0
    half = max(exponent - bits, _LEAST[bits] - 1) - power
    tens = _estimate(value, exponent)
    scale = max(denominator, 1 << max(-half, 0))
    rest = numerator * (scale // denominator) * 10 ** max(-tens, 0)
    unit = scale * 10 ** max(tens, 0)
    margin = (1 << max(half, 0)) * (scale >> max(-half, 0)) * 10 ** max(-tens, 0)
    return _developed(rest, unit, margin, tens, two=two)


def _whole(number: int, beyond: int) -> tuple[str, int]:
    """A whole number in full, without the digits that its bits say nothing about."""
    dropped = len(str(1 << beyond)) - 1 if beyond > 1 else 0
    if dropped:
        number, rest = divmod(number, 10**dropped)
        number += rest >= 10**dropped // 2
    digits = str(number)
    return digits.rstrip("0"), len(digits) + dropped


def _estimate(value: float, exponent: int) -> int:
    """The power of ten of the first digit, or one more: the tangent of the logarithm at 1.5."""
    mantissa = math.ldexp(*math.frexp(value)[:1], 1)
    return math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981)


def _developed(rest: int, unit: int, margin: int, tens: int, *, two: bool) -> tuple[str, int]:
    digits = ""
    digit, rest = divmod(rest, unit)
    rest, margin = 10 * rest, 10 * margin
    low, high = rest < margin, rest + margin > 10 * unit
    if digit or high:
        digits = str(digit)
    else:
        tens -= 1
    if two or not -3 <= tens < 8:
        low = high = False
    while not low and not high:
        digit, rest = divmod(rest, unit)
        rest, margin = 10 * rest, 10 * margin
        low, high = rest < margin, rest + margin > 10 * unit
        digits += str(digit)
    if high and (not low or 2 * rest > 10 * unit or (2 * rest == 10 * unit and int(digits[-1]) % 2)):
        more = str(int(digits) + 1).rjust(len(digits), "0")
        tens += len(more) - len(digits)
        digits = more
    return digits.rstrip("0") or "0", tens + 1
