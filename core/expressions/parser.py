"""Read the text of an expression into a tree, within limits, with errors that say where and what was expected.

Separate because it is the only way in: what it refuses is never evaluated.
"""

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.tree import Node, parts

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput

#: Characters of one expression (Spring's own limit), parts of its tree, and how deep they may be nested.
LONGEST, MOST_NODES, DEEPEST = 10_000, 5_000, 100
_TOKENS = re.compile(r"'[^']*'?|\"[^\"]*\"?|[(\[{]|[)\]}]")

#: What may stand in a place, for people; in the order in which they are told.
_EXPECTED = {
    "NAME": "a name",
    "NUMBER": "a value",
    "PAREN": "'('",
    "RPAR": "')'",
    "RSQB": "']'",
    "RBRACE": "'}'",
    "COMMA": "','",
    "COLON": "':'",
    "RELATION": "an operator",
    "$END": "the end",
}


def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise _wrong(f"the expression has {len(text):,} characters; at most {LONGEST:,} are allowed", None)
    if not text.strip():
        raise _wrong("the expression is empty", 1)
    _check_brackets(text)
    from lark.exceptions import UnexpectedInput

    try:
        tree = _lark().parse(text)
    except UnexpectedInput as error:
        raise _explained(text, error) from None
    assert isinstance(tree, Node)
    _check_size(tree)
    return tree


@functools.cache
def _lark() -> "Lark":
    """Made when the first expression is read: loading it takes longer than all the rest of a start."""
    from lark import Lark

    from gennaker.core.expressions.builder import Builder

    grammar = resources.files("gennaker.core.expressions").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=Builder(), maybe_placeholders=False)


def _check_brackets(text: str) -> None:
    level = 0
    for found in _TOKENS.finditer(text):
        if found[0] in "([{":
            level += 1
            if level > DEEPEST:
                raise _wrong(f"brackets are nested deeper than {DEEPEST} levels", found.start() + 1)
        elif found[0] in ")]}":
            level -= 1


def _check_size(tree: Node) -> None:
    """Without recursion, because how deep it is has still to be found out."""
    count, level, row = 0, 0, [tree]
    while row:
        level += 1
        count += len(row)
        if level > DEEPEST:
            raise _wrong(f"the expression is nested deeper than {DEEPEST} levels", row[0].column)
        if count > MOST_NODES:
            raise _wrong(f"the expression has more than {MOST_NODES:,} parts", row[0].column)
        row = [part for node in row for part in parts(node)]


def _explained(text: str, error: "UnexpectedInput") -> ExpressionError:
    from lark.exceptions import UnexpectedToken

    if not isinstance(error, UnexpectedToken):
        place = error.pos_in_stream or 0
        if text[place] in "'\"":
            quote = text[place]
            return _wrong(
                f"the text that begins with {quote} has no end; a {quote} within it is written twice", place + 1
            )
        there = f"'{text[place]}'" if text[place].isprintable() else f"U+{ord(text[place]):04X}"
        return _wrong(f"the character {there} is not part of the language", place + 1)
    expected = _alternatives(set(error.accepts or error.expected))
    if error.token.type == "$END":
        return _wrong(f"the expression ends where {expected} is expected", len(text) + 1)
    place = error.pos_in_stream or 0
    return _wrong(f"'{_word(text, place)}' stands where {expected} is expected", place + 1)


def _alternatives(names: set[str]) -> str:
    """What is expected, in words; a value may begin in many ways."""
    if "NUMBER" in names:
        names = names - {"NAME", "PAREN"}
    told = [words for name, words in _EXPECTED.items() if name in names]
    return (
        " or ".join(told if len(told) == 1 else [one for one in told if one != _EXPECTED["PAREN"]]) or "something else"
    )


def _word(text: str, place: int) -> str:
    """What stands at a place: a word, or one character."""
    word = re.compile(r"\w{1,40}|'[^']{0,40}'|[=!<>&|+?.]{1,2}|.", re.DOTALL).match(text, place)
    return word[0] if word else ""


def _wrong(message: str, column: int | None) -> ExpressionError:
    return ExpressionError(message, kind="SpelParseException", column=column)
