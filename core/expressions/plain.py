"""The value of an expression as JSON, so that it can be kept in a stage's context.

Separate because what an expression holds while it is evaluated (dates, sets, Spinnaker's objects) is not what a pipeline keeps.
"""

from collections.abc import Mapping
from typing import Any

from gennaker.core.expressions import java
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import LimitReached
from gennaker.core.expressions.java.text import joined
from gennaker.core.expressions.scope import Bean

DEEPEST = 100


def plain(value: Any, budget: Budget) -> Any:
    """A JSON value; the same object when it is one already. Raises LimitReached."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    return _plain(value, budget, 0)


def _plain(value: Any, budget: Budget, level: int) -> Any:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, list | Mapping | Bean):
        if level > DEEPEST:
            raise LimitReached(f"gives lists and maps nested deeper than {DEEPEST} levels")
        budget.spend()
        if kind is list:
            return _list(value, budget, level)
        if isinstance(value, Mapping):
            return _map(value, budget, level)
        if isinstance(value, Bean):
            return {name: _plain(value.get(name), budget, level + 1) for name in value.names()}
    return java.plain(value)


def _list(value: list[Any], budget: Budget, level: int) -> list[Any]:
    items = [_plain(item, budget, level + 1) for item in value]
    return value if all(map(_is, items, value)) else items


def _map(value: Mapping[Any, Any], budget: Budget, level: int) -> dict[str, Any]:
    items = {
        key if isinstance(key, str) else joined(key, budget): _plain(item, budget, level + 1)
        for key, item in value.items()
    }
    same = (
        isinstance(value, dict)
        and len(items) == len(value)
        and all(items.get(key) is item for key, item in value.items())
    )
    return value if same else items  # type: ignore[return-value]


def _is(one: Any, other: Any) -> bool:
    return one is other
