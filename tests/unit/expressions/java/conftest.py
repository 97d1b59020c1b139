"""Calls as they stand in the files of rows, evaluated through the library's own interface."""

import ast
import struct
from collections.abc import Callable
from typing import Any

import pytest

from gennaker.core.expressions import java
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.kinds import Byte, Char, Long, to_float
from gennaker.core.expressions.java.names import TYPES, short_name
from gennaker.core.expressions.scope import Scope

#: 2024-02-01T09:40:15.123Z
NOW = 1_706_780_415_123
_TYPES = {short_name(name): name for name in TYPES}
_MARKS: dict[str, Callable[[Any], Any]] = {"L": Long, "F": to_float, "C": Char, "B": Byte}
_INTERFACES = {"ArrayList": "List", "LinkedHashSet": "Set", "LinkedHashMap": "Map"}


def _value(node: ast.expr, scope: Scope) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(operand=operand):
            return java.numbers.negate(_value(operand, scope))
        case ast.List(elts=items):
            return [_value(item, scope) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_value(key, scope): _value(one, scope) for key, one in zip(keys, values, strict=True) if key}
        case ast.Attribute(value=ast.Name(id=type_), attr=name):
            return java.field(_TYPES[type_], name)
        case ast.Call(func=function, args=given):
            return _called(function, [_value(one, scope) for one in given], scope)
    raise ValueError(ast.dump(node))


def _called(function: ast.expr, arguments: list[Any], scope: Scope) -> Any:
    match function:
        case ast.Name(id=mark) if mark in _MARKS:
            return _MARKS[mark](arguments[0])
        case ast.Name(id=type_):
            return java.construct(_TYPES[type_], arguments, scope)
        case ast.Attribute(value=ast.Name(id=type_), attr=name):
            return java.static(_TYPES[type_], name.rstrip("_"), arguments, scope)
        case ast.Attribute(value=target, attr=name):
            return java.invoke(_value(target, scope), name.rstrip("_"), arguments, scope)
    raise ValueError(ast.dump(function))


def _escaped(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if " " <= char <= "~":
        return char
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{unit:04x}" for unit in struct.unpack(f">{len(data) // 2}H", data))


@pytest.fixture
def scope() -> Scope:
    """The world of one evaluation, in UTC."""
    return Scope({}, now=NOW, seed="seed")


@pytest.fixture
def evaluate(scope: Scope) -> Callable[[str], Any]:
    """The value of a call such as `"abc".charAt(1)`."""
    return lambda call: _value(ast.parse(call, mode="eval").body, scope)


@pytest.fixture
def shown(evaluate: Callable[[str], Any], scope: Scope) -> Callable[[str], str]:
    """The type and text of a call's value, or `!` and the exception that Java throws."""

    def show(call: str) -> str:
        try:
            value = evaluate(call)
        except ExpressionError as error:
            return f"!{error.kind}"
        if value is None:
            return "null"
        name = short_name(java.type_of(value))
        written = f"{_INTERFACES.get(name, name)} {java.text(value, scope.budget)}"
        return "".join(map(_escaped, written))

    return show
