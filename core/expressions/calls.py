"""Call helper functions and methods, each paid for before it is done.

Separate because what a call costs depends on what it is called on, and the Java library should not have to know.
"""

import difflib
from collections.abc import Mapping
from typing import Any

from gennaker.core.expressions import java
from gennaker.core.expressions.access import Place, listed
from gennaker.core.expressions.budget import CALL
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.plain import plain
from gennaker.core.expressions.scope import Bean, Function, Scope
from gennaker.core.expressions.weight import holds, weigh

#: Methods of lists and maps that look at everything in them.
_DEEP = frozenset(
    (
        "contains",
        "containsAll",
        "containsKey",
        "containsValue",
        "equals",
        "hashCode",
        "indexOf",
        "lastIndexOf",
        "toString",
    )
)


def call_function(name: str, given: list[Any], scope: Scope) -> Any:
    """The value of `#name(…)`. Raises ExpressionError, Deferred."""
    function = scope.functions.get(name)
    if function is None:
        raise ExpressionError(_unknown(name, scope))
    if not function.least <= len(given) <= function.most:
        raise ExpressionError(f"{_signature(function)} takes {_arity(function)}; {len(given)} given")
    scope.budget.spend(CALL)
    if function.call is None:
        return scope.outside(name, *(plain(one, scope.budget) for one in given))
    return function.call(scope, *given)


def call_method(target: Any, name: str, given: list[Any], scope: Scope, place: Place) -> Any:
    """The value of `target.name(…)`. Raises ExpressionError."""
    if target is None:
        raise place.wrong(f"{place.before} is null, so it has no method '{name}'; to get null then, write ?.{name}(…)")
    if isinstance(target, str):
        scope.budget.spend(CALL + (len(target) >> 10))
    elif isinstance(target, Bean):
        getter = name[3:4].lower() + name[4:] if name.startswith("get") else ""
        if getter and not given and target.has(getter):
            return target.get(getter)
    else:
        if isinstance(target, Mapping) and not isinstance(target, dict):
            target = dict(target)
        scope.budget.spend(CALL + (weigh(target, scope.budget) if holds(target) and name in _DEEP else 0))
    return java.invoke(target, name, given, scope)


def _unknown(name: str, scope: Scope) -> str:
    near = difflib.get_close_matches(name, scope.functions, n=3)
    folded = [one for one in scope.functions if one.lower() == name.lower()]
    if near or folded:
        return f"there is no function #{name}; did you mean {' or '.join(f'#{one}' for one in folded or near)}?"
    return f"there is no function #{name}; there are: {listed(sorted(scope.functions))}"


def _signature(function: Function) -> str:
    return function.signature if function.signature.startswith("#") else f"#{function.signature}"


def _arity(function: Function) -> str:
    least, most = function.least, function.most
    if least == most:
        return f"{least} argument{'s' * (least != 1)}" if least else "no arguments"
    return f"{least} to {most} arguments"
