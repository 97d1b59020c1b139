"""Evaluate the `${…}` in a JSON value.

Separate because this is the only place where text of a pipeline becomes something else. What has come out is never read as text again:
a part that has no value is put back only where nothing that came from data can become an expression by it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import LIMIT, Deferred, ExpressionError, LimitReached, Wanted, fault_of_ours
from gennaker.core.expressions.java.text import joined
from gennaker.core.expressions.plain import plain
from gennaker.core.expressions.scope import Scope
from gennaker.core.expressions.template import Part, Template, template

_encoder = msgspec.json.Encoder()
#: How deep lists and maps are looked into.
DEEPEST = 100
_Keys = tuple[Any, ...]
#: Stands for the value of a part that has none.
_NONE = object()


class Failure(Struct, frozen=True, kw_only=True):
    """An expression that has no value."""

    #: What stands in `${…}`.
    expression: str
    #: The whole text.
    text: str
    reason: str
    #: ERROR, or INFO for null.
    level: str = "ERROR"
    #: The simple name of the exception that Spinnaker tells; empty for null.
    kind: str = ""
    #: Where the text stands in the value, such as `stages[0].name`.
    keys: str = ""
    #: Where in the expression, counted from 1.
    column: int | None = None


class Evaluation(Struct, frozen=True, kw_only=True):
    """What a value has become."""

    value: Any
    failures: tuple[Failure, ...] = ()
    #: Calls whose values must come from outside first. A text with one stays as it is.
    wanted: tuple[Wanted, ...] = ()
    #: The texts in `value` that still hold expressions of the definition, and the only ones that may be evaluated again.
    unresolved: tuple[str, ...] = ()


def evaluate(value: Any, scope: Scope, *, skip: Iterable[str] = ()) -> Evaluation:
    """The value with its expressions evaluated, keys of maps too; the same object when nothing was replaced.

    `skip` are keys of the value itself that are left alone. All texts share the scope's budget.
    """
    if isinstance(value, str):
        if "${" not in value:
            return Evaluation(value=value)
    elif not _holds_expressions(value):
        return Evaluation(value=value)
    walk = Walk(scope)
    new = walk.without(value, frozenset(skip)) if skip and isinstance(value, dict) else walk.value(value, (), 0)
    return walk.result(new)


def _holds_expressions(value: Any) -> bool:
    """Encoding costs a tenth of a walk, and most contexts hold no expression."""
    try:
        return b"${" in _encoder.encode(value)
    except (RecursionError, TypeError, ValueError, OverflowError):
        return True


class Walk:
    """One walk through a value, and what it has found so far."""

    __slots__ = ("failures", "scope", "unresolved", "wanted")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.failures: list[Failure] = []
        self.wanted: dict[str, Wanted] = {}
        self.unresolved: dict[str, None] = {}

    def result(self, value: Any) -> Evaluation:
        """All of it."""
        if not (self.failures or self.wanted):
            return Evaluation(value=value)
        return Evaluation(
            value=value,
            failures=tuple(self.failures),
            wanted=tuple(self.wanted.values()),
            unresolved=tuple(self.unresolved),
        )

    def without(self, value: dict[str, Any], skip: frozenset[str]) -> dict[str, Any]:
        """A map, some of whose keys are left alone."""
        return self._map(value, (), 0, skip)

    def value(self, value: Any, keys: _Keys, level: int) -> Any:
        """Any value, evaluated."""
        if isinstance(value, str):
            return self.text(value, keys) if "${" in value else value
        if not isinstance(value, dict | list) or not value:
            return value
        if level > DEEPEST:
            self._too_deep(value, keys)
            return value
        if isinstance(value, dict):
            return self._map(value, keys, level)
        items = [self.value(item, (*keys, number), level + 1) for number, item in enumerate(value)]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items

    def _map(
        self, value: dict[str, Any], keys: _Keys, level: int, skip: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        new: dict[str, Any] = {}
        for key, item in value.items():
            if key in skip:
                new[key] = item
                continue
            name = self._key(key, keys) if isinstance(key, str) and "${" in key else key
            new[name] = self.value(item, (*keys, key), level + 1)
        same = len(new) == len(value) and all(key in new and new[key] is item for key, item in value.items())
        return value if same else new

    def _key(self, key: str, keys: _Keys) -> str:
        value = self.text(key, (*keys, key))
        return value if isinstance(value, str) else joined(value, self.scope.budget)

    def _too_deep(self, value: Any, keys: _Keys) -> None:
        if any("${" in text for text in _texts(value)):
            reason = f"stands in lists and maps nested deeper than {DEEPEST} levels, where nothing is evaluated"
            self.failures.append(Failure(expression="", text="", reason=reason, kind=LIMIT, keys=written(keys)))

    def text(self, text: str, keys: _Keys) -> Any:
        """A text with `${…}`: what it gives, or the text itself."""
        read = template(text)
        return self._composite(text, read, keys) if read.whole is None else self.single(read.whole, text, keys)

    def single(self, part: Part, text: str, keys: _Keys = ()) -> Any:
        """The value of a text that is one expression, with its type; the text itself when it has none."""
        value = self._part(part, text, keys, plain)
        if value is None:
            self._null(part, text, keys)
        elif value is not _NONE:
            return value
        self.unresolved[text] = None
        return text

    def _composite(self, text: str, read: Template, keys: _Keys) -> str:
        values = [part if isinstance(part, str) else self._part(part, text, keys, _as_text) for part in read.parts]
        if _NONE in values:
            self.unresolved[text] = None
            return text
        pieces: list[str] = []
        own = 0
        for part, value in zip(read.parts, values, strict=True):
            if value is None and isinstance(part, Part):
                self._null(part, text, keys)
                value = f"${{{part.source}}}"
                own += value.count("${")
            pieces.append(value)
        done = "".join(pieces)
        if None not in values:
            return done
        stands = done if done.count("${") == own else text
        self.unresolved[stands] = None
        return stands

    def _part(self, part: Part, text: str, keys: _Keys, finish: Callable[[Any, Budget], Any]) -> Any:
        """The value of one part; null as None, and `_NONE` when it has no value, which is noted."""
        scope = self.scope
        try:
            if part.program is None:
                raise part.error or ExpressionError("cannot be read")
            value = part.program.run(scope, scope.root)
            return None if value is None else finish(value, scope.budget)
        except ExpressionError as error:
            self._failed(part, text, keys, error)
        except Deferred as deferred:
            self.wanted[deferred.wanted.key] = deferred.wanted
        except RecursionError:
            self._failed(part, text, keys, LimitReached("needs values that are nested too deeply"))
        except Exception as fault:  # one bad expression must not stop its whole shard
            self._failed(part, text, keys, fault_of_ours("evaluated", fault))
        return _NONE

    def _failed(self, part: Part, text: str, keys: _Keys, error: ExpressionError) -> None:
        failure = Failure(
            expression=part.source,
            text=text,
            reason=told(error),
            kind=error.kind,
            keys=written(keys),
            column=error.column,
        )
        self.failures.append(failure)

    def _null(self, part: Part, text: str, keys: _Keys) -> None:
        reason = f"{part.source} not found"
        self.failures.append(
            Failure(expression=part.source, text=text, reason=reason, level="INFO", keys=written(keys))
        )


def _as_text(value: Any, budget: Budget) -> str:
    if isinstance(value, str):
        budget.text(len(value))
        return value
    return joined(value, budget)


def told(error: ExpressionError) -> str:
    """An error with its column, for people."""
    return error.message if error.column is None else f"column {error.column}: {error.message}"


def written(keys: _Keys) -> str:
    """A path as people write it: `stages[0].name`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _texts(value: Any) -> Iterator[str]:
    """All texts, without recursion."""
    row = [value]
    while row:
        one = row.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            row += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            row += one
