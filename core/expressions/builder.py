"""Make the nodes of the tree from what the grammar finds, one small method for each rule.

Separate because only this module and `parser` know the parser library, which is loaded when the first expression is read.
"""

from collections.abc import Sequence

import msgspec
from lark import Token, Transformer, v_args

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.numerals import number_of
from gennaker.core.expressions.tree import (
    FIRST,
    HOLE,
    Arithmetic,
    Call,
    Elvis,
    Filter,
    Here,
    Hole,
    Index,
    ListOf,
    Literal,
    Logic,
    MapOf,
    Method,
    New,
    Node,
    Path,
    Prefix,
    Property,
    Relation,
    Ternary,
    Type,
    Variable,
    Woven,
)

_SAME = {
    "==": "==", "eq": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<", "<=": "<=", "le": "<=",
    ">": ">", "gt": ">", ">=": ">=", "ge": ">=", "div": "/", "mod": "%", "not": "!",
}  # fmt: skip

rule = v_args(inline=True)
#: A step with the place where the text before it ends.
_Step = tuple[int, Node]


def column(token: Token) -> int:
    """Where a token begins, counted from 1."""
    return (token.start_pos or 0) + 1


def refused(token: Token, message: str) -> ExpressionError:
    """What is part of Spring's language and not of this one."""
    return ExpressionError(message, kind="SpelParseException", column=column(token))


class Builder(Transformer[Token, Node]):
    """Called by the parser for each rule that it has read, the innermost first."""

    @rule
    def number(self, token: Token) -> Node:
        return Literal(column=column(token), value=number_of(token.value, column(token)))

    @rule
    def string(self, token: Token) -> Node:
        quote = token.value[0]
        text = token.value[1:-1].replace(quote * 2, quote)
        if HOLE in text:
            return Woven(column=column(token), text=text)
        return Literal(column=column(token), value=text)

    @rule
    def constant(self, token: Token) -> Node:
        value = {"true": True, "false": False, "null": None}[token.value.lower()]
        return Literal(column=column(token), value=value)

    @rule
    def hole(self, token: Token) -> Node:
        return Hole(column=column(token), number=ord(token.value[1]) - FIRST)

    @rule
    def group(self, paren: Token, inner: Node) -> Node:
        return msgspec.structs.replace(inner, column=column(paren))

    @rule
    def list(self, brace: Token, *items: Node) -> Node:
        return ListOf(column=column(brace), items=items)

    @rule
    def map(self, brace: Token, *pairs: tuple[Node, Node]) -> Node:
        return MapOf(column=column(brace), pairs=pairs)

    @rule
    def pair(self, key: Node, value: Node) -> tuple[Node, Node]:
        return key, value

    @rule
    def qualified(self, *tokens: Token) -> str:
        return "".join(token.value for token in tokens)

    @rule
    def arguments(self, *nodes: Node) -> tuple[Node, ...]:
        return nodes

    @rule
    def type(self, token: Token, name: str, *brackets: Token) -> Node:
        if brackets:
            raise refused(brackets[0], "types of arrays are not there; lists are of the type java.util.List")
        return Type(column=column(token), name=name)

    @rule
    def new(self, token: Token, name: str, arguments: tuple[Node, ...]) -> Node:
        return New(column=column(token), name=name, arguments=arguments)

    @rule
    def variable(self, hash_: Token, name: Token) -> Node:
        return Variable(column=column(hash_), name=name.value)

    @rule
    def function(self, hash_: Token, name: Token, arguments: tuple[Node, ...]) -> Node:
        return Call(column=column(hash_), name=name.value, arguments=arguments)

    @rule
    def bean(self, sign: Token, name: Token) -> Node:
        raise refused(sign, f"beans are not there: {sign.value}{name.value}; functions are called with #")

    @rule
    def change(self, *found: Token | Node) -> Node:
        sign = next(one for one in found if isinstance(one, Token))
        raise refused(sign, f"'{sign.value}' would change a value; expressions only look (write '+ 1' or '- 1')")

    @rule
    def assignment(self, _left: Node, sign: Token, _right: Node) -> Node:
        raise refused(sign, "'=' would change a value; expressions only look (to compare, write '==')")

    @rule
    def prefix(self, sign: Token, operand: Node) -> Node:
        return Prefix(column=column(sign), operator=_plain(sign), operand=operand)

    @rule
    def sum(self, first: Node, *rest: Token | Node) -> Node:
        return _arithmetic(first, rest)

    @rule
    def product(self, first: Node, *rest: Token | Node) -> Node:
        return _arithmetic(first, rest)

    @rule
    def power(self, first: Node, *rest: Token | Node) -> Node:
        return _arithmetic(first, rest)

    @rule
    def relation(self, left: Node, sign: Token, right: Node) -> Node:
        return Relation(column=column(sign), operator=_plain(sign), left=left, right=right)

    @rule
    def both(self, *found: Token | Node) -> Node:
        return _logic("and", found)

    @rule
    def either(self, *found: Token | Node) -> Node:
        return _logic("or", found)

    @rule
    def ternary(self, test: Node, yes: Node, no: Node) -> Node:
        return Ternary(column=test.column, test=test, yes=yes, no=no)

    @rule
    def elvis(self, value: Node, sign: Token, other: Node) -> Node:
        return Elvis(column=column(sign), value=value, other=other)

    @rule
    def path(self, begin: Node, *steps: _Step) -> Node:
        if isinstance(begin, Path) and begin.column == begin.steps[0].column:  # in parentheses the columns differ
            steps = ((begin.ends[0], begin.steps[0]), *steps)
            begin = begin.start
        return Path(
            column=begin.column,
            start=begin,
            steps=tuple(node for _, node in steps),
            ends=tuple(end for end, _ in steps),
        )

    @rule
    def first_property(self, name: Token) -> Node:
        return _here(Property(column=column(name), name=name.value))

    @rule
    def first_method(self, name: Token, arguments: tuple[Node, ...]) -> Node:
        return _here(Method(column=column(name), name=name.value, arguments=arguments))

    @rule
    def first_index(self, index: Token, key: Node) -> Node:
        return _here(Index(column=column(index), key=key))

    @rule
    def first_filter(self, sign: Token, body: Node) -> Node:
        return _here(Filter(column=column(sign), sign=sign.value[0], body=body))

    @rule
    def property(self, dot: Token, name: Token) -> _Step:
        return dot.start_pos or 0, Property(column=column(name), name=name.value, safe=dot.type == "SAFE")

    @rule
    def method(self, dot: Token, name: Token, arguments: tuple[Node, ...]) -> _Step:
        node = Method(column=column(name), name=name.value, arguments=arguments, safe=dot.type == "SAFE")
        return dot.start_pos or 0, node

    @rule
    def filter(self, dot: Token, sign: Token, body: Node) -> _Step:
        return dot.start_pos or 0, Filter(column=column(sign), sign=sign.value[0], body=body, safe=dot.type == "SAFE")

    @rule
    def index(self, index: Token, key: Node) -> _Step:
        return index.start_pos or 0, Index(column=column(index), key=key)

    @rule
    def safe_index(self, safe: Token, index: Token, key: Node) -> _Step:
        return safe.start_pos or 0, Index(column=column(index), key=key, safe=True)

    @rule
    def dotted_function(self, _dot: Token, hash_: Token, name: Token, *_arguments: tuple[Node, ...]) -> _Step:
        raise refused(hash_, f"#{name.value} cannot follow a dot; give it the value: #{name.value}(value)")


def _plain(sign: Token) -> str:
    """An operator in the one way that the tree has it: `div` as `/`."""
    word: str = sign.value.lower()
    return _SAME.get(word, word)


def _arithmetic(first: Node, rest: Sequence[Token | Node]) -> Node:
    signs = [one for one in rest if isinstance(one, Token)]
    nodes = [one for one in rest if isinstance(one, Node)]
    found = tuple((_plain(sign), column(sign), node) for sign, node in zip(signs, nodes, strict=True))
    return Arithmetic(column=first.column, first=first, rest=found)


def _logic(operator: str, found: Sequence[Token | Node]) -> Node:
    operands = tuple(one for one in found if isinstance(one, Node))
    return Logic(column=operands[0].column, operator=operator, operands=operands)


def _here(step: Node) -> Node:
    return Path(column=step.column, start=Here(column=step.column), steps=(step,), ends=(step.column - 1,))
