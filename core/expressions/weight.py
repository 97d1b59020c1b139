"""How heavy a list or map is when everything in it is counted as often as it stands there.

Separate because an expression may put one list into another twice, and that into a third twice: small in memory, endless to whoever
walks it. So what is put into a list or map is weighed first.
"""

from collections.abc import Collection
from typing import Any

from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import LimitReached
from gennaker.core.expressions.java.objects import Entry

#: The heaviest value, and the deepest.
HEAVIEST, DEEPEST = 1_000_000, 100
#: How many parts are looked at for one step, as a power of two, and what is too light to be kept.
_PARTS_FOR_A_STEP, _LIGHT = 4, 32
_CONTAINERS = (list, dict, Entry)


def weigh(value: Any, budget: Budget) -> int:
    """The weight of a value: 1 for each part and each thousand characters. Raises LimitReached."""
    return _weighed(value, budget, 0)[0]


def walk(value: Any, budget: Budget) -> None:
    """Pay for a walk through all of a value. Raises LimitReached."""
    budget.spend(weigh(value, budget) >> _PARTS_FOR_A_STEP)


def holds(value: Any) -> bool:
    """Whether a value holds others."""
    return isinstance(value, _CONTAINERS)


def _weighed(value: Any, budget: Budget, level: int) -> tuple[int, int]:
    """Weight and depth. What is light is weighed again each time: keeping it would cost more."""
    if isinstance(value, str):
        return 1 + (len(value) >> 10), 0
    if not isinstance(value, _CONTAINERS):
        return 1, 0
    known = budget.weighed.get(id(value))
    if known is not None:
        return known[1], known[2]
    if level > DEEPEST:
        raise LimitReached(f"holds lists and maps nested deeper than {DEEPEST} levels")
    weight, depth = 1, 0
    for item in _items(value):
        if isinstance(item, (str, *_CONTAINERS)):
            more, below = _weighed(item, budget, level + 1)
            weight += more
            depth = max(depth, below)
        else:
            weight += 1
    depth += 1
    if weight > HEAVIEST:
        raise LimitReached(f"makes a value of more than {HEAVIEST:,} parts")
    if depth > DEEPEST:
        raise LimitReached(f"makes lists and maps nested deeper than {DEEPEST} levels")
    if weight > _LIGHT:
        budget.spend(1 + (len(value) >> _PARTS_FOR_A_STEP) if not isinstance(value, Entry) else 1)
        budget.weighed[id(value)] = (value, weight, depth)
    return weight, depth


def _items(value: Any) -> Collection[Any]:
    if isinstance(value, Entry):
        return (value.value,)
    return value.values() if isinstance(value, dict) else value
