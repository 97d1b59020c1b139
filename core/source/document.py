"""The documents in one file, each with the lines of its parts: YAML, divided by `---`, or JSON.

Separate because of the two formats only YAML's reader remembers lines. JSON is read strictly and fast, and once more with that reader when
a line is asked for: JSON is YAML as soon as its tabs are blanks and no character is written in halves.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from gennaker.config.problems import ConfigError, Problem
from gennaker.config.yaml_reader import MAX_DEPTH, Path_, dotted, read_documents
from gennaker.config.yaml_reader import Document as Read
from gennaker.core.source.tree import MAX_FILE

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_LAST_PART = re.compile(r"(?:\.?[^.\[\]]+|\[[^\]]*\])$")


class Document:
    """A value, and where it stands."""

    def __init__(self, value: Any, first: int, lines: Callable[[], Mapping[Path_, int]]) -> None:
        self.value = value
        self._first = first
        self._read_lines = lines

    def line(self, where: str) -> int:
        """The line of a place such as `stages[2].refId`, or of the nearest around it that has one; of the whole when empty."""
        while where and where not in self._lines:
            where = _LAST_PART.sub("", where) if _LAST_PART.search(where) else ""
        return self._lines[where] if where else self._first

    @cached_property
    def _lines(self) -> dict[str, int]:
        try:
            return {dotted(path): line for path, line in self._read_lines().items()}
        except ConfigError:  # JSON that YAML's reader does not take, such as one with more values
            return {}


class _Twice(ValueError):
    """An object of JSON has a key twice."""


def documents(file: str, data: bytes) -> list[Document]:
    """What a file holds. Raises ConfigError with line and expectation."""
    if len(data) > MAX_FILE:
        raise ConfigError([Problem(file=file, line=1, message="is too large", expected=f"at most {MAX_FILE} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError([Problem(file=file, line=line, message="is not text", expected="UTF-8")]) from error
    if file.endswith(".json"):
        return [_json(file, text)]
    return [_yaml(one) for one in read_documents(text, file)]


def _yaml(read: Read) -> Document:
    return Document(read.value, read.lines.get((), 1), lambda: read.lines)


def _json(file: str, text: str) -> Document:
    def lines() -> Mapping[Path_, int]:
        return read_documents(_SURROGATE.sub("\\\\u0020", text.replace("\t", " ")), file)[0].lines

    try:
        value = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} (column {error.colno})"
        raise ConfigError([Problem(file=file, line=error.lineno, message=message)]) from error
    except _Twice as error:
        lines()  # tells which, with both lines
        raise ConfigError([Problem(file=file, line=1, message=str(error), expected="each key once")]) from error
    except RecursionError as error:
        problem = Problem(
            file=file, line=1, message="is nested too deeply", expected=f"at most {MAX_DEPTH} levels, as in YAML"
        )
        raise ConfigError([problem]) from error
    except ValueError as error:  # a number of thousands of digits
        raise ConfigError([Problem(file=file, line=1, message=f"is not JSON: {error}")]) from error
    first = text[: len(text) - len(text.lstrip())].count("\n") + 1
    return Document(value, first, lines)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice("an object has a key twice")
    return found
