"""Puts the values of variables into the texts of a pipeline, each `${templateVariables.…}` once; every other `${…}` stays as it is.

Separate because this is where two authors' texts become one, and where it could grow without limit. What comes out of a variable is
never looked into again here: see docs/decisions/0010-template-values-are-definition-text.md.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from gennaker.core.errors import InvalidRequest
from gennaker.core.expressions import evaluate

#: Characters that values may add to one pipeline.
MOST_CHARACTERS = 4_000_000
_ROOT = "templateVariables"
_PART = re.compile(r"\$\{[^{}]*\}")
_NAME = re.compile(_ROOT + r"\s*\??(?:\.\s*(\w+)|\[\s*['\"]?(\w+)['\"]?\s*\])")
_LOOK_UP = re.compile(r"\$\{\s*" + _ROOT + r"((?:\s*\??\.\s*\w+|\s*\??\[\s*(?:'[^']*'|\"[^\"]*\"|\w+)\s*\])+)\s*\}")
_encoder = msgspec.json.Encoder()


def mentioned(value: Any) -> set[str]:
    """The variables that the expressions in a JSON value name."""
    text = _encoder.encode(value).decode().replace('\\"', '"')
    if "${" not in text:
        return set()
    return {first or second for part in _PART.findall(text) for first, second in _NAME.findall(part)}


class Filling:
    """One pass over a pipeline. `values` are the variables; `missing` the names that have none, with the place of the first use."""

    def __init__(self) -> None:
        self.values: Mapping[str, Any] = {}
        self.missing: dict[str, str] = {}
        self._left = MOST_CHARACTERS

    def fill(self, value: Any, where: str) -> Any:
        """The value with its texts, keys too, filled. Raises InvalidRequest when the result would be too large, or keys fall together."""
        if isinstance(value, str):
            return self._text(value, where) if _ROOT in value else value
        if isinstance(value, list):
            return [self.fill(each, f"{where}[{i}]") for i, each in enumerate(value)]
        if isinstance(value, dict):
            return self._object(value, where)
        return value

    def _object(self, value: dict[str, Any], where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, each in value.items():
            name = key if _ROOT not in key else self._joined(key, where)
            if name in found:
                raise InvalidRequest(f"two keys become {name!r}", where)
            found[name] = self.fill(each, f"{where}.{key}" if where else key)
        return found

    def _text(self, text: str, where: str) -> Any:
        """A text that is one expression takes the type of its value."""
        return self._value(text, where) if _PART.fullmatch(text) else self._joined(text, where)

    def _joined(self, text: str, where: str) -> str:
        def put(match: re.Match[str]) -> str:
            value = self._value(match[0], where, joined=True)
            return "" if value is None else str(value)

        return _PART.sub(put, text)

    def _value(self, part: str, where: str, *, joined: bool = False) -> Any:
        """What one `${…}` gives; itself when it does not concern templates or needs what only a run knows."""
        if _ROOT not in part:
            return part
        if unknown := [name for name in mentioned(part) if name not in self.values]:
            for name in unknown:
                self.missing.setdefault(name, where)
            return part
        value, failed = self._evaluated(part, joined=joined)
        if not failed:
            self._spend(value, where)
        elif path := _LOOK_UP.fullmatch(part):
            return self._null(path[1], where, part)
        return value

    def _null(self, path: str, where: str, part: str) -> Any:
        """A look-up without a result: a variable that is null says so; what is not inside a variable is missing."""
        name = path.strip().lstrip("?.[ '\"").rstrip("] '\"")
        if name in self.values:
            return None
        self.missing.setdefault(name, where)
        return part

    def _evaluated(self, part: str, *, joined: bool) -> tuple[Any, bool]:
        """The value of one expression; in the middle of a text as the evaluator writes it there."""
        given = f" {part}" if joined else part
        value, failures = evaluate(given, {_ROOT: self.values})
        if failures:
            return part, True
        return (value[1:] if joined else value), False

    def _spend(self, value: Any, where: str) -> None:
        try:
            self._left -= len(_encoder.encode(value))
        except RecursionError as error:
            raise InvalidRequest("the values of the variables are nested too deeply", where) from error
        if self._left < 0:
            raise InvalidRequest(f"the values of the variables add more than {MOST_CHARACTERS:,} characters", where)
