"""Match, replace and split by regular expressions, with Java's results and a limit on time.

Separate because this is the one place where an engine runs a pattern that a user wrote. A pattern that backtracks without end is stopped
by the engine: the only limit of an evaluation that is time and not a count.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gennaker.core.expressions.budget import ELEMENTS, Budget
from gennaker.core.expressions.errors import ExpressionError, LimitReached
from gennaker.core.expressions.java.patterns import Translator

if TYPE_CHECKING:
    import regex

T = TypeVar("T")
#: What is not taken as it stands in a replacement.
_SPECIAL = re.compile(r"[\\$]")
_NAMED = re.compile(r"\{([a-zA-Z][a-zA-Z0-9]*)\}")
_DIGITS = "0123456789"
#: What every run of a pattern costs in steps, and the seconds that are tried one after the other. A run that ends in the first is free, so
#: that the same expression ends in the same way on a slow machine; nothing here looks at a clock.
_STEPS, _TRIES = 20, (0.0005, 0.005, 0.05, 0.3)
#: Pieces of a replacement that are put in for one step.
_A_STEP = 10
#: Java never takes `ß` for `ss`.
_SIMPLE_FOLDING = "(?-f)"


class _Group(NamedTuple):
    """A group that a replacement puts in, by number or name."""

    key: int | str


@lru_cache(maxsize=512)
def compiled(pattern: str) -> "regex.Pattern[str]":
    """A pattern, ready to run. Raises ExpressionError that says where it cannot be read."""
    import regex  # loaded with the first pattern, as the tables are with the first call

    translated = Translator(pattern).translate()
    try:
        return regex.compile(_SIMPLE_FOLDING + translated, regex.V1)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ExpressionError(
            f"the regular expression '{pattern[:200]}' cannot be read: {error}", kind="PatternSyntaxException"
        ) from None


def _run(pattern: str, budget: Budget, search: Callable[["regex.Pattern[str]", float], T]) -> T:
    """What a search finds, tried with more and more time; each try that was too short is paid for. Raises ExpressionError, LimitReached."""
    prepared = compiled(pattern)
    budget.spend(_STEPS)
    for seconds in _TRIES:
        if budget.seconds < seconds:
            break
        try:
            return search(prepared, seconds)
        except TimeoutError:
            budget.seconds -= seconds
    budget.seconds = 0
    raise LimitReached(f"the regular expression '{pattern[:200]}' takes too long on this text")


def matches(text: str, pattern: str, budget: Budget | None = None) -> bool:
    """Whether the whole text matches. Raises ExpressionError, LimitReached."""
    return _run(
        pattern,
        budget or Budget(),
        lambda prepared, seconds: prepared.fullmatch(text, timeout=seconds) is not None,
    )


def _found(text: str, pattern: str, budget: Budget, most: int) -> list["regex.Match[str]"]:
    """The first places where a pattern matches, each after the one before."""
    most = min(most, budget.steps // 2 + 1)
    found = _run(pattern, budget, lambda prepared, seconds: _scan(prepared, text, most, seconds))
    budget.spend(2 * len(found))
    return found


def _scan(prepared: "regex.Pattern[str]", text: str, most: int, seconds: float) -> list["regex.Match[str]"]:
    found = list(islice(prepared.finditer(text, timeout=seconds), most))
    if all(match.end() > match.start() for match in found):
        return found
    # After a match of nothing Java goes on with the next character, where the engine tries the same place again.
    found, at = [], 0
    while at <= len(text) and len(found) < most:
        match = prepared.search(text, at, timeout=seconds)
        if match is None:
            break
        found.append(match)
        at = match.end() + (match.end() == match.start())
    return found


def replace(text: str, pattern: str, replacement: str, budget: Budget, *, once: bool = False) -> str:
    """Java's `replaceAll`, or `replaceFirst`. Raises ExpressionError, LimitReached."""
    parts: list[str] = []
    at = size = 0
    pieces: list[str | _Group] | None = None
    for match in _found(text, pattern, budget, 1 if once else ELEMENTS):
        pieces = _pieces(match.re, replacement, budget) if pieces is None else pieces
        budget.spend(len(pieces) // _A_STEP)
        put = "".join(piece if isinstance(piece, str) else match.group(piece.key) or "" for piece in pieces)
        size += match.start() - at + len(put)
        if size > budget.characters:
            budget.text(size)
        parts += [text[at : match.start()], put]
        at = match.end()
    parts.append(text[at:])
    budget.text(sum(map(len, parts)))
    return "".join(parts)


def _pieces(pattern: "regex.Pattern[str]", replacement: str, budget: Budget) -> list[str | _Group]:
    """A replacement as texts and the groups between them, `$1` and `${name}`; read once, however often it is put in."""
    found: list[str | _Group] = []
    at = 0
    while special := _SPECIAL.search(replacement, at):
        budget.spend()
        found.append(replacement[at : special.start()])
        at = special.end()
        if special[0] == "\\":
            if at == len(replacement):
                raise ExpressionError("character to be escaped is missing", kind="IllegalArgumentException")
            found.append(replacement[at])
            at += 1
        else:
            group, at = _reference(pattern, replacement, at)
            found.append(group)
    return [*found, replacement[at:]]


def _reference(pattern: "regex.Pattern[str]", replacement: str, at: int) -> tuple[_Group, int]:
    named = _NAMED.match(replacement, at)
    if named:
        if named[1] not in pattern.groupindex:
            raise ExpressionError(f"No group with name {{{named[1]}}}", kind="IllegalArgumentException")
        return _Group(named[1]), named.end()
    if replacement[at : at + 1] not in tuple(_DIGITS):
        raise ExpressionError(
            f"the replacement '{replacement[:200]}' has a '$' without a group; write '\\$' for a dollar sign",
            kind="IllegalArgumentException",
        )
    number = int(replacement[at])
    if number > pattern.groups:
        raise ExpressionError(f"No group {number}", kind="IndexOutOfBoundsException")
    at += 1
    while replacement[at : at + 1] in tuple(_DIGITS) and number * 10 + int(replacement[at]) <= pattern.groups:
        number, at = number * 10 + int(replacement[at]), at + 1
    return _Group(number), at


def split(text: str, pattern: str, limit: int, budget: Budget) -> list[str]:
    """Java's `split`: without a limit empty texts at the end fall away. Raises ExpressionError, LimitReached."""
    parts: list[str] = []
    at = 0
    split_once = False
    for match in _found(text, pattern, budget, limit + 1 if limit > 0 else ELEMENTS):
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
