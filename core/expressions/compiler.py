"""Turn the tree of an expression into closures that are called with a scope and `#this`.

Separate because it is done once for each text: what can be decided from the text alone, such as which types it names, is decided here.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from gennaker.core.expressions import java, steps, tree
from gennaker.core.expressions.access import Place
from gennaker.core.expressions.calls import call_function
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.filters import Compiled, Step, projection, selection
from gennaker.core.expressions.java.text import joined
from gennaker.core.expressions.numerals import spelled
from gennaker.core.expressions.operators import ARITHMETIC, PREFIXES, RELATIONS, truth
from gennaker.core.expressions.scope import Scope
from gennaker.core.expressions.steps import at
from gennaker.core.expressions.weight import holds, weigh


class Program:
    """An expression that can be evaluated; `size` is the number of its parts."""

    __slots__ = ("run", "size")

    def __init__(self, run: Compiled, size: int) -> None:
        self.run = run
        self.size = size


class Hole(Struct, frozen=True):
    """A `${…}` of a condition: what stands in it, and its value."""

    source: str
    run: Callable[[Scope], Any]


def compile_tree(source: str, node: tree.Node, holes: Sequence[Hole] = ()) -> Program:
    """The program of a tree; `holes` are the values of a condition's `${…}`. Raises ExpressionError for types that are not allowed."""
    compiler = _Compiler(source, holes)
    run = compiler.value(node)
    return Program(run, compiler.size)


class _Compiler:
    def __init__(self, source: str, holes: Sequence[Hole]) -> None:
        self.source = source
        self.holes = holes
        self.size = 0
        #: Whether a bare name is one of the root, as within `[…]`, rather than one of `#this`.
        self.from_root = False
        self._kinds: dict[type[tree.Node], Callable[[Any], Compiled]] = {
            tree.Literal: self._literal,
            tree.Woven: self._woven,
            tree.Hole: self._hole,
            tree.ListOf: self._list,
            tree.MapOf: self._map,
            tree.Prefix: self._prefix,
            tree.Arithmetic: self._arithmetic,
            tree.Logic: self._logic,
            tree.Relation: self._relation,
            tree.Ternary: self._ternary,
            tree.Elvis: self._elvis,
            tree.Type: self._type,
            tree.New: self._new,
            tree.Variable: self._variable,
            tree.Call: self._call,
            tree.Path: self._path,
        }
        self._steps: dict[type[tree.Node], Callable[[Any, Place], Step]] = {
            tree.Property: self._property,
            tree.Method: self._method,
            tree.Index: self._index,
            tree.Filter: self._filter,
        }

    def value(self, node: tree.Node) -> Compiled:
        """The closure of any node that has a value."""
        self.size += 1
        return self._kinds[type(node)](node)

    def values(self, nodes: Sequence[tree.Node]) -> tuple[Compiled, ...]:
        return tuple(self.value(node) for node in nodes)

    def _literal(self, node: tree.Literal) -> Compiled:
        value = node.value
        return lambda _scope, _this: value

    def _woven(self, node: tree.Woven) -> Compiled:
        text = node.text
        if not self.holes:
            return lambda _scope, _this: text
        parts = [part if isinstance(part, str) else self._of(part, node.column) for part in _woven(text)]

        def weave(scope: Scope, _this: Any) -> str:
            texts = [one if isinstance(one, str) else _put(one, scope) for one in parts]
            scope.budget.text(sum(map(len, texts)))
            return "".join(texts)

        return weave

    def _hole(self, node: tree.Hole) -> Compiled:
        run = self._of(node.number, node.column).run

        def fill(scope: Scope, _this: Any) -> Any:
            value = run(scope)
            return spelled(value) if isinstance(value, str) else value

        return fill

    def _of(self, number: int, column: int) -> Hole:
        if number >= len(self.holes):
            raise ExpressionError(
                "a character of the private use area is not allowed here", kind="SpelParseException", column=column
            )
        return self.holes[number]

    def _list(self, node: tree.ListOf) -> Compiled:
        items = self.values(node.items)

        def make(scope: Scope, this: Any) -> list[Any]:
            scope.budget.elements(len(items))
            found = [item(scope, this) for item in items]
            if any(map(holds, found)):
                weigh(found, scope.budget)
            return found

        return make

    def _map(self, node: tree.MapOf) -> Compiled:
        pairs = tuple((self._key(key), self.value(value), key.column) for key, value in node.pairs)

        def make(scope: Scope, this: Any) -> dict[Any, Any]:
            scope.budget.elements(len(pairs))
            found: dict[Any, Any] = {}
            for key, value, column in pairs:
                name = key(scope, this)
                if holds(name):
                    raise ExpressionError("a list or map cannot be the key of a map", column=column)
                found[name] = value(scope, this)
            if any(map(holds, found.values())):
                weigh(found, scope.budget)
            return found

        return make

    def _key(self, node: tree.Node) -> Compiled:
        """The key of an inline map or an index: a bare name is the key of that name."""
        name = bare_name(node)
        return self.value(node) if name is None else lambda _scope, _this: name

    def _prefix(self, node: tree.Prefix) -> Compiled:
        operate, operand, column = PREFIXES[node.operator], self.value(node.operand), node.column

        def prefix(scope: Scope, this: Any) -> Any:
            value = operand(scope, this)
            try:
                return operate(value)
            except ExpressionError as error:
                raise at(error, column) from None

        return prefix

    def _arithmetic(self, node: tree.Arithmetic) -> Compiled:
        first = self.value(node.first)
        rest = tuple((ARITHMETIC[sign], column, self.value(operand)) for sign, column, operand in node.rest)

        def calculate(scope: Scope, this: Any) -> Any:
            value = first(scope, this)
            for operate, column, operand in rest:
                right = operand(scope, this)
                try:
                    value = operate(value, right, scope.budget)
                except ExpressionError as error:
                    raise at(error, column) from None
            return value

        return calculate

    def _truth(self, node: tree.Node) -> Callable[[Scope, Any], bool]:
        value, column = self.value(node), node.column

        def test(scope: Scope, this: Any) -> bool:
            found = value(scope, this)
            if found is True or found is False:
                return bool(found)
            try:
                return truth(found)
            except ExpressionError as error:
                raise at(error, column) from None

        return test

    def _logic(self, node: tree.Logic) -> Compiled:
        operands = tuple(self._truth(operand) for operand in node.operands)
        decides = node.operator == "or"

        def decide(scope: Scope, this: Any) -> bool:
            for operand in operands:
                if operand(scope, this) is decides:
                    return decides
            return not decides

        return decide

    def _relation(self, node: tree.Relation) -> Compiled:
        left, column = self.value(node.left), node.column
        if node.operator == "instanceof":
            return self._instanceof(left, node)
        operate, right = RELATIONS[node.operator], self.value(node.right)

        def relate(scope: Scope, this: Any) -> Any:
            a, b = left(scope, this), right(scope, this)
            try:
                return operate(a, b, scope.budget)
            except ExpressionError as error:
                raise at(error, column) from None

        return relate

    def _instanceof(self, left: Compiled, node: tree.Relation) -> Compiled:
        if not isinstance(node.right, tree.Type):
            raise ExpressionError("'instanceof' needs a type behind it, such as T(String)", column=node.right.column)
        type_ = self._resolved(node.right.name, node.right.column)
        return lambda scope, this: java.instance_of(left(scope, this), type_)

    def _ternary(self, node: tree.Ternary) -> Compiled:
        test, yes, no = self._truth(node.test), self.value(node.yes), self.value(node.no)
        return lambda scope, this: yes(scope, this) if test(scope, this) else no(scope, this)

    def _elvis(self, node: tree.Elvis) -> Compiled:
        value, other = self.value(node.value), self.value(node.other)

        def elvis(scope: Scope, this: Any) -> Any:
            found = value(scope, this)
            return other(scope, this) if found is None or found == "" else found

        return elvis

    def _resolved(self, name: str, column: int) -> str:
        try:
            return java.resolve(name)
        except ExpressionError as error:
            raise at(error, column) from None

    def _type(self, node: tree.Type) -> Compiled:
        self._resolved(node.name, node.column)
        raise ExpressionError(
            f"a type is no value; ask it for something, such as T({node.name}).valueOf(…), or write it after 'instanceof'",
            column=node.column,
        )

    def _new(self, node: tree.New) -> Compiled:
        type_ = self._resolved(node.name, node.column)
        return steps.construction(type_, node.column, self.values(node.arguments))

    def _variable(self, node: tree.Variable) -> Compiled:
        name, column = node.name, node.column
        if name == "this":
            return lambda scope, this: dict(this) if this is scope.root else this
        if name == "root":
            return lambda scope, _this: dict(scope.root)

        def variable(scope: Scope, _this: Any) -> None:
            if name in scope.functions:
                signature = scope.functions[name].signature
                raise ExpressionError(f"#{name} is a function; call it: {signature}", column=column)

        return variable

    def _call(self, node: tree.Call) -> Compiled:
        name, arguments, column = node.name, self.values(node.arguments), node.column

        def call(scope: Scope, this: Any) -> Any:
            given = [argument(scope, this) for argument in arguments]
            try:
                return call_function(name, given, scope)
            except ExpressionError as error:
                raise at(error, column) from None

        return call

    def _path(self, node: tree.Path) -> Compiled:
        places = [
            Place(self.source, node.column - 1, end, step.column)
            for step, end in zip(node.steps, node.ends, strict=True)
        ]
        if isinstance(node.start, tree.Type):
            start = self._static(node.start, node.steps[0])
            rest = list(zip(node.steps, places, strict=True))[1:]
        else:
            start = self._start(node.start)
            rest = list(zip(node.steps, places, strict=True))
        return steps.path(start, tuple(self._step(step, place) for step, place in rest))

    def _start(self, node: tree.Node) -> Compiled:
        if (isinstance(node, tree.Here) and self.from_root) or (
            isinstance(node, tree.Variable) and node.name == "root"
        ):
            return lambda scope, _this: scope.root
        if isinstance(node, tree.Here) or (isinstance(node, tree.Variable) and node.name == "this"):
            return lambda _scope, this: this
        return self.value(node)

    def _step(self, node: tree.Node, place: Place) -> Step:
        self.size += 1
        return self._steps[type(node)](node, place)

    def _static(self, type_node: tree.Type, step: tree.Node) -> Compiled:
        """What is asked of a type itself: the first step after `T(…)`."""
        type_ = self._resolved(type_node.name, type_node.column)
        self.size += 2
        if isinstance(step, tree.Property):
            return steps.static_field(type_, step)
        if isinstance(step, tree.Method):
            return steps.static_method(type_, step, self.values(step.arguments))
        raise ExpressionError("after T(…) a method or a constant is expected", column=step.column)

    def _property(self, node: tree.Property, place: Place) -> Step:
        return steps.property_step(node, place)

    def _method(self, node: tree.Method, place: Place) -> Step:
        return steps.method_step(node, self.values(node.arguments), place)

    def _index(self, node: tree.Index, place: Place) -> Step:
        before, self.from_root = self.from_root, True
        key = self.value(node.key)
        self.from_root = before
        return steps.index_step(bare_name(node.key), key, node.safe, place)

    def _filter(self, node: tree.Filter, place: Place) -> Step:
        before, self.from_root = (self.from_root, self.size), False
        body = self.value(node.body)
        self.from_root = before[0]
        cost = 1 + (self.size - before[1]) // 2
        if node.sign == "!":
            return projection(body, cost, place, node.safe)
        return selection(node.sign, body, cost, place, node.safe)


def bare_name(node: tree.Node) -> str | None:
    """The name, when a node is nothing but a name."""
    if isinstance(node, tree.Path) and isinstance(node.start, tree.Here) and len(node.steps) == 1:
        step = node.steps[0]
        return step.name if isinstance(step, tree.Property) else None
    return None


def _woven(text: str) -> tuple[str | int, ...]:
    """A text as what stands in it, with the numbers of its holes."""
    found: list[str | int] = []
    for number, piece in enumerate(text.split(tree.HOLE)):
        if number:
            found.append(ord(piece[0]) - tree.FIRST)
            piece = piece[1:].lstrip(tree.FILLER)
        if piece:
            found.append(piece)
    return tuple(found)


def _put(hole: Hole, scope: Scope) -> str:
    """What is put into a text for a `${…}`; null leaves it as it is written, as in any other text."""
    value = hole.run(scope)
    return f"${{{hole.source}}}" if value is None else joined(value, scope.budget)
