"""Call, read and make Java things: the only way from an expression to this library.

Separate because here stands what holds for every call: a step is spent, the type's own table is asked, and nothing else.
"""

from functools import cache
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import objects
from gennaker.core.expressions.java.methods import Method, Table, Type, call, choose, unknown
from gennaker.core.expressions.java.names import described, short_name, type_of
from gennaker.core.expressions.java.units import joined_units, needs_units, split_units
from gennaker.core.expressions.scope import Bean, Scope


class Missing:
    """What `property_of` gives when there is no such property."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()
#: Methods that every Java object has and no expression may call.
_REFUSED = ("getClass", "class", "wait", "notify", "notifyAll", "clone", "finalize")
_ARRAY_TYPE, _OBJECT_TYPE = "array", "java.lang.Object"


@cache
def _tables() -> tuple[dict[str, Type], dict[str, Type]]:
    """The types that can be named, and those of values. Loaded at the first call: a daemon without expressions never needs them."""
    from gennaker.core.expressions.java.registry import TYPES, VALUE_TYPES

    return TYPES, VALUE_TYPES


def type_for(value: Any) -> Type:
    """The table of a value's type."""
    types = _tables()[1]
    if isinstance(value, objects.Array):
        return types[_ARRAY_TYPE]
    return types[_OBJECT_TYPE if isinstance(value, Bean) else type_of(value)]


def invoke(target: Any, name: str, args: list[Any], scope: Scope) -> Any:
    """`target.name(…)`. Raises ExpressionError, LimitReached."""
    scope.budget.spend()
    if target is None:
        raise ExpressionError(f"cannot call '{name}' on null")
    type_ = type_for(target)
    methods = _methods(type_.methods, type_, name, described(target))
    method, arguments = choose(methods, args, f"'{name}' of {described(target)}")
    if isinstance(target, str) and needs_units(name, [target, *arguments]):
        arguments = [split_units(one) for one in arguments]
        return joined_units(call(method, scope, [split_units(target), *arguments]))
    return call(method, scope, [target, *arguments])


def static(type_: str, name: str, args: list[Any], scope: Scope) -> Any:
    """`T(type_).name(…)` of a type that `resolve` has named. Raises ExpressionError, LimitReached."""
    scope.budget.spend()
    found = _named(type_)
    methods = _methods(found.statics, found, name, f"the type {short_name(type_)}")
    method, arguments = choose(methods, args, f"'{name}' of the type {short_name(type_)}")
    return call(method, scope, arguments)


def field(type_: str, name: str) -> Any:
    """`T(type_).NAME`. Raises ExpressionError."""
    found = _named(type_)
    if name not in found.fields:
        raise unknown("constant", name, f"the type {short_name(type_)}", found.fields)
    return found.fields[name]


def construct(type_: str, args: list[Any], scope: Scope) -> Any:
    """`new type_(…)`. Raises ExpressionError, LimitReached."""
    scope.budget.spend()
    found = _named(type_)
    methods: tuple[Method, ...] = found.constructors.get("new", ())
    if not methods:
        raise ExpressionError(f"a {short_name(type_)} cannot be made with 'new'")
    method, arguments = choose(methods, args, f"'new {short_name(type_)}'")
    return call(method, scope, arguments)


def property_of(target: Any, name: str) -> Any:
    """A property by the rules of beans: `empty` for `isEmpty()`, `time` for `getTime()`; MISSING when there is none. Raises ExpressionError."""
    if name in _REFUSED:
        raise ExpressionError(f"'{name}' is not allowed in expressions")
    if target is None:
        return MISSING
    if isinstance(target, objects.Array):
        return len(target) if name == "length" else MISSING
    method = _getter(type_for(target), name)
    return MISSING if method is None else call(method, Scope({}), [target])


def properties(target: Any) -> list[str]:
    """The properties that `property_of` knows, for messages."""
    if isinstance(target, objects.Array):
        return ["length"]
    names = []
    for name in type_for(target).methods if target is not None else ():
        property_ = name.removeprefix("get") if name.startswith("get") else name.removeprefix("is")
        property_ = property_[:1].lower() + property_[1:]
        if property_ != name and _getter(type_for(target), property_):
            names.append(property_)
    return sorted(names)


def _getter(type_: Type, name: str) -> Method | None:
    ending = name[:1].upper() + name[1:]
    for prefix in ("get", "is"):
        for method in type_.methods.get(prefix + ending, ()):
            if not method.parameters and (prefix == "get" or method.result == "boolean"):
                return method
    return None


def _named(type_: str) -> Type:
    found = _tables()[0].get(type_)
    if found is None:
        raise ExpressionError(f"the type {type_} can only be used with 'instanceof'")
    return found


def _methods(methods: Table, type_: Type, name: str, owner: str) -> tuple[Method, ...]:
    if name in _REFUSED:
        raise ExpressionError(f"the method '{name}' is not allowed in expressions")
    if name in type_.refused:
        raise ExpressionError(f"the method '{name}' of {owner} is not allowed: {type_.refused[name]}")
    found = methods.get(name)
    if found is None:
        raise unknown("method", name, owner, methods)
    return found
