"""Selections `.?[…]`, `.^[…]`, `.$[…]` and projections `.![…]`: the only loops of the language.

Separate because each turn is paid for by the size of what is done in it, so that a short expression cannot run for long.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gennaker.core.expressions.access import Place
from gennaker.core.expressions.java.names import described
from gennaker.core.expressions.java.objects import Entry
from gennaker.core.expressions.scope import Scope
from gennaker.core.expressions.weight import holds, weigh

Compiled = Callable[[Scope, Any], Any]
Step = Callable[[Scope, Any, Any], Any]


def projection(body: Compiled, cost: int, place: Place, safe: bool) -> Step:
    """`.![body]`: a list of what the body is for each element."""

    def project(scope: Scope, _this: Any, target: Any) -> Any:
        if target is None and safe:
            return None
        found = []
        budget = scope.budget
        heavy = False
        for element in _elements(target, "a projection", place):
            budget.spend(cost)
            value = body(scope, element)
            heavy = heavy or holds(value)
            found.append(value)
        budget.elements(len(found))
        if heavy:
            weigh(found, budget)
        return found

    return project


def selection(sign: str, predicate: Compiled, cost: int, place: Place, safe: bool) -> Step:
    """`.?[predicate]` all that fit, `.^[…]` the first, `.$[…]` the last; null when none fits."""

    def select(scope: Scope, _this: Any, target: Any) -> Any:
        if target is None and safe:
            return None
        chosen = []
        for number, element in enumerate(_elements(target, "a selection", place)):
            scope.budget.spend(cost)
            fits = predicate(scope, element)
            if fits is True:
                chosen.append(element)
                if sign == "^":
                    break
            elif fits is not False:
                raise place.wrong(
                    f"the condition in the brackets gives {described(fits)} for element {number}; expected true or false"
                )
        if sign != "?":
            if not chosen:
                return None
            chosen = chosen[-1:]
        scope.budget.elements(len(chosen))
        if isinstance(target, Mapping):
            return {entry.key: entry.value for entry in chosen}
        return chosen if sign == "?" else chosen[0]

    return select


def _elements(target: Any, what: str, place: Place) -> list[Any]:
    if isinstance(target, list):
        return target
    if isinstance(target, Mapping):
        return [Entry(key, value) for key, value in target.items()]
    if target is None:
        raise place.wrong(f"{place.before} is null, so {what} is not possible; to get null then, write ?. instead of .")
    raise place.wrong(f"{what} needs a list or a map; at {place.before} is {described(target)}")
