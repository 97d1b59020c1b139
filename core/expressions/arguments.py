"""What helper functions make of the arguments that they are given.

Separate because all of them read text in the same way, and tell in the same way what was no text. Java's conversions: a number or a
boolean is its text.
"""

from typing import Any

from gennaker.core.expressions import java
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError


def text_of(function: str, value: Any) -> str:
    """An argument as text. Raises ExpressionError for what has none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return java.text(value, Budget())
    raise ExpressionError(f"#{function} takes text, and was given {described(value)}")


def described(value: Any) -> str:
    """A value in a few words, for a message."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    shown = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


def listed(names: list[str]) -> str:
    """What exists, for a message."""
    shown = ", ".join(names[:20]) or "none"
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
