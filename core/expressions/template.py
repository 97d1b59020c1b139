"""Find the `${…}` in a text, as Spring's template reader does, and keep what was read.

Separate because a text is read once and evaluated often: parts, programs and errors are all kept, by text.
"""

from typing import Any

from msgspec import Struct

from gennaker.core.expressions.cache import TextCache
from gennaker.core.expressions.compiler import Program, compile_tree
from gennaker.core.expressions.errors import ExpressionError, fault_of_ours
from gennaker.core.expressions.parser import parse

_CLOSING = {")": "(", "]": "[", "}": "{"}
#: How many `${…}` one text may hold.
MOST_PARTS = 1_000


class Part(Struct, frozen=True, kw_only=True):
    """One `${…}`: the expression in it without the space around it, and where that begins in the text."""

    source: str
    start: int
    #: What reading it gave: a program, or the error that is told each time.
    program: Program | None = None
    error: ExpressionError | None = None


class Template(Struct, frozen=True, kw_only=True):
    """A text as what it consists of."""

    parts: tuple[str | Part, ...]
    #: The only part, when the text is exactly one expression.
    whole: Part | None = None

    @property
    def size(self) -> int:
        """How much it weighs in the cache."""
        return sum(1 if isinstance(part, str) or not part.program else 1 + part.program.size for part in self.parts)


class Span(Struct, frozen=True, kw_only=True):
    """Where a `${…}` stands: from its `$` to behind its `}`; with an error, to where reading stopped."""

    start: int
    end: int
    error: ExpressionError | None = None


def spans(text: str) -> list[Span]:
    """The `${…}` of a text. After one without an end nothing more is found."""
    found: list[Span] = []
    at = text.find("${")
    while at >= 0:
        if len(found) == MOST_PARTS:
            error = ExpressionError(f"the text holds more than {MOST_PARTS:,} expressions", kind="ParseException")
            return [*found, Span(start=at, end=len(text), error=error)]
        try:
            end = _end(text, at + 2)
        except ExpressionError as error:
            return [*found, Span(start=at, end=len(text), error=error)]
        found.append(Span(start=at, end=end + 1))
        at = text.find("${", end + 1)
    return found


def _end(text: str, start: int) -> int:
    """Where the `}` is that ends an expression: brackets come in pairs, and quotes hide them. Raises ExpressionError."""
    open_: list[tuple[str, int]] = []
    at = start
    while at < len(text):
        char = text[at]
        if char == "}" and not open_:
            return at
        if char in "([{":
            open_.append((char, at))
        elif char in ")]}":
            if not open_:
                raise _unbalanced(f"'{char}' closes what was not opened", at - start)
            last, place = open_.pop()
            if last != _CLOSING[char]:
                raise _unbalanced(f"'{char}' closes the '{last}' of column {place - start + 1}", at - start)
        elif char in "'\"":
            close = text.find(char, at + 1)
            if close < 0:
                raise _unbalanced(f"the text that begins with {char} has no end", at - start)
            at = close
        at += 1
    if open_:
        raise _unbalanced(f"'{open_[-1][0]}' is not closed", open_[-1][1] - start)
    raise _unbalanced("the expression has no '}' at its end", len(text) - start)


def _unbalanced(message: str, offset: int) -> ExpressionError:
    return ExpressionError(message, kind="ParseException", column=offset + 1)


def read_part(source: str, start: int, holes: Any = ()) -> Part:
    """One expression, read: a program or an error."""
    try:
        return Part(source=source, start=start, program=compile_tree(source, parse(source), holes))
    except ExpressionError as error:
        return Part(source=source, start=start, error=error)
    except Exception as fault:  # as when it is evaluated: one bad expression must not stop its whole shard
        return Part(source=source, start=start, error=fault_of_ours("read", fault))


def part_at(text: str, span: Span) -> Part:
    """What stands in a span, read."""
    inside = text[span.start + 2 : span.end if span.error else span.end - 1]
    source = inside.strip()
    space = len(inside) - len(inside.lstrip())
    start = span.start + 2 + space
    if span.error:
        error = ExpressionError(
            span.error.message, kind=span.error.kind, column=max((span.error.column or 1) - space, 1)
        )
        return Part(source=source, start=start, error=error)
    return read_part(source, start)


def _read(text: str) -> Template:
    parts: list[str | Part] = []
    at = 0
    for span in spans(text):
        if span.start > at:
            parts.append(text[at : span.start])
        parts.append(part_at(text, span))
        at = span.end
    if at < len(text):
        parts.append(text[at:])
    only = parts[0] if len(parts) == 1 else None
    return Template(parts=tuple(parts), whole=only if isinstance(only, Part) else None)


_templates: TextCache[Template] = TextCache(_read, lambda template: template.size)


def template(text: str) -> Template:
    """A text, read or kept from before."""
    return _templates.get(text)
