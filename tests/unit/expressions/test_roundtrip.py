"""Any tree, written as text and read again, is the same tree: the grammar has one reading for everything that it allows."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gennaker.core.expressions import tree
from gennaker.core.expressions.java.numbers import Long
from gennaker.core.expressions.parser import parse

HERE = tree.Here(column=0)
#: Names, among them those that are words of the language elsewhere; `T(` and `new x` are not names.
NAMES = st.sampled_from(
    ["a", "b_1", "$x", "matches", "between", "instanceof", "eq", "div", "size", "naïve", "andy", "nothing"]
)
STEP_NAMES = NAMES | st.sampled_from(["and", "or", "not", "true", "null", "new", "T"])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=8)
RANKS = (("^",), ("*", "/", "%"), ("+", "-"))
RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "matches", "between")
WORDS = {"/": "div", "%": "mod", "==": "EQ", "!=": "ne", "<": "lt", "<=": "Le", ">": "gt", ">=": "ge"}


def literal(value: Any) -> tree.Node:
    return tree.Literal(column=0, value=value)


LITERALS = st.one_of(
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**63 - 1).map(Long),
    st.floats(0, 1e300, allow_nan=False, allow_infinity=False).filter(lambda one: str(one) != "-0.0"),
    TEXTS,
    st.sampled_from([True, False, None]),
).map(literal)


def path(start: tree.Node, steps: list[tree.Node]) -> tree.Node:
    return tree.Path(column=0, start=start, steps=tuple(steps), ends=(0,) * len(steps))


def nodes(inner: st.SearchStrategy[tree.Node]) -> st.SearchStrategy[tree.Node]:
    """One level more, around what there is already."""
    many = st.lists(inner, max_size=3).map(tuple)
    step = st.one_of(
        st.builds(tree.Property, column=st.just(0), name=STEP_NAMES, safe=st.booleans()),
        st.builds(tree.Method, column=st.just(0), name=STEP_NAMES, arguments=many, safe=st.booleans()),
        st.builds(tree.Index, column=st.just(0), key=inner, safe=st.booleans()),
        st.builds(tree.Filter, column=st.just(0), sign=st.sampled_from("?^$!"), body=inner, safe=st.booleans()),
    )
    first = st.one_of(
        st.builds(tree.Property, column=st.just(0), name=NAMES),
        st.builds(tree.Method, column=st.just(0), name=NAMES, arguments=many),
        st.builds(tree.Index, column=st.just(0), key=inner),
        st.builds(tree.Filter, column=st.just(0), sign=st.sampled_from("?^$!"), body=inner),
    )
    # A path that begins with a path is one path, unless parentheses stand around the first.
    return st.one_of(
        st.builds(tree.ListOf, column=st.just(0), items=many),
        st.builds(tree.MapOf, column=st.just(0), pairs=st.lists(st.tuples(inner, inner), max_size=3).map(tuple)),
        st.builds(tree.Prefix, column=st.just(0), operator=st.sampled_from("-+!"), operand=inner),
        arithmetic(inner),
        st.builds(
            tree.Logic,
            column=st.just(0),
            operator=st.sampled_from(["and", "or"]),
            operands=st.lists(inner, min_size=2, max_size=3).map(tuple),
        ),
        st.builds(tree.Relation, column=st.just(0), operator=st.sampled_from(RELATIONS), left=inner, right=inner),
        st.builds(tree.Ternary, column=st.just(0), test=inner, yes=inner, no=inner),
        st.builds(tree.Elvis, column=st.just(0), value=inner, other=inner),
        st.builds(tree.New, column=st.just(0), name=st.just("java.util.Date"), arguments=many),
        st.builds(tree.Variable, column=st.just(0), name=NAMES),
        st.builds(tree.Call, column=st.just(0), name=NAMES, arguments=many),
        st.builds(lambda one, rest: path(HERE, [one, *rest]), first, st.lists(step, max_size=3)),
        st.builds(
            path, inner.filter(lambda node: not isinstance(node, tree.Path)), st.lists(step, min_size=1, max_size=3)
        ),
        st.builds(path, st.just(tree.Type(column=0, name="java.lang.Math")), st.lists(step, min_size=1, max_size=2)),
    )


def arithmetic(inner: st.SearchStrategy[tree.Node]) -> st.SearchStrategy[tree.Node]:
    def of(signs: tuple[str, ...]) -> st.SearchStrategy[tree.Node]:
        most = 1 if signs == ("^",) else 3
        rest = st.lists(st.tuples(st.sampled_from(signs), st.just(0), inner), min_size=1, max_size=most).map(tuple)
        return st.builds(tree.Arithmetic, column=st.just(0), first=inner, rest=rest)

    return st.one_of([of(signs) for signs in RANKS])


TREES = st.recursive(LITERALS, nodes, max_leaves=12)


class Writer:
    """Writes a tree with as much or as little space as it is told, and every inner part in parentheses."""

    def __init__(self, space: str, words: bool) -> None:
        self.space = space
        self.words = words

    def write(self, node: tree.Node) -> str:
        return str(getattr(self, type(node).__name__.lower())(node))

    def part(self, node: tree.Node) -> str:
        """A part where only a value may stand: operators and signs go into parentheses."""
        plain = tree.Literal | tree.ListOf | tree.MapOf | tree.Variable | tree.Call | tree.New
        return self.write(node) if isinstance(node, plain) else f"({self.space}{self.write(node)}{self.space})"

    def all(self, given: tuple[tree.Node, ...]) -> str:
        return f",{self.space}".join(map(self.write, given))

    def literal(self, node: tree.Literal) -> str:
        value = node.value
        if isinstance(value, str):
            quote = '"' if self.words else "'"
            return quote + value.replace(quote, quote * 2) + quote
        if value is None or isinstance(value, bool):
            word = {None: "null", True: "true", False: "false"}[value]
            return word.upper() if self.words else word
        return f"{int(value)}L" if isinstance(value, Long) else repr(value)

    def listof(self, node: tree.ListOf) -> str:
        return f"{{{self.space}{self.all(node.items)}}}"

    def mapof(self, node: tree.MapOf) -> str:
        pairs = [f"{self.part(key)}{self.space}:{self.write(value)}" for key, value in node.pairs]
        return f"{{{','.join(pairs) or ':'}}}"

    def prefix(self, node: tree.Prefix) -> str:
        return f"{'NOT ' if self.words and node.operator == '!' else node.operator}{self.part(node.operand)}"

    def sign(self, sign: str) -> str:
        return f" {WORDS.get(sign, sign) if self.words else sign} "

    def arithmetic(self, node: tree.Arithmetic) -> str:
        return self.part(node.first) + "".join(f"{self.sign(sign)}{self.part(one)}" for sign, _, one in node.rest)

    def logic(self, node: tree.Logic) -> str:
        sign = f" {node.operator.upper()} " if self.words else {"and": "&&", "or": "||"}[node.operator]
        return sign.join(map(self.part, node.operands))

    def relation(self, node: tree.Relation) -> str:
        return f"{self.part(node.left)}{self.sign(node.operator)}{self.part(node.right)}"

    def ternary(self, node: tree.Ternary) -> str:
        return f"{self.part(node.test)} ? {self.write(node.yes)} : {self.write(node.no)}"

    def elvis(self, node: tree.Elvis) -> str:
        return f"{self.part(node.value)}{self.space}?:{self.write(node.other)}"

    def new(self, node: tree.New) -> str:
        return f"new {node.name}({self.all(node.arguments)})"

    def variable(self, node: tree.Variable) -> str:
        return f"#{node.name}"

    def call(self, node: tree.Call) -> str:
        return f"#{node.name}{self.space}({self.all(node.arguments)})"

    def type(self, node: tree.Type) -> str:
        return f"T{self.space}({node.name})"

    def path(self, node: tree.Path) -> str:
        if isinstance(node.start, tree.Here):
            return self.step(node.steps[0], "") + "".join(self.step(one, ".") for one in node.steps[1:])
        start = self.write(node.start) if isinstance(node.start, tree.Type) else self.part(node.start)
        return start + self.space + "".join(self.step(one, ".") for one in node.steps)

    def step(self, node: Any, dot: str) -> str:
        dot = f"{self.space}?.{self.space}" if node.safe else dot
        if isinstance(node, tree.Property):
            return f"{dot}{node.name}"
        if isinstance(node, tree.Method):
            return f"{dot}{node.name}({self.all(node.arguments)})"
        if isinstance(node, tree.Index):
            return f"{dot if node.safe else ''}[{self.write(node.key)}]"
        return f"{dot}{node.sign}[{self.space}{self.write(node.body)}]"


def bare(value: Any) -> Any:
    """A tree without its columns; types of literals count."""
    if isinstance(value, tree.Node):
        fields = msgspec.structs.asdict(value)
        fields.pop("ends", None)
        return type(value).__name__, {name: bare(one) for name, one in fields.items() if name != "column"}
    if isinstance(value, tuple):
        return tuple(bare(one) for one in value if not isinstance(one, int) or isinstance(one, bool))
    return type(value).__name__, value


@settings(max_examples=120, deadline=None)
@given(TREES, st.sampled_from(["", " ", " \n\t"]), st.booleans())
def test_a_tree_that_is_written_and_read_is_the_same_tree(node: tree.Node, space: str, words: bool) -> None:
    text = Writer(space, words).write(node)
    assert bare(parse(text)) == bare(node), text


@settings(max_examples=120, deadline=None)
@given(TREES)
def test_columns_lie_within_the_text(node: tree.Node) -> None:
    text = Writer(" ", False).write(node)
    row = [parse(text)]
    while row:
        one = row.pop()
        assert 1 <= one.column <= len(text)
        row += tree.parts(one)
