"""The tree of an expression: what was written, before anything is looked up.

Separate because reading and evaluating share nothing else. Columns count from 1 within the expression; they are for messages.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

#: What stands for a `${…}` of a condition: a character of no script, one that is its number plus `FIRST`, and as many fillers as make it as
#: long as what it stands for.
HOLE, FILLER, FIRST = "\ue000", "\ue001", 0xE100


class Node(Struct, frozen=True, kw_only=True):
    """A part of an expression."""

    column: int


class Literal(Node, frozen=True, kw_only=True):
    """A number, a text, true, false or null."""

    value: Any


class Woven(Node, frozen=True, kw_only=True):
    """A text literal with a `HOLE` in it: in a condition the place of a `${…}`, elsewhere a character like any other."""

    text: str


class Hole(Node, frozen=True, kw_only=True):
    """A `${…}` of a condition, by its number."""

    number: int


class ListOf(Node, frozen=True, kw_only=True):
    """`{1, 2}`."""

    items: tuple[Node, ...]


class MapOf(Node, frozen=True, kw_only=True):
    """`{a: 1}`; a bare name is a key of that name."""

    pairs: tuple[tuple[Node, Node], ...]


class Prefix(Node, frozen=True, kw_only=True):
    """`-x`, `+x`, `!x`."""

    operator: str
    operand: Node


class Arithmetic(Node, frozen=True, kw_only=True):
    """`a + b - c`: operators of one rank, from left to right, each with its column."""

    first: Node
    rest: tuple[tuple[str, int, Node], ...]


class Logic(Node, frozen=True, kw_only=True):
    """`a and b and c`, or the same with `or`."""

    operator: str
    operands: tuple[Node, ...]


class Relation(Node, frozen=True, kw_only=True):
    """`a < b` and its like, `matches`, `between`, `instanceof`."""

    operator: str
    left: Node
    right: Node


class Ternary(Node, frozen=True, kw_only=True):
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node


class Elvis(Node, frozen=True, kw_only=True):
    """`value ?: other`."""

    value: Node
    other: Node


class Type(Node, frozen=True, kw_only=True):
    """`T(java.lang.Math)`."""

    name: str


class New(Node, frozen=True, kw_only=True):
    """`new java.util.Date()`."""

    name: str
    arguments: tuple[Node, ...]


class Variable(Node, frozen=True, kw_only=True):
    """`#root`, `#this` or another name."""

    name: str


class Call(Node, frozen=True, kw_only=True):
    """`#function(…)`."""

    name: str
    arguments: tuple[Node, ...]


class Here(Node, frozen=True, kw_only=True):
    """What a path without a beginning begins with: the root, or the element that a filter looks at."""


class Property(Node, frozen=True, kw_only=True):
    """`.name`."""

    name: str
    safe: bool = False


class Method(Node, frozen=True, kw_only=True):
    """`.name(…)`."""

    name: str
    arguments: tuple[Node, ...]
    safe: bool = False


class Index(Node, frozen=True, kw_only=True):
    """`[key]`."""

    key: Node
    safe: bool = False


class Filter(Node, frozen=True, kw_only=True):
    """`.?[…]`, `.^[…]`, `.$[…]` and `.![…]`, by their sign."""

    sign: str
    body: Node
    safe: bool = False


class Path(Node, frozen=True, kw_only=True):
    """A beginning and the steps from it; `ends` are the places in the text where the part before each step ends."""

    start: Node
    steps: tuple[Node, ...]
    ends: tuple[int, ...]


def parts(node: Node) -> Iterator[Node]:
    """The nodes directly below one."""
    return _nodes(msgspec.structs.astuple(node))


def _nodes(values: tuple[Any, ...]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from _nodes(value)
