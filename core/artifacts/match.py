"""Whether an artifact is the one that is expected.

Separate because the patterns are a pipeline's and the texts are a stranger's: they meet in an engine that can be stopped.
"""

from functools import lru_cache
from typing import Any

import regex

from gennaker.core.errors import InvalidRequest

Json = dict[str, Any]

#: Seconds for one pattern on one text.
TIMEOUT_S = 0.25
_LONGEST_PATTERN = 2_000
#: In the order in which they are compared; account, metadata and provenance are not.
_COMPARED = ("type", "name", "version", "location", "reference")
#: The same thing in two places.
_EMBEDDED = ("embedded/base64", "remote/base64")


def matches(expected: Json, artifact: Json, where: str = "matchArtifact") -> bool:
    """Whether each field of `expected` that is not empty is the artifact's, or a regular expression for the whole of it.

    Raises InvalidRequest for a pattern that is none, or that takes too long; `where` is the place of `expected`.
    """
    return all(_field(key, expected.get(key), artifact.get(key), f"{where}.{key}") for key in _COMPARED)


def _field(key: str, pattern: Any, value: Any, where: str) -> bool:
    if pattern is None or pattern == "":
        return True
    if value is None:
        return False
    if key == "type" and value in _EMBEDDED:
        return any(_text(str(pattern), alike, where) for alike in _EMBEDDED)
    return _text(str(pattern), str(value), where)


def _text(pattern: str, value: str, where: str) -> bool:
    if pattern == value:
        return True
    try:
        return _compiled(pattern).fullmatch(value, timeout=TIMEOUT_S) is not None
    except TimeoutError as error:
        shown = value if len(value) <= 60 else f"{value[:57]}…"
        message = f"{pattern!r} takes longer than {TIMEOUT_S:g} s on {shown!r}: write a simpler regular expression"
        raise InvalidRequest(message, where) from error
    except (regex.error, OverflowError, RecursionError) as error:
        raise InvalidRequest(f"{pattern[:100]!r} is neither equal nor a regular expression: {error}", where) from error


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    if len(pattern) > _LONGEST_PATTERN:
        raise OverflowError(f"it is longer than {_LONGEST_PATTERN} characters")
    return regex.compile(pattern)
