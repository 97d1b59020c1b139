"""How a type says what can be called on it: rows of a signature and the function behind it.

Separate because there is one rule by which a call finds its row: the name, the number of arguments, then the overload whose parameters fit
best, as Spring chooses. Nothing is ever looked up on a Python object.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.arguments import fit
from gennaker.core.expressions.java.kinds import Byte, Char, Short, to_double, to_float, to_int, to_long, wrap
from gennaker.core.expressions.java.names import described
from gennaker.core.expressions.scope import Scope

_SIGNATURE = re.compile(r"(\w+)\(([^)]*)\): ([\w\[\].<>]+)")
Call = Callable[..., Any]

#: How a result becomes the kind that its signature promises.
_RESULTS: dict[str, Callable[[Any], Any]] = {
    "int": to_int,
    "long": to_long,
    "float": to_float,
    "double": to_double,
    "byte": lambda value: Byte(wrap(value, 8)),
    "short": lambda value: Short(wrap(value, 16)),
    "char": lambda value: value if isinstance(value, Char) else Char(value),
    "boolean": bool,
}


class Method(Struct, frozen=True, kw_only=True):
    """One row: what it is called with, and what is called."""

    name: str
    parameters: tuple[str, ...]
    #: The last parameter takes any number of arguments.
    variable: bool
    result: str
    call: Call

    def signature(self) -> str:
        """As in Java: `substring(int, int)`."""
        dots = "..." if self.variable else ""
        return f"{self.name}({', '.join(self.parameters)}{dots})"


Table = dict[str, tuple[Method, ...]]


def table(*rows: tuple[str, Call]) -> Table:
    """Rows of `"name(parameter, …): result"` and a function, by name. Raises ValueError for a signature that cannot be read."""
    found: dict[str, list[Method]] = {}
    for signature, call in rows:
        read = _SIGNATURE.fullmatch(signature)
        if not read:
            raise ValueError(f"{signature!r} is no signature; expected 'name(parameter, …): result'")
        parameters = [one for one in read[2].split(", ") if one]
        variable = bool(parameters) and parameters[-1].endswith("...")
        if variable:
            parameters[-1] = parameters[-1][:-3]
        method = Method(name=read[1], parameters=tuple(parameters), variable=variable, result=read[3], call=call)
        found.setdefault(method.name, []).append(method)
    return {name: tuple(methods) for name, methods in found.items()}


class Type(Struct, frozen=True, kw_only=True):
    """A type: its full name, and everything that an expression may ask of it."""

    name: str
    methods: Table = {}
    statics: Table = {}
    constructors: Table = {}
    fields: dict[str, Any] = {}
    #: Names that exist in Java and are refused here, with the reason.
    refused: dict[str, str] = {}


def choose(methods: Iterable[Method], arguments: list[Any], where: str) -> tuple[Method, list[Any]]:
    """The overload that fits best, with its arguments converted. Raises ExpressionError that says what was there and what was expected."""
    best: tuple[int, int] | None = None
    chosen: tuple[Method, list[Any]] | None = None
    for method in methods:
        fitted = _fitted(method, arguments)
        if fitted is None:
            continue
        levels = [level for level, _ in fitted]
        rank = max(levels, default=0) + (3 if method.variable else 0), sum(levels)
        if best is None or rank < best:
            best, chosen = rank, (method, [value for _, value in fitted])
    if chosen is None:
        given = ", ".join(described(one) for one in arguments) or "no arguments"
        expected = " or ".join(sorted({one.signature() for one in methods}))
        raise ExpressionError(f"{where} was called with {given}; expected {expected}")
    return chosen


def _fitted(method: Method, arguments: list[Any]) -> list[tuple[int, Any]] | None:
    kinds = method.parameters
    if method.variable:
        fixed, rest = kinds[:-1], arguments[len(kinds) - 1 :]
        if len(arguments) < len(fixed):
            return None
        if len(rest) == 1 and isinstance(rest[0], list) and (spread := fit(f"{kinds[-1]}[]", rest[0])):
            kinds, arguments = (*fixed, f"{kinds[-1]}[]"), [*arguments[: len(fixed)], spread[1]]
        else:
            kinds = (*fixed, *(kinds[-1] for _ in rest))
    if len(kinds) != len(arguments):
        return None
    fitted = [fit(kind, argument) for kind, argument in zip(kinds, arguments, strict=True)]
    if any(one is None for one in fitted):
        return None
    found = [one for one in fitted if one is not None]
    if method.variable and len(found) == len(method.parameters) and kinds[-1].endswith("[]"):
        return [*found[:-1], *((found[-1][0], item) for item in found[-1][1])]
    return found


def call(method: Method, scope: Scope, arguments: list[Any]) -> Any:
    """What a row gives, as the kind that it promises. Raises ExpressionError, LimitReached."""
    try:
        result = method.call(scope, *arguments)
    except (TypeError, AttributeError) as error:
        if None not in arguments:
            raise
        # Java's own methods answer a null that they do not expect in one way.
        raise ExpressionError(f"null was given to '{method.name}'", kind="NullPointerException") from error
    if result is None or method.result == "void":
        return None
    finish = _RESULTS.get(method.result)
    if finish:
        return finish(result)
    if isinstance(result, str):
        scope.budget.text(len(result))
    elif isinstance(result, list):
        scope.budget.elements(len(result))
    return result


def unknown(kind: str, name: str, owner: str, known: Iterable[str]) -> ExpressionError:
    """The error for a name that is not there, with a near one that is, or all that are."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    there = f"; it has: {', '.join(names)}" if names else "; it has none"
    hint = f"; did you mean '{near[0]}'?" if near else there
    return ExpressionError(f"there is no {kind} '{name}' on {owner}{hint}")
