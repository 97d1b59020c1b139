"""Puts the values of variables into the texts of a pipeline, each `${templateVariables.…}` once; every other `${…}` stays as it is.

Separate because this is where two authors' texts become one, and where it could grow without limit. What comes out of a variable is
never looked into again here: see docs/decisions/0015-template-values-are-definition-text.md.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gennaker.core.errors import InvalidRequest
from gennaker.core.expressions import evaluate
from gennaker.core.expressions.errors import LIMIT
from gennaker.core.expressions.scope import Scope
from gennaker.core.expressions.template import spans

#: Characters that values may add to one pipeline.
MOST_CHARACTERS = 4_000_000
_ROOT = "templateVariables"
_NAME = re.compile(_ROOT + r"\s*\??(?:\.\s*(\w+)\b(?!\s*\()|\[\s*['\"]?(\w+)['\"]?\s*\])")
_LOOK_UP = re.compile(r"\$\{\s*" + _ROOT + r"((?:\s*\??\.\s*\w+|\s*\??\[\s*(?:'[^']*'|\"[^\"]*\"|\w+)\s*\])+)\s*\}")
#: Functions, Java's types and their clocks are a run's: what asks for them waits for it.
_OF_A_RUN = re.compile(r"#\s*(?!this\b|root\b)\w|\bT\s*\(|\bnew\s")
#: An expression that says itself what to do without a value.
_CAREFUL = re.compile(r"\?|\bnull\b")
#: So much of an expression is shown in a refusal.
_SHOWN = 200
_encoder = msgspec.json.Encoder()


def mentioned(value: Any) -> set[str]:
    """The variables that the expressions in a JSON value name."""
    return {name for text in _texts(value) for start, end in _parts(text) for name in _names(text[start:end])}


def _texts(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            left += [*each, *each.values()]
        elif isinstance(each, list):
            left += each


def _parts(text: str) -> list[tuple[int, int]]:
    """Where the `${…}` of a text are that have an end and concern templates."""
    if _ROOT not in text or "${" not in text:
        return []
    found = [(span.start, span.end) for span in spans(text) if span.error is None]
    return [(start, end) for start, end in found if _ROOT in text[start:end]]


def _names(part: str) -> set[str]:
    return {first or second for first, second in _NAME.findall(part)}


class Filling:
    """Passes over a pipeline that share their limits; `missing` are names without a variable, with the place of their first use."""

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}
        self._left = MOST_CHARACTERS
        self.use({})

    def use(self, values: Mapping[str, Any]) -> None:
        """Fill with these values from now on."""
        self._values = values
        self._scope = Scope({_ROOT: values}, strict=True)
        self._known: dict[tuple[str, bool], tuple[Any, bool]] = {}

    def fill(self, value: Any, where: str) -> Any:
        """The value with its texts, keys too, filled. Raises InvalidRequest when the result would be too large, or keys fall together."""
        if isinstance(value, str):
            return self._text(value, where)
        if isinstance(value, list):
            return [self.fill(each, f"{where}[{i}]") for i, each in enumerate(value)]
        if isinstance(value, dict):
            return self._object(value, where)
        return value

    def _object(self, value: dict[str, Any], where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, each in value.items():
            name = self._joined(key, _parts(key), where)
            if name in found:
                raise InvalidRequest(f"two keys become {name!r}", where)
            found[name] = self.fill(each, f"{where}.{key}" if where else key)
        return found

    def _text(self, text: str, where: str) -> Any:
        """A text that is one expression takes the type of its value."""
        parts = _parts(text)
        return self._value(text, where) if parts == [(0, len(text))] else self._joined(text, parts, where)

    def _joined(self, text: str, parts: list[tuple[int, int]], where: str) -> str:
        pieces: list[str] = []
        at = 0
        for start, end in parts:
            value = self._value(text[start:end], where, joined=True)
            pieces += [text[at:start], "" if value is None else value]
            at = end
        return "".join([*pieces, text[at:]])

    def _value(self, part: str, where: str, *, joined: bool = False) -> Any:
        """What one `${…}` gives; itself when it needs what only a run knows."""
        unknown = _names(part) - self._values.keys()
        if unknown and not _CAREFUL.search(part):
            for name in sorted(unknown):
                self.missing.setdefault(name, where)
            return part
        if _OF_A_RUN.search(part):
            return part
        value, failed = self._evaluated(part, where, joined=joined)
        if not failed:
            self._spend(value, where)
        elif path := _LOOK_UP.fullmatch(part):
            return self._null(path[1], where, part)
        return value

    def _null(self, path: str, where: str, part: str) -> Any:
        """A look-up without a result: a variable that is null says so; what is not inside a variable is missing."""
        name = path.strip().lstrip("?.[ '\"").rstrip("] '\"")
        if name in self._values:
            return None
        self.missing.setdefault(name, where)
        return part

    def _evaluated(self, part: str, where: str, *, joined: bool) -> tuple[Any, bool]:
        """The value of one expression, in the middle of a text as the evaluator writes it there; or itself, and that it failed."""
        if (part, joined) not in self._known:
            done = evaluate(f" {part}" if joined else part, self._scope)
            if any(each.kind == LIMIT for each in done.failures):
                raise InvalidRequest(f"{part[:_SHOWN]} {done.failures[0].reason}", where)
            failed = bool(done.failures or done.wanted)
            value = part if failed else done.value[1:] if joined else done.value
            self._known[part, joined] = (value, failed)
        return self._known[part, joined]

    def _spend(self, value: Any, where: str) -> None:
        try:
            self._left -= len(_encoder.encode(value))
        except RecursionError as error:
            raise InvalidRequest("the values of the variables are nested too deeply", where) from error
        if self._left < 0:
            raise InvalidRequest(f"the values of the variables add more than {MOST_CHARACTERS:,} characters", where)
