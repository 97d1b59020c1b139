"""Conditions: bare expressions, in which `${…}` may stand too.

Separate because what a `${…}` gives is a value here, never text that is read: in Spinnaker a parameter could close the quotes around it.
"""

from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.cache import TextCache
from gennaker.core.expressions.compiler import Hole, Program
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.evaluate import Evaluation, Walk
from gennaker.core.expressions.scope import Scope
from gennaker.core.expressions.template import Part, Span, part_at, read_part, spans
from gennaker.core.expressions.tree import FILLER, FIRST, HOLE


def condition(text: str, scope: Scope) -> Evaluation:
    """The value of a bare expression. Null, an error and a call that looks outside leave the text, as in `evaluate`.

    A `${…}` outside quotes is a part in brackets, whose text counts as the number, true or false that it spells; inside quotes its text is
    put into the literal.
    """
    walk = Walk(scope)
    return walk.result(walk.single(_conditions.get(text), text))


def read_condition(text: str) -> Part:
    """A condition, read: a program or an error, with columns of the whole text."""
    source = text.strip()
    start = len(text) - len(text.lstrip())
    for mark in (HOLE, FILLER):
        if mark in source:
            column = source.index(mark) + 1
            error = ExpressionError(
                f"the character U+{ord(mark):04X} is not allowed", kind="ParseException", column=column
            )
            return Part(source=source, start=start, error=error)
    marked = source
    holes: list[Hole] = []
    for number, span in enumerate(spans(source)):
        part = part_at(source, span)
        if part.program is None and part.error is not None:
            return Part(source=source, start=start, error=_moved(part.error, part.start))
        if part.program is not None:
            holes.append(Hole(source=part.source, run=_hole(part.program, part.start)))
        marked = marked[: span.start] + _mark(number, span) + marked[span.end :]
    read = read_part(marked, start, holes)
    return Part(source=source, start=start, program=read.program, error=read.error)


def _mark(number: int, span: Span) -> str:
    """What stands for a `${…}` while the rest is read, as long as that, so that columns stay right."""
    return f"{HOLE}{chr(FIRST + number)}".ljust(span.end - span.start, FILLER)


def _hole(program: Program, offset: int) -> Callable[[Scope], Any]:
    def fill(scope: Scope) -> Any:
        try:
            return program.run(scope, scope.root)
        except ExpressionError as error:
            raise _moved(error, offset) from None

    return fill


def _moved(error: ExpressionError, offset: int) -> ExpressionError:
    """The error with its column in the whole text."""
    column = None if error.column is None else error.column + offset
    return ExpressionError(error.message, kind=error.kind, column=column)


_conditions: TextCache[Part] = TextCache(read_condition, lambda part: part.program.size if part.program else 1)
