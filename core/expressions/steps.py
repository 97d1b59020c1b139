"""The steps of a path as closures, and what a path may begin with: types and new objects.

Separate from `compiler` because nothing here knows how the parts inside brackets and parentheses were read.
"""

from typing import Any

from gennaker.core.expressions import java, tree
from gennaker.core.expressions.access import Place, element_of, property_of
from gennaker.core.expressions.budget import CALL
from gennaker.core.expressions.calls import call_method
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.filters import Compiled, Step
from gennaker.core.expressions.scope import Scope

_Many = tuple[Compiled, ...]


def at(error: ExpressionError, column: int) -> ExpressionError:
    """The error with its place, unless it has one already."""
    if error.column is None:
        error.column = column
    return error


def path(start: Compiled, steps: tuple[Step, ...]) -> Compiled:
    """A beginning, and one step after the other."""
    if len(steps) == 1:
        only = steps[0]
        return lambda scope, this: only(scope, this, start(scope, this))

    def walk(scope: Scope, this: Any) -> Any:
        value = start(scope, this)
        for step in steps:
            value = step(scope, this, value)
        return value

    return walk


def property_step(node: tree.Property, place: Place) -> Step:
    """`.name`."""
    name, safe = node.name, node.safe

    def look(scope: Scope, _this: Any, target: Any) -> Any:
        if type(target) is dict or target is scope.root:
            try:
                return target[name]
            except KeyError:
                if not scope.strict:
                    return None
        elif target is None and safe:
            return None
        try:
            return property_of(target, name, scope, place)
        except ExpressionError as error:
            raise at(error, place.column) from None

    return look


def method_step(node: tree.Method, arguments: _Many, place: Place) -> Step:
    """`.name(…)`."""
    name, safe = node.name, node.safe

    def invoke(scope: Scope, this: Any, target: Any) -> Any:
        if target is None and safe:
            return None
        given = [argument(scope, this) for argument in arguments]
        try:
            return call_method(target, name, given, scope, place)
        except ExpressionError as error:
            raise at(error, place.column) from None

    return invoke


def index_step(name: str | None, key: Compiled, safe: bool, place: Place) -> Step:
    """`[key]`; a bare name is the key itself when a map is looked into."""

    def element(scope: Scope, this: Any, target: Any) -> Any:
        if target is None and safe:
            return None
        literal = name is not None and (isinstance(target, dict) or target is scope.root)
        found = name if literal else key(scope, this)
        try:
            return element_of(target, found, scope, place)
        except ExpressionError as error:
            raise at(error, place.column) from None

    return element


def static_field(type_: str, node: tree.Property) -> Compiled:
    """`T(type).NAME`."""
    name, column = node.name, node.column

    def field(_scope: Scope, _this: Any) -> Any:
        try:
            return java.field(type_, name)
        except ExpressionError as error:
            raise at(error, column) from None

    return field


def static_method(type_: str, node: tree.Method, arguments: _Many) -> Compiled:
    """`T(type).name(…)`."""
    name, column = node.name, node.column

    def static(scope: Scope, this: Any) -> Any:
        given = [argument(scope, this) for argument in arguments]
        scope.budget.spend(CALL)
        try:
            return java.static(type_, name, given, scope)
        except ExpressionError as error:
            raise at(error, column) from None

    return static


def construction(type_: str, column: int, arguments: _Many) -> Compiled:
    """`new type(…)`."""

    def make(scope: Scope, this: Any) -> Any:
        given = [argument(scope, this) for argument in arguments]
        scope.budget.spend(CALL)
        try:
            return java.construct(type_, given, scope)
        except ExpressionError as error:
            raise at(error, column) from None

    return make
