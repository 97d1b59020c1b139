"""What must not be reachable is not, and what would grow or run without end is stopped, soon and with a clean error."""

from collections.abc import Callable
from contextlib import suppress
from time import process_time
from typing import Any

import pytest

from gennaker.core.expressions import java
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError, LimitReached
from gennaker.core.expressions.java.numbers import BigInteger
from gennaker.core.expressions.java.registry import TYPES, VALUE_TYPES
from gennaker.core.expressions.scope import Bean, Scope

NAMES = [
    "getClass",
    "class",
    "forName",
    "newInstance",
    "getDeclaredMethods",
    "invoke",
    "getClassLoader",
    "wait",
    "notify",
    "notifyAll",
    "clone",
    "finalize",
    "exec",
    "getRuntime",
    "__class__",
    "__init__",
    "__subclasses__",
    "__globals__",
    "__dict__",
    "__getattribute__",
    "__reduce__",
    "__mro__",
    "__doc__",
    "__call__",
    "__getitem__",
    "f_globals",
    "gi_frame",
    "mro",
    "format_map",
    "encode",
    "decode",
    "translate",
    "maketrans",
    "casefold",
    "append",
    "extend",
    "pop",
    "update",
    "setdefault",
    "as_integer_ratio",
    "real",
    "imag",
    "conjugate",
    "hex",
    "to_bytes",
    "from_bytes",
    "bit_length",
    "fromhex",
    "isoformat",
    "element",
    "java_type",
    "nanos",
    "millis",
    "text",
    "state",
    "stream",
    "iterator",
    "chars",
    "lines",
    "describeConstable",
]
TARGETS: list[Any] = ["text", 1, 1.5, True, ["a"], {"a": 1}, Bean("Stage", {"name": lambda: "x"})]
FORBIDDEN = [
    "java.lang.Runtime",
    "java.lang.System",
    "java.lang.Class",
    "java.lang.ClassLoader",
    "java.lang.Thread",
    "java.lang.ProcessBuilder",
    "java.lang.Process",
    "java.lang.reflect.Method",
    "java.io.File",
    "java.nio.file.Files",
    "java.net.URL",
    "java.net.Socket",
    "java.util.Scanner",
    "javax.script.ScriptEngineManager",
    "java.lang.String[]",
    "java.util.Base64",
    "org.springframework.util.StreamUtils",
    "os",
    "builtins",
    "java.lang",
    "java.lang.string",
    "Runtime",
    "System",
    "Class",
    "Object[]",
    "java.util.Map$Entry",
    "java.lang.Integer$IntegerCache",
    "java.lang.Character",
    "java..lang.String",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_method_or_property_leads_out(name: str, scope: Scope) -> None:
    for target in TARGETS:
        with pytest.raises(ExpressionError):
            java.invoke(target, name, [], scope)
        try:
            found = java.property_of(target, name)
        except ExpressionError:
            continue
        assert found is java.MISSING


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_type_that_is_not_allowed_cannot_be_used(name: str, scope: Scope) -> None:
    with pytest.raises(ExpressionError):
        java.static(java.resolve(name), "valueOf", ["x"], scope)


def test_the_tables_hold_functions_under_the_names_of_java_only() -> None:
    for type_ in {**TYPES, **VALUE_TYPES}.values():
        for name in [*type_.methods, *type_.statics, *type_.fields]:
            assert name.isidentifier()
            assert not name.startswith("_")
        assert not {"getClass", "exec", "forName", "getInteger", "getLong", "getBoolean"} & {
            *type_.methods,
            *type_.statics,
        }


@pytest.mark.parametrize(
    "call",
    [
        '"a".repeat(2000000000)',
        '"".join'.replace('"".join', '"ab".repeat(600000)'),
        '"a".repeat(900000).replace("a", "bbbbbbbbbb")',
        '"a".repeat(900000).replaceAll("a", "bbbbbbbbbb")',
        '"a".repeat(200000).split("")',
        '"a".repeat(1000000).getBytes()',
        '"a".repeat(1000000).toCharArray()',
        '"a\\n".repeat(400000).indent(100)',
        'String.format("%2000000000d", 1)',
        'String.format("%99999999999999999999d", 1)',
        'String.format("%.999999999f", 1.5)',
        'String.format("%900000d%900000d", 1, 1)',
        'String.format("%s".repeat(400000), 1)',
        'String.format("%1$s".repeat(20000), "x".repeat(100000))',
        'String.join("x".repeat(500000), "a", "b", "c", "d")',
        '"%999999d".repeat(100).formatted(1)',
        'URLEncoder.encode("a".repeat(500000), "UTF-8")',
    ],
)
def test_growth_is_stopped_before_it_happens(call: str, evaluate: Callable[[str], Any]) -> None:
    began = process_time()
    with pytest.raises(ExpressionError):
        evaluate(call)
    assert process_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 40),
        ("(a|aa)+b", "a" * 60),
        ("(a|a)*b", "a" * 40),
        ("(.*a){20}b", "a" * 40),
        ("(\\w+\\s?)*!", "word " * 20),
        ("([a-zA-Z]+)*1", "a" * 40),
        ("(x+x+)+y", "x" * 40),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 60),
        ("(?=(a+)+b)a", "a" * 40),
        ("((a{1,50}){1,50}){1,50}b", "a" * 200),
    ],
)
def test_a_pattern_that_backtracks_without_end_is_stopped(pattern: str, text: str) -> None:
    began = process_time()
    with suppress(LimitReached):
        assert not java.matches(text, pattern, Budget())
    assert process_time() - began < 1


def test_the_time_of_patterns_is_counted_together() -> None:
    budget = Budget()
    for _ in range(2):
        with pytest.raises(LimitReached, match="takes too long on this text"):
            java.matches("a" * 60, "(a|aa)+b", budget)
    assert budget.seconds == 0


@pytest.mark.parametrize(
    "pattern",
    [
        "a" * 2_001,
        "a{2000}",
        "a{1,99999999999}",
        "(" * 50 + ")" * 50,
        "[" * 50 + "a" + "]" * 50,
        "(?R)",
        "(?1)",
        "a{e<=3}",
        "(?|a|b)",
        "(?(1)a|b)",
        "(?P>x)",
        "\\L<words>",
        "\\N{DIGIT ONE}",
        "\\K",
        "[[:^alpha:]",
        "(?&x)",
        "(?b)a",
        "(?<!",
    ],
)
def test_a_pattern_outside_of_javas_language_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError):
        java.matches("a", pattern)


def test_loops_and_recursion_are_bounded(scope: Scope) -> None:
    deep, other = [], []  # type: list[Any], list[Any]
    for _ in range(5_000):
        deep, other = [deep], [other]
    for use in (
        lambda: java.text(deep, scope.budget),
        lambda: java.joined(deep, Scope({}).budget),
        lambda: java.plain(deep),
        lambda: java.invoke(deep, "hashCode", [], scope),
        lambda: java.invoke(deep, "equals", [other], scope),
        lambda: java.numbers.equal(deep, other),
    ):
        with pytest.raises(LimitReached):
            use()
    wide = [["x" * 1000] * 1000] * 1000
    with pytest.raises(LimitReached):
        java.text(wide, scope.budget)


def test_numbers_do_not_grow_without_end() -> None:
    huge = BigInteger(10**300)
    with pytest.raises(LimitReached):
        java.numbers.power(huge, 10**9)
    for _ in range(3):
        huge = java.numbers.multiply(huge, huge, Budget())
    with pytest.raises(LimitReached):
        java.numbers.multiply(huge, huge, Budget())
    assert java.numbers.power(10, 10**10) == 2**63 - 1


def test_steps_run_out(scope: Scope) -> None:
    items = list(range(10_000))
    for _ in range(9):
        assert java.invoke(items, "indexOf", [-1], scope) == -1
    with pytest.raises(LimitReached):
        java.invoke(items, "indexOf", [-1], scope)
