"""Look into values: properties and elements, with messages that say what is there.

Separate because this is the whole reach of an expression: map keys, elements, the properties of Beans and those that the Java library
lists. Nothing here asks a Python object for an attribute by a name that an expression gave.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from gennaker.core.expressions import java
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.names import described
from gennaker.core.expressions.scope import Bean, Scope

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_TOLD, _TOLD_LENGTH = 12, 40


class Place(Struct, frozen=True):
    """Where a step stands, for messages."""

    source: str
    #: Offsets of the path before the step.
    start: int
    end: int
    column: int

    @property
    def before(self) -> str:
        """The path before the step, as it is written, in quotes unless it has some; shortened when it is long."""
        text = self.source[self.start : self.end].strip() or "#this"
        if len(text) > 80:
            text = f"{text[:38]} … {text[-38:]}"
        return text if "'" in text else f"'{text}'"

    def wrong(self, message: str, kind: str = "SpelEvaluationException") -> ExpressionError:
        """An error here."""
        return ExpressionError(message, kind=kind, column=self.column)


def property_of(target: Any, name: str, scope: Scope, place: Place) -> Any:
    """The value of a property. Raises ExpressionError."""
    if isinstance(target, Mapping):
        if name in target:
            return target[name]
        if not scope.strict:
            return None
    elif isinstance(target, Bean) and target.has(name):
        return target.get(name)
    elif target is None:
        raise place.wrong(f"{place.before} is null, so it has no property '{name}'; to get null then, write ?.{name}")
    found = java.MISSING if isinstance(target, Bean) else java.property_of(target, name)
    if found is java.MISSING:
        raise place.wrong(_no_property(target, name, scope, place))
    return found


def _no_property(target: Any, name: str, scope: Scope, place: Place) -> str:
    if target is scope.root:
        return f"there is no '{name}' here; {_there(name, target)}"
    if isinstance(target, Mapping):
        return f"there is no property '{name}' on the map at {place.before}; {_there(name, target)}"
    told = f"there is no property '{name}' on {described(target)} at {place.before}"
    if isinstance(target, Bean):
        return f"{told}; {_there(name, target.names())}"
    if isinstance(target, list):
        return f"{told}; for that of an element write [0].{name}, for that of all .![{name}]"
    return told


def _there(name: str, names: Iterable[Any]) -> str:
    known = [str(one) for one in names]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}it has: {listed(known)}"


def listed(names: Sequence[str]) -> str:
    """Names for a message: so many as can be read."""
    shown = [one if len(one) <= _TOLD_LENGTH else f"{one[:_TOLD_LENGTH]}…" for one in names[:_TOLD]]
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return (", ".join(shown) or "nothing") + more


def element_of(target: Any, key: Any, scope: Scope, place: Place) -> Any:
    """What `target[key]` is: a map's value, an element, a character, a property. Raises ExpressionError."""
    if isinstance(target, Mapping):
        return in_map(target, key, scope)
    if isinstance(target, list | str):
        index = _index(key, place)
        if 0 <= index < len(target):
            return target[index]
        what = "text" if isinstance(target, str) else "list"
        there = f"has {len(target)} {'characters' if what == 'text' else 'elements'}"
        hint = f", the last is [{len(target) - 1}]" if target else ""
        raise place.wrong(f"there is no [{index}]: the {what} at {place.before} {there}{hint}")
    if target is None:
        raise place.wrong(f"{place.before} is null, so it has no elements; to get null then, write ?.[…]")
    if isinstance(key, str):
        return property_of(target, key, scope, place)
    raise place.wrong(f"{described(target)} at {place.before} has no elements; expected a list, a map or a text")


def in_map(target: Mapping[Any, Any], key: Any, scope: Scope) -> Any:
    """The value of a key; null when it is not there. 1, 1L, 1.0 and true are different keys."""
    if isinstance(key, str):
        return target.get(key)
    if isinstance(key, list | Mapping):
        return None
    scope.budget.spend(1 + (len(target) >> 3))
    return next((value for one, value in target.items() if type(one) is type(key) and one == key), None)


def _index(key: Any, place: Place) -> int:
    if isinstance(key, str) and _INTEGER.fullmatch(key.strip()):
        return int(key)
    if isinstance(key, int | float) and not isinstance(key, bool) and abs(key) < 2**31:
        return int(key)
    there = f"'{key[:_TOLD_LENGTH]}'" if isinstance(key, str) else described(key)
    raise place.wrong(f"[…] of the list or text at {place.before} needs a whole number, not {there}")
