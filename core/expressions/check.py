"""Read expressions without evaluating them: what is wrong with a text before anything runs.

Separate because validators have no scope: only what the text itself says can be told.
"""

from msgspec import Struct

from gennaker.core.expressions.condition import read_condition
from gennaker.core.expressions.template import Part, template


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong with a text, and where in it, counted from 1."""

    column: int
    message: str


def check(text: str) -> list[Problem]:
    """The problems of a text with `${…}`."""
    return [problem for part in template(text).parts if isinstance(part, Part) for problem in _problems(part)]


def check_condition(text: str) -> list[Problem]:
    """The problems of a bare expression, as conditions are."""
    return _problems(read_condition(text))


def _problems(part: Part) -> list[Problem]:
    if part.error is None:
        return []
    return [Problem(column=(part.error.column or 1) + part.start, message=part.error.message)]
