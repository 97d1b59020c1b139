"""Match, replace and split by regular expressions, with Java's results and a limit on time.

Separate because this is the one place where an engine runs a pattern that a user wrote. A pattern that backtracks without end is stopped:
the only limit of an evaluation that is time and not a count.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from time import perf_counter
from typing import Any

import regex

from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError, LimitReached
from gennaker.core.expressions.java.patterns import Translator

_DIGITS = "0123456789"
#: Java never takes `ß` for `ss`.
_SIMPLE_FOLDING = "(?-f)"


@lru_cache(maxsize=512)
def compiled(pattern: str) -> "regex.Pattern[str]":
    """A pattern, ready to run. Raises ExpressionError that says where it cannot be read."""
    translated = Translator(pattern).translate()
    try:
        return regex.compile(_SIMPLE_FOLDING + translated, regex.V1)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ExpressionError(
            f"the regular expression '{pattern[:200]}' cannot be read: {error}", kind="PatternSyntaxException"
        ) from None


class Clock:
    """Runs a pattern inside what time its evaluation has left."""

    def __init__(self, pattern: str, budget: Budget) -> None:
        self.pattern = pattern
        self.budget = budget

    def __enter__(self) -> float:
        """The seconds that are left. Raises LimitReached."""
        if self.budget.seconds <= 0:
            raise self._late()
        self.began = perf_counter()
        return self.budget.seconds

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        """Take off what was used. Raises LimitReached."""
        self.budget.seconds -= perf_counter() - self.began
        if kind is not None and issubclass(kind, TimeoutError):
            raise self._late() from None

    def _late(self) -> LimitReached:
        return LimitReached(f"the regular expression '{self.pattern[:200]}' takes too long on this text")


def matches(text: str, pattern: str, budget: Budget | None = None) -> bool:
    """Whether the whole text matches. Raises ExpressionError, LimitReached."""
    prepared = compiled(pattern)
    with Clock(pattern, budget or Budget()) as seconds:
        return prepared.fullmatch(text, timeout=seconds) is not None


def _found(text: str, pattern: str, budget: Budget) -> Iterator["regex.Match[str]"]:
    at = 0
    prepared = compiled(pattern)
    while at <= len(text):
        budget.spend()
        with Clock(pattern, budget) as seconds:
            match = prepared.search(text, at, timeout=seconds)
        if match is None:
            return
        yield match
        at = match.end() + (match.end() == match.start())


def replace(text: str, pattern: str, replacement: str, budget: Budget, *, once: bool = False) -> str:
    """Java's `replaceAll`, or `replaceFirst`. Raises ExpressionError, LimitReached."""
    parts: list[str] = []
    at = size = 0
    for match in _found(text, pattern, budget):
        put = _expanded(match, replacement)
        size += match.start() - at + len(put)
        if size > budget.characters:
            budget.text(size)
        parts += [text[at : match.start()], put]
        at = match.end()
        if once:
            break
    parts.append(text[at:])
    budget.text(sum(map(len, parts)))
    return "".join(parts)


def _expanded(match: "regex.Match[str]", replacement: str) -> str:
    """A replacement with its `$1` and `${name}` filled in."""
    if "$" not in replacement and "\\" not in replacement:
        return replacement
    put: list[str] = []
    at = 0
    while at < len(replacement):
        char = replacement[at]
        at += 1
        if char == "\\":
            if at == len(replacement):
                raise ExpressionError("character to be escaped is missing", kind="IllegalArgumentException")
            put.append(replacement[at])
            at += 1
        elif char == "$":
            value, at = _reference(match, replacement, at)
            put.append(value)
        else:
            put.append(char)
    return "".join(put)


def _reference(match: "regex.Match[str]", replacement: str, at: int) -> tuple[str, int]:
    named = re.compile(r"\{([a-zA-Z][a-zA-Z0-9]*)\}").match(replacement, at)
    if named:
        if named[1] not in match.re.groupindex:
            raise ExpressionError(f"No group with name {{{named[1]}}}", kind="IllegalArgumentException")
        return match.group(named[1]) or "", named.end()
    if replacement[at : at + 1] not in tuple(_DIGITS):
        raise ExpressionError(
            f"the replacement '{replacement[:200]}' has a '$' without a group; write '\\$' for a dollar sign",
            kind="IllegalArgumentException",
        )
    number = int(replacement[at])
    if number > match.re.groups:
        raise ExpressionError(f"No group {number}", kind="IndexOutOfBoundsException")
    at += 1
    while replacement[at : at + 1] in tuple(_DIGITS) and number * 10 + int(replacement[at]) <= match.re.groups:
        number, at = number * 10 + int(replacement[at]), at + 1
    return match.group(number) or "", at


def split(text: str, pattern: str, limit: int, budget: Budget) -> list[str]:
    """Java's `split`: without a limit empty texts at the end fall away. Raises ExpressionError, LimitReached."""
    parts: list[str] = []
    at = 0
    split_once = False
    for match in _found(text, pattern, budget):
        if match.end() == 0:
            continue
        if limit > 0 and len(parts) == limit - 1:
            break
        parts.append(text[at : match.start()])
        at, split_once = match.end(), True
    if not split_once:
        return [text]
    parts.append(text[at:])
    while limit == 0 and parts and not parts[-1]:
        parts.pop()
    return parts
