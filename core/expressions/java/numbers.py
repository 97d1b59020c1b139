"""The arithmetic of expressions: SpEL's promotions, Java's overflow and division.

Separate because every operator is decided by the kinds of both sides, and the rules are one table: the higher kind wins, and an Integer
stays an Integer.
"""

import decimal
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError, LimitReached
from gennaker.core.expressions.java import kinds
from gennaker.core.expressions.java.equality import compare_to, equals
from gennaker.core.expressions.java.kinds import (
    BIG_DECIMAL,
    BIG_INTEGER,
    DOUBLE,
    FLOAT,
    INT_MAX,
    INT_MIN,
    INTEGER,
    LONG,
    LONG_MAX,
    LONG_MIN,
    BigInteger,
    Float,
    Long,
    kind_of,
    to_double,
    to_float,
    to_int,
    to_long,
)
from gennaker.core.expressions.java.names import described
from gennaker.core.expressions.java.text import joined

__all__ = [
    "BigInteger",
    "Float",
    "Long",
    "add",
    "compare",
    "divide",
    "equal",
    "modulo",
    "multiply",
    "negate",
    "plus",
    "power",
    "subtract",
]

#: The longest number, in bits and in decimal digits.
BITS, DIGITS = 8_192, 2_400
_exact = decimal.Context(prec=2 * DIGITS, Emax=10**6, Emin=-(10**6), rounding=decimal.ROUND_HALF_EVEN)
_LIMIT = f"makes a number of more than {DIGITS:,} digits"


def add(left: Any, right: Any, budget: Budget) -> Any:
    """`left + right`; with a String on either side both become text. Raises ExpressionError, LimitReached."""
    if isinstance(left, str) or isinstance(right, str):
        texts = joined(left, budget), joined(right, budget)
        budget.text(len(texts[0]) + len(texts[1]))
        return texts[0] + texts[1]
    return _both("+", left, right, lambda a, b: a + b)


def subtract(left: Any, right: Any) -> Any:
    """`left - right`; from a text of one character it goes back so many characters. Raises ExpressionError."""
    if isinstance(left, str) and len(left) == 1 and kind_of(right) == INTEGER:
        return chr((ord(left) - right) % 0x10000)
    return _both("-", left, right, lambda a, b: a - b)


def multiply(left: Any, right: Any, budget: Budget) -> Any:
    """`left * right`; a text times an Integer is repeated. Raises ExpressionError, LimitReached."""
    if isinstance(left, str) and kind_of(right) == INTEGER:
        times = max(right, 0)
        budget.text(len(left) * times)
        return left * times
    return _both("*", left, right, _product)


def divide(left: Any, right: Any) -> Any:
    """`left / right`: whole numbers are cut towards zero. Raises ExpressionError."""
    return _both("/", left, right, _quotient)


def modulo(left: Any, right: Any) -> Any:
    """`left % right`, with the sign of the left. Raises ExpressionError."""
    return _both("%", left, right, _remainder)


def power(left: Any, right: Any) -> Any:
    """`left ^ right`: an Integer while it fits, a Long when either is one or it is greater, both ending at a Long's limits.

    Raises ExpressionError, LimitReached.
    """
    kind = _kind("^", left, right)
    if kind in (BIG_INTEGER, BIG_DECIMAL):
        return _big_power(left, right, kind)
    value = java_pow(to_double(left), to_double(right))
    if kind in (FLOAT, DOUBLE):
        return value
    if value > INT_MAX or LONG in (kind_of(left), kind_of(right)):
        return Long(kinds.truncated(value, LONG_MIN, LONG_MAX))
    return kinds.truncated(value, INT_MIN, INT_MAX)


def negate(value: Any) -> Any:
    """`-value`. Raises ExpressionError."""
    kind = kind_of(value)
    if not kind:
        raise ExpressionError(f"cannot negate {described(value)}; expected a number")
    if kind == FLOAT:
        return Float(-value)
    return -value if kind in (DOUBLE, BIG_DECIMAL) else _typed(max(kind, INTEGER), -int(value))


def plus(value: Any) -> Any:
    """`+value`: the number itself. Raises ExpressionError."""
    if not kind_of(value):
        raise ExpressionError(f"cannot put a sign before {described(value)}; expected a number")
    return value


def compare(left: Any, right: Any) -> float:
    """Less than, equal or greater than zero; not a number when either is none. Null is less than everything. Raises ExpressionError."""
    if type(left) is int and type(right) is int:
        return (left > right) - (left < right)
    if kind_of(left) and kind_of(right):
        a, b = _pair(left, right, max(kind_of(left), kind_of(right)))
        return math.nan if a != a or b != b else int(a > b) - int(a < b)
    if left is None or right is None:
        return int(left is not None) - int(right is not None)
    return compare_to(left, right)


def equal(left: Any, right: Any) -> bool:
    """`left == right`: numbers of any kind by their value, all else as Java's `equals`."""
    if type(left) is type(right) and type(left) in (str, int, bool):
        return bool(left == right)
    if kind_of(left) and kind_of(right):
        a, b = _pair(left, right, max(kind_of(left), kind_of(right)))
        return bool(a == b)
    return equals(left, right)


def java_pow(base: float, exponent: float) -> float:
    """Java's Math.pow: no errors, but infinity and not-a-number."""
    if math.isnan(exponent) or (abs(base) == 1 and math.isinf(exponent)):
        return math.nan
    if base == 1 and exponent != 0:
        return 1.0
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base != 0:
            return math.nan
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf


def _kind(operator: str, left: Any, right: Any) -> int:
    kinds_ = kind_of(left), kind_of(right)
    if not all(kinds_):
        raise ExpressionError(
            f"the operator '{operator}' cannot be used between {described(left)} and {described(right)}"
        )
    return max(*kinds_, INTEGER)


def _pair(left: Any, right: Any, kind: int) -> tuple[Any, Any]:
    if kind == BIG_DECIMAL:
        return tuple(Decimal(str(one)) if isinstance(one, float) else Decimal(one) for one in (left, right))  # type: ignore[return-value]
    if kind == DOUBLE:
        return to_double(left), to_double(right)
    if kind == FLOAT:
        return float(to_float(to_double(left))), float(to_float(to_double(right)))
    return int(left), int(right)


def _typed(kind: int, value: Any) -> Any:
    if kind == INTEGER:
        return to_int(value)
    if kind == LONG:
        return to_long(value)
    if kind == FLOAT:
        return to_float(value)
    if kind == BIG_INTEGER:
        if value.bit_length() > BITS:
            raise LimitReached(_LIMIT)
        return BigInteger(value)
    if kind == BIG_DECIMAL and len(value.as_tuple().digits) > DIGITS:
        raise LimitReached(_LIMIT)
    return value


def _both(operator: str, left: Any, right: Any, calculate: Callable[[Any, Any], Any]) -> Any:
    if type(left) is int and type(right) is int and INT_MIN <= left <= INT_MAX and INT_MIN <= right <= INT_MAX:
        return to_int(calculate(left, right))
    kind = _kind(operator, left, right)
    with decimal.localcontext(_exact):
        try:
            return _typed(kind, calculate(*_pair(left, right, kind)))
        except decimal.DecimalException:
            raise LimitReached(_LIMIT) from None


def _product(left: Any, right: Any) -> Any:
    if isinstance(left, float) and (math.isinf(left) or math.isinf(right)) and 0 in (left, right):
        return math.nan
    return left * right


def _no_zero(right: Any) -> None:
    if not right:
        raise ExpressionError("/ by zero", kind="ArithmeticException")


def _quotient(left: Any, right: Any) -> Any:
    if isinstance(left, float):
        if right:
            return left / right
        sign = math.copysign(1, left) * math.copysign(1, right)
        return math.nan if not left or math.isnan(left) else sign * math.inf
    _no_zero(right)
    if isinstance(left, Decimal):
        places = max(-int(one.as_tuple().exponent) for one in (left, right))
        return (left / right).quantize(Decimal((0, (1,), -places)))
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, float):
        if not right or math.isinf(left) or math.isnan(left) or math.isnan(right):
            return math.nan
        return math.fmod(left, right)
    _no_zero(right)
    if isinstance(left, Decimal):
        return left % right
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _big_power(left: Any, right: Any, kind: int) -> Any:
    exponent = int(right)
    if exponent < 0:
        raise ExpressionError(
            "the exponent of a big number is negative; expected 0 or more", kind="ArithmeticException"
        )
    size = (
        left.bit_length()
        if kind == BIG_INTEGER and not isinstance(left, Decimal)
        else len(Decimal(left).as_tuple().digits)
    )
    if size * exponent > (BITS if kind == BIG_INTEGER else DIGITS):
        raise LimitReached(_LIMIT)
    if kind == BIG_INTEGER:
        return _typed(kind, int(left) ** exponent)
    with decimal.localcontext(_exact):
        return _typed(kind, Decimal(left) ** exponent)
