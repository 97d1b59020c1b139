"""A value as text: Java's `toString()`, and Spring's conversion to text, which joins lists with commas.

Separate because composites, `+`, formats and messages all write values, and all of them count characters first.
"""

import decimal
from collections.abc import Callable, Iterator
from typing import Any

from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import LimitReached
from gennaker.core.expressions.java import objects
from gennaker.core.expressions.java.calendar_text import (
    date_text,
    duration_text,
    instant_text,
    local_date_text,
    local_date_time_text,
    local_time_text,
    period_text,
    zoned_text,
)
from gennaker.core.expressions.java.doubles import double_text, float_text
from gennaker.core.expressions.java.enums import UNIT_TEXTS
from gennaker.core.expressions.java.kinds import BigInteger, Byte, Char, Float, Long, Short
from gennaker.core.expressions.scope import Bean

#: How deep lists and maps may hold each other in what is written.
DEEPEST = 100


def uuid_text(value: objects.UUID) -> str:
    """`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`."""
    digits = f"{value.bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def address(value: Any) -> str:
    """What Java writes for an object that has no text of its own; the address behind `@` is left out, it says nothing."""
    return f"{type_text(value)}@0"


def type_text(value: Any) -> str:
    """The class of an object of this package, in full."""
    return str(value.java_type)


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    Byte: int.__repr__,
    Short: int.__repr__,
    Long: int.__repr__,
    BigInteger: int.__repr__,
    float: double_text,
    Float: float_text,
    decimal.Decimal: str,
    Char: lambda value: str(value.text),
    type(None): lambda _: "null",
    objects.Constant: lambda value: UNIT_TEXTS.get(value.name, str(value.name)),
    objects.ZoneId: lambda value: str(value.name),
    objects.UUID: uuid_text,
    objects.Date: date_text,
    objects.Instant: instant_text,
    objects.LocalDate: local_date_text,
    objects.LocalTime: local_time_text,
    objects.LocalDateTime: local_date_time_text,
    objects.ZonedDateTime: zoned_text,
    objects.Duration: duration_text,
    objects.Period: period_text,
    objects.SimpleDateFormat: address,
    objects.DateTimeFormatter: lambda value: str(value.pattern),
    objects.Adjuster: address,
    objects.Random: address,
    Bean: lambda value: str(value.type),
}
_PLAIN_INT = 2_000


def text(value: Any, budget: Budget) -> str:
    """A value as Java's `toString()` writes it; null is `null`. Raises LimitReached."""
    written = _one(value)
    if written is None:
        parts = list(_parts(value, budget, 0))
        budget.text(sum(map(len, parts)))
        return "".join(parts)
    if type(value) is not str:
        budget.text(len(written))
    return written


def joined(value: Any, budget: Budget) -> str:
    """A value as Spring turns it into text where a text is wanted: lists become their elements with commas between, all else as `text`.

    Raises LimitReached.
    """
    if not isinstance(value, list):
        return text(value, budget)
    parts = list(_elements(value, budget, 0))
    budget.text(sum(map(len, parts)) + max(len(parts) - 1, 0))
    return ",".join(parts)


def _elements(values: list[Any], budget: Budget, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise LimitReached(f"writes lists that hold each other more than {DEEPEST} deep")
    for value in values:
        budget.spend()
        if isinstance(value, list):
            yield from _elements(value, budget, depth + 1) if value else ("",)
        else:
            yield text(value, budget)


def _one(value: Any) -> str | None:
    """The text of what holds nothing else; None for lists, maps and entries."""
    write = _TEXTS.get(type(value))
    if write is None:
        return None
    if isinstance(value, int) and value.bit_length() > 4 * _PLAIN_INT:
        raise LimitReached(f"writes a number of more than {_PLAIN_INT:,} digits")
    return write(value)


def _parts(value: Any, budget: Budget, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise LimitReached(f"writes lists and maps that hold each other more than {DEEPEST} deep")
    budget.spend()
    written = _one(value)
    if written is not None:
        if budget.characters < len(written):
            budget.text(len(written))
        yield written
    elif isinstance(value, dict):
        yield "{"
        for number, (key, item) in enumerate(value.items()):
            yield f"{', ' if number else ''}{_one(key)}="
            yield from _parts(item, budget, depth + 1)
        yield "}"
    elif isinstance(value, objects.Entry):
        yield f"{_one(value.key)}="
        yield from _parts(value.value, budget, depth + 1)
    else:
        yield "["
        for number, item in enumerate(value):
            if number:
                yield ", "
            yield from _parts(item, budget, depth + 1)
        yield "]"
