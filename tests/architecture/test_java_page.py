"""The page about Java's types lists every type, method and constant that expressions may use, and no other."""

from collections.abc import Iterator
from pathlib import Path

from gennaker.core.expressions.java.methods import Method, Table, Type
from gennaker.core.expressions.java.names import TYPES as NAMES
from gennaker.core.expressions.java.registry import TYPES, VALUE_TYPES

PAGE = Path(__file__).parents[2] / "docs" / "expressions-java.md"


def listed(methods: Table) -> str:
    """Methods with their results, by name."""
    rows: list[Method] = [method for name in sorted(methods) for method in methods[name]]
    return ", ".join(f"`{row.signature()}` {row.result}" for row in rows)


def lines(type_: Type) -> Iterator[str]:
    """What the page says of a type."""
    yield f"### {type_.name.replace('$', '.')}"
    if type_.constructors:
        made = (f"`new {row.signature().removeprefix('new')}`" for rows in type_.constructors.values() for row in rows)
        yield f"- made with {', '.join(made)}"
    if type_.methods:
        yield f"- methods: {listed(type_.methods)}"
    if type_.statics:
        yield f"- static: {listed(type_.statics)}"
    if type_.fields:
        yield f"- constants: {', '.join(f'`{name}`' for name in type_.fields)}"
    if type_.refused:
        yield f"- refused: {', '.join(f'`{name}`' for name in sorted(type_.refused))}"


def contents() -> list[str]:
    """Every line about every type."""
    types = [TYPES[name] for name in NAMES]
    unnamed = sorted(
        {one.name: one for one in VALUE_TYPES.values() if one.name not in TYPES}.values(), key=lambda one: one.name
    )
    return [line for one in [*types, *unnamed] for line in lines(one) if one.name != "array"]


def test_the_page_lists_what_there_is_and_nothing_else() -> None:
    written = PAGE.read_text().partition("\n## The types\n")[2]
    assert [line for line in written.splitlines() if line.startswith(("### ", "- "))] == contents()


def test_every_type_that_can_be_named_has_a_table() -> None:
    assert set(NAMES) == set(TYPES)
