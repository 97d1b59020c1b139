"""The value of an expression as JSON, so that it can be kept in a stage's context.

Separate because what an expression holds while it is evaluated (dates, sets, Spinnaker's objects) is not what a pipeline keeps.
"""

from collections.abc import Mapping
from typing import Any

from gennaker.core.expressions import java
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import LimitReached
from gennaker.core.expressions.java.objects import Entry, JavaSet
from gennaker.core.expressions.java.text import joined
from gennaker.core.expressions.scope import Bean
from gennaker.core.expressions.weight import holds, walk

DEEPEST = 100
#: What it costs to make the properties of a Bean.
_BEAN = 16


def plain(value: Any, budget: Budget) -> Any:
    """A JSON value; the same object when it is one already. Raises LimitReached."""
    kind = type(value)
    if kind is bool or kind is int or (kind is str and value.isascii()):
        return value
    return _paid(value, budget, 0)


def _paid(value: Any, budget: Budget, level: int) -> Any:
    if holds(value):
        walk(value, budget)
    return _plain(value, budget, level)


def _plain(value: Any, budget: Budget, level: int) -> Any:
    if level > DEEPEST:
        raise LimitReached(f"gives lists and maps nested deeper than {DEEPEST} levels")
    if type(value) is list:
        items = [_plain(item, budget, level + 1) for item in value]
        return value if all(map(_is, items, value)) else items
    if isinstance(value, Mapping):
        return _map(value, budget, level)
    if isinstance(value, Bean):
        budget.spend(_BEAN)
        return {name: _paid(value.get(name), budget, level + 1) for name in value.names()}
    if isinstance(value, Entry):
        return {_name(value.key, budget): _plain(value.value, budget, level + 1)}
    return [_plain(item, budget, level + 1) for item in value] if isinstance(value, JavaSet) else java.plain(value)


def _map(value: Mapping[Any, Any], budget: Budget, level: int) -> dict[str, Any]:
    items = {_name(key, budget): _plain(item, budget, level + 1) for key, item in value.items()}
    same = (
        isinstance(value, dict)
        and len(items) == len(value)
        and all(items.get(key) is item for key, item in value.items())
    )
    return value if same else items  # type: ignore[return-value]


def _name(key: Any, budget: Budget) -> str:
    return java.plain(key) if isinstance(key, str) else joined(key, budget)


def _is(one: Any, other: Any) -> bool:
    return one is other
