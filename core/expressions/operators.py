"""What the operators do with values.

Separate because they know nothing of trees and scopes: numbers and order are Java's, the rest is written here.
"""

from collections.abc import Callable
from typing import Any

from gennaker.core.expressions import java
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import numbers
from gennaker.core.expressions.java.names import described
from gennaker.core.expressions.java.text import text
from gennaker.core.expressions.weight import holds, weigh

Operator = Callable[[Any, Any, Budget], Any]

_TRUE, _FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0")
#: Characters that are compared for one step.
_LONG = 1024
#: What one match costs besides the length of its text.
_MATCH = 20


def truth(value: Any) -> bool:
    """A value where true or false is needed, converted as Spring does. Raises ExpressionError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise ExpressionError(f"'{value[:40]}' stands where true or false is expected")
    if isinstance(value, list) and value and not isinstance(value[0], list):
        return truth(value[0])
    raise ExpressionError(f"{described(value)} stands where true or false is expected")


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """`==`. Raises LimitReached."""
    if isinstance(left, str) and isinstance(right, str):
        if len(left) != len(right):
            return False
        if len(left) >= _LONG:
            budget.spend(len(left) // _LONG)
        return left == right
    if holds(left) and holds(right):
        budget.spend(min(weigh(left, budget), weigh(right, budget)))
    return numbers.equal(left, right)


def _compare(left: Any, right: Any, budget: Budget) -> float:
    if isinstance(left, str) and isinstance(right, str):
        budget.spend(min(len(left), len(right)) >> 8)
    return numbers.compare(left, right)


def _between(value: Any, limits: Any, budget: Budget) -> bool:
    if not isinstance(limits, list) or len(limits) != 2:
        there = f"a List of {len(limits)}" if isinstance(limits, list) else described(limits)
        raise ExpressionError(f"'between' needs a list of two, such as {{1, 5}}; there is {there}")
    return _compare(value, limits[0], budget) >= 0 and _compare(value, limits[1], budget) <= 0


def _matches(value: Any, pattern: Any, budget: Budget) -> bool:
    if value is None or holds(value):
        raise ExpressionError(f"'matches' needs a text before it; there is {described(value)}")
    if not isinstance(pattern, str):
        raise ExpressionError(f"'matches' needs a pattern behind it; there is {described(pattern)}")
    written = value if isinstance(value, str) else text(value, budget)
    budget.spend(_MATCH + (len(written) >> 6))
    return java.matches(written, pattern, budget)


RELATIONS: dict[str, Operator] = {
    "==": equal,
    "!=": lambda left, right, budget: not equal(left, right, budget),
    "<": lambda left, right, budget: _compare(left, right, budget) < 0,
    "<=": lambda left, right, budget: _compare(left, right, budget) <= 0,
    ">": lambda left, right, budget: _compare(left, right, budget) > 0,
    ">=": lambda left, right, budget: _compare(left, right, budget) >= 0,
    "between": _between,
    "matches": _matches,
}
ARITHMETIC: dict[str, Operator] = {
    "+": numbers.add,
    "-": lambda left, right, _budget: numbers.subtract(left, right),
    "*": numbers.multiply,
    "/": lambda left, right, _budget: numbers.divide(left, right),
    "%": lambda left, right, _budget: numbers.modulo(left, right),
    "^": lambda left, right, _budget: numbers.power(left, right),
}
PREFIXES: dict[str, Callable[[Any], Any]] = {
    "-": numbers.negate,
    "+": numbers.plus,
    "!": lambda value: not truth(value),
}
