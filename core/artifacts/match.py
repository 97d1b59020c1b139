"""Whether an artifact is the one that is expected.

Separate because the patterns are a pipeline's and the texts are a stranger's: they meet in the engine that can be stopped.
"""

from typing import Any

from gennaker.core.errors import InvalidRequest
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.matching import matches as fits

Json = dict[str, Any]

#: In the order in which they are compared; account, metadata and provenance are not.
_COMPARED = ("type", "name", "version", "location", "reference")
#: The same thing in two places.
_EMBEDDED = ("embedded/base64", "remote/base64")


def matches(expected: Json, artifact: Json, where: str = "matchArtifact", budget: Budget | None = None) -> bool:
    """Whether each field of `expected` that is not empty is the artifact's, or a regular expression (Java's) for the whole of it.

    `where` is the place of `expected`; `budget` is the time that several calls may take together. Raises InvalidRequest for a pattern that
    cannot be read, and when the time is over.
    """
    budget = budget or Budget()
    return all(_field(key, expected.get(key), artifact.get(key), f"{where}.{key}", budget) for key in _COMPARED)


def _field(key: str, pattern: Any, value: Any, where: str, budget: Budget) -> bool:
    if pattern is None or pattern == "":
        return True
    if value is None:
        return False
    if key == "type" and value in _EMBEDDED:
        return any(_text(str(pattern), alike, where, budget) for alike in _EMBEDDED)
    return _text(str(pattern), str(value), where, budget)


def _text(pattern: str, value: str, where: str, budget: Budget) -> bool:
    if pattern == value:
        return True
    try:
        return fits(value, pattern, budget)
    except ExpressionError as error:
        raise InvalidRequest(f"is not what was received, and {error.message}", where) from error
