"""Look up `${parameters.x}` and `${trigger.x.y[0]}` in a JSON value.

Separate because this is the only place where text of a pipeline becomes something else. What has come out is never evaluated again.
Anything that is not a plain look-up stays as it is written, with a `Failure` that says so.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

_encoder = msgspec.json.Encoder()
_EXPRESSION = re.compile(r"\$\{([^{}]*)\}")
_PATH = re.compile(r"\s*(parameters|trigger|templateVariables)((?:\.\w[\w-]*|\[\d+\]|\['[^']*'\]|\[\"[^\"]*\"\])*)\s*")
_STEP = re.compile(r"\.(\w[\w-]*)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


class Failure(Struct, frozen=True, kw_only=True):
    """An expression that has no value."""

    expression: str
    reason: str


def evaluate(value: Any, roots: Mapping[str, Any]) -> tuple[Any, tuple[Failure, ...]]:
    """The value with its look-ups replaced, and what could not be.

    `roots` holds `parameters` and `trigger`, or `templateVariables`. A text that is one expression takes the type of what it finds;
    the same object comes back when nothing was replaced.
    """
    if b"${" not in _encoder.encode(value):  # encoding costs a tenth of a walk, and most contexts hold no expression
        return value, ()
    failures: list[Failure] = []
    return _evaluate(value, roots, failures), tuple(failures)


def _evaluate(value: Any, roots: Mapping[str, Any], failures: list[Failure]) -> Any:
    if isinstance(value, str):
        return _text(value, roots, failures) if "${" in value else value
    if isinstance(value, dict):
        new = {key: _evaluate(item, roots, failures) for key, item in value.items()}
        return value if all(new[key] is item for key, item in value.items()) else new
    if isinstance(value, list):
        items = [_evaluate(item, roots, failures) for item in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    return value


def _text(text: str, roots: Mapping[str, Any], failures: list[Failure]) -> Any:
    whole = _EXPRESSION.fullmatch(text)
    if whole:
        return _found(whole, roots, failures)

    def put(match: re.Match[str]) -> str:
        found = _found(match, roots, failures)
        return found if isinstance(found, str) else msgspec.json.encode(found).decode()

    return _EXPRESSION.sub(put, text)


def _found(match: re.Match[str], roots: Mapping[str, Any], failures: list[Failure]) -> Any:
    path = _PATH.fullmatch(match[1])
    if not path:
        failures.append(
            Failure(
                expression=match[0],
                reason=f"{match[1].strip()} is no look-up of the form parameters.name or trigger.name",
            )
        )
        return match[0]
    current: Any = roots.get(path[1])
    for name, index, single, double in _STEP.findall(path[2]):
        key = name or single or double
        if index and isinstance(current, Sequence) and not isinstance(current, str) and int(index) < len(current):
            current = current[int(index)]
        elif not index and isinstance(current, Mapping) and key in current:
            current = current[key]
        else:
            current = None
        if current is None:
            failures.append(Failure(expression=match[0], reason=f"{match[1].strip()} not found"))
            return match[0]
    return current
