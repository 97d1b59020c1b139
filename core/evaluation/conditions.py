"""Conditions inside a context: bare expressions at places that a stage type names, such as `preconditions.*.context.expression`.

Separate because their text is no template: it is taken out before the context is evaluated and put back with its result beside it.
"""

from collections.abc import Callable, Sequence
from typing import Any

#: What stands in the place of a condition meanwhile. No definition holds this key by chance.
_MARK = "\x00condition"


class Lifted:
    """The conditions that were taken out of one context."""

    def __init__(self) -> None:
        self._texts: list[Any] = []

    def lift(self, context: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
        """The context without the conditions at these paths; `*` is each item of a list."""
        for path in paths:
            context = self._lift(context, path.split("."))
        return context

    def put_back(self, value: Any, condition: Callable[[str], Any]) -> Any:
        """A value with each condition in its place again, and what it gave as `<key>Result`."""
        if isinstance(value, list):
            return [self.put_back(each, condition) for each in value]
        if not isinstance(value, dict):
            return value
        new: dict[str, Any] = {}
        for key, each in value.items():
            if isinstance(each, dict) and each.keys() == {_MARK}:
                text = self._texts[each[_MARK]]
                new[key] = text
                new[f"{key}Result"] = condition(text) if isinstance(text, str) else text
            else:
                new[key] = self.put_back(each, condition)
        return new

    def _lift(self, value: Any, path: list[str]) -> Any:
        first, rest = path[0], path[1:]
        if first == "*" and isinstance(value, list):
            return [self._lift(each, rest) for each in value]
        if not isinstance(value, dict) or first not in value:
            return value
        if rest:
            return {**value, first: self._lift(value[first], rest)}
        self._texts.append(value[first])
        return {**value, first: {_MARK: len(self._texts) - 1}}
