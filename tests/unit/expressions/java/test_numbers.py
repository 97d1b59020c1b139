"""Arithmetic by SpEL's promotions, text by Java's rules."""

import math
import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gennaker.core.expressions import java
from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.doubles import double_text, read_double
from gennaker.core.expressions.java.kinds import Byte, Char, to_float
from gennaker.core.expressions.java.numbers import BigInteger, Long

INTEGERS = st.integers(-(2**31), 2**31 - 1)
numbers = java.numbers


def typed(value: Any) -> str:
    """A value with its type."""
    return f"{java.type_of(value).rpartition('.')[2]} {java.text(value, Budget())}"


#: Each row is what Spring's own evaluator gives.
ROWS = [
    ("+", 2**31 - 1, 1, "Integer -2147483648"),
    ("+", 2**31 - 1, Long(1), "Long 2147483648"),
    ("+", Long(2**63 - 1), 1, "Long -9223372036854775808"),
    ("+", "a", 1, "String a1"),
    ("+", 1, "a", "String 1a"),
    ("+", "a", None, "String anull"),
    ("+", "", [1, 2], "String 1,2"),
    ("+", [1, 2], "x", "String 1,2x"),
    ("+", "", 1e10, "String 1.0E10"),
    ("+", "", True, "String true"),
    ("+", "", {"a": 1}, "String {a=1}"),
    ("+", Char("b"), "x", "String bx"),
    ("+", Byte(5), 1, "Integer 6"),
    ("+", to_float(1.5), 1, "Float 2.5"),
    ("+", to_float(0.1), 1, "Float 1.1"),
    ("+", BigInteger(5), 1, "BigInteger 6"),
    ("+", Decimal("1.10"), 1, "BigDecimal 2.10"),
    ("-", "b", 1, "String a"),
    ("-", 1.5, 1, "Double 0.5"),
    ("-", -(2**31) + 1, 2, "Integer 2147483647"),
    ("*", "ab", 3, "String ababab"),
    ("*", Long(5), 2, "Long 10"),
    ("*", 2**31 - 1, 2, "Integer -2"),
    ("*", to_float(0.1), 2.0, "Double 0.20000000298023224"),
    ("/", -7, 2, "Integer -3"),
    ("/", 1.0, 0, "Double Infinity"),
    ("/", 0.0, 0, "Double NaN"),
    ("/", 1, 2.0, "Double 0.5"),
    ("/", -(2**31), -1, "Integer -2147483648"),
    ("/", Decimal("1.00"), 3, "BigDecimal 0.33"),
    ("%", -7, 3, "Integer -1"),
    ("%", 7, -3, "Integer 1"),
    ("%", 7.5, 2, "Double 1.5"),
    ("^", 2, 31, "Long 2147483648"),
    ("^", 2, 10, "Integer 1024"),
    ("^", 2, -1, "Integer 0"),
    ("^", Long(2), 3, "Long 8"),
    ("^", 2.0, 3, "Double 8.0"),
    ("^", 10, 100, "Long 9223372036854775807"),
    ("^", -10, 101, "Integer -2147483648"),
    ("^", BigInteger(2), 100, "BigInteger 1267650600228229401496703205376"),
]


@pytest.mark.parametrize(("operator", "left", "right", "expected"), ROWS)
def test_an_operator_gives_what_spring_gives(operator: str, left: Any, right: Any, expected: str) -> None:
    budget = Budget()
    value = {
        "+": lambda: numbers.add(left, right, budget),
        "-": lambda: numbers.subtract(left, right),
        "*": lambda: numbers.multiply(left, right, budget),
        "/": lambda: numbers.divide(left, right),
        "%": lambda: numbers.modulo(left, right),
        "^": lambda: numbers.power(left, right),
    }[operator]()
    assert typed(value) == expected


@given(INTEGERS, INTEGERS)
def test_integers_wrap_as_in_a_machine(left: int, right: int) -> None:
    def wrapped(number: int) -> int:
        return int(struct.unpack("<i", struct.pack("<I", number % 2**32))[0])

    assert numbers.add(left, right, Budget()) == wrapped(left + right)
    assert numbers.subtract(left, right) == wrapped(left - right)
    assert numbers.multiply(left, right, Budget()) == wrapped(left * right)
    assert numbers.negate(left) == wrapped(-left)


@given(INTEGERS, INTEGERS.filter(bool))
def test_quotient_and_rest_belong_together(left: int, right: int) -> None:
    quotient, rest = numbers.divide(left, right), numbers.modulo(left, right)
    assert numbers.add(numbers.multiply(quotient, right, Budget()), rest, Budget()) == left
    assert abs(rest) < abs(right)
    assert rest == 0 or (rest < 0) == (left < 0)


@given(st.floats(allow_nan=False))
def test_the_text_of_a_double_is_read_back_as_the_same_or_a_neighbour(value: float) -> None:
    """Java 17 may write digits that belong to the neighbour of a power of two; never further away."""
    back = read_double(double_text(value))
    assert back in (value, math.nextafter(value, math.inf), math.nextafter(value, -math.inf))


@given(st.floats(1e-3, 1e7, exclude_max=True))
def test_a_double_of_common_size_is_written_without_an_exponent(value: float) -> None:
    written = double_text(value)
    assert "E" not in written
    assert "." in written


def test_numbers_of_different_kinds_are_equal_by_value() -> None:
    assert numbers.equal(1, 1.0)
    assert numbers.equal(Long(1), 1)
    assert numbers.equal(Decimal("1.0"), 1)
    assert not numbers.equal(1, "1")
    assert not numbers.equal(1, True)
    assert not numbers.equal(math.nan, math.nan)
    assert not numbers.equal(Char("a"), "a")
    assert not numbers.equal([1], [Long(1)])
    assert numbers.equal({"a": [1, None]}, {"a": [1, None]})


def test_null_is_less_than_everything_and_nan_is_not_ordered() -> None:
    assert numbers.compare(None, 1) < 0 < numbers.compare("a", None)
    assert numbers.compare(None, None) == 0
    assert numbers.compare(1, 1.5) < 0 < numbers.compare("b", "a")
    assert math.isnan(numbers.compare(math.nan, 1))
    with pytest.raises(ExpressionError, match="cannot compare a String with an Integer"):
        numbers.compare("a", 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: numbers.divide(1, 0), "/ by zero"),
        (lambda: numbers.modulo(1, 0), "/ by zero"),
        (lambda: numbers.subtract("ab", 1), "'-' cannot be used between a String and an Integer"),
        (lambda: numbers.add(1, None, Budget()), "'+' cannot be used between an Integer and null"),
        (lambda: numbers.add(True, 1, Budget()), "'+' cannot be used between a Boolean and an Integer"),
        (lambda: numbers.negate("a"), "cannot negate a String; expected a number"),
        (lambda: numbers.plus("a"), "cannot put a sign before a String"),
        (lambda: numbers.power(BigInteger(2), -1), "exponent of a big number is negative"),
    ],
)
def test_what_cannot_be_calculated_says_what_was_there(call: Any, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        call()
    assert message in caught.value.message
