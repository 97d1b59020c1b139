"""Java's `equals`, `hashCode` and `compareTo`.

Separate because they are stricter than the operators of expressions: a Long 1 is not equal to an Integer 1 here.
"""

import struct
from typing import Any

from gennaker.core.expressions.errors import ExpressionError, LimitReached
from gennaker.core.expressions.java import objects
from gennaker.core.expressions.java.calendar_text import day_of
from gennaker.core.expressions.java.kinds import Char, Float, Long, kind_of, wrap
from gennaker.core.expressions.java.names import described, type_of
from gennaker.core.expressions.java.objects import DAY, NANOS

#: How deep lists and maps may hold each other in what is compared.
DEEPEST = 100
_ORDERED = (
    *(objects.Instant, objects.LocalDate, objects.LocalTime, objects.LocalDateTime),
    *(objects.ZonedDateTime, objects.Duration),
)


def _deeper(depth: int) -> int:
    if depth > DEEPEST:
        raise LimitReached(f"compares lists and maps that hold each other more than {DEEPEST} deep")
    return depth + 1


def equals(left: Any, right: Any, depth: int = 0) -> bool:
    """Java's `Objects.equals`: kinds of numbers and of collections count. Raises LimitReached for what is nested too deep."""
    if left is right:
        return True
    depth = _deeper(depth)
    if isinstance(left, list) or isinstance(right, list):
        if _shape(left) != _shape(right) or len(left) != len(right):
            return False
        if isinstance(left, objects.JavaSet):
            return all(any(equals(one, other, depth) for other in right) for one in left)
        return all(equals(one, other, depth) for one, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equals(value, right[key], depth) for key, value in left.items())
    if isinstance(left, objects.Entry) and isinstance(right, objects.Entry):
        return equals(left.key, right.key, depth) and equals(left.value, right.value, depth)
    if isinstance(left, float) and isinstance(right, float) and type(left) is type(right):
        return struct.pack(">d", left) == struct.pack(">d", right)
    if kind_of(left) != kind_of(right) or isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _shape(value: Any) -> str:
    if isinstance(value, objects.Array):
        return "array"
    return "set" if isinstance(value, objects.JavaSet) else "list" if isinstance(value, list) else ""


def text_hash(text: str) -> int:
    """The hash of a String."""
    units = text.encode("utf-16-be", "surrogatepass")
    number = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        number = (31 * number + high * 256 + low) & 0xFFFFFFFF
    return wrap(number, 32)


def hash_code(value: Any, depth: int = 0) -> int:
    """The hash of a value, where Java defines one. Raises ExpressionError for others, LimitReached for what is nested too deep."""
    if isinstance(value, str):
        return text_hash(value)
    depth = _deeper(depth)
    if isinstance(value, objects.JavaSet):
        return wrap(sum(hash_code(item, depth) for item in value), 32)
    if isinstance(value, list) and not isinstance(value, objects.Array):
        number = 1
        for item in value:
            number = wrap(31 * number + hash_code(item, depth), 32)
        return number
    if isinstance(value, dict):
        return wrap(sum(hash_code(key) ^ hash_code(item, depth) for key, item in value.items()), 32)
    if isinstance(value, objects.Entry):
        return hash_code(value.key) ^ hash_code(value.value, depth)
    return _scalar_hash(value)


def _folded(number: int) -> int:
    bits = number & 0xFFFFFFFFFFFFFFFF
    return wrap((bits ^ (bits >> 32)) & 0xFFFFFFFF, 32)


def _scalar_hash(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, Float):
        return int(struct.unpack(">i", struct.pack(">f", value))[0])
    if isinstance(value, float):
        return _folded(struct.unpack(">q", struct.pack(">d", value))[0])
    if isinstance(value, int):
        return _folded(value) if isinstance(value, Long) or wrap(value, 32) != value else int(value)
    if isinstance(value, Char):
        return ord(value.text)
    if isinstance(value, objects.Date):
        return _folded(value.millis)
    if isinstance(value, objects.UUID):
        return _folded((value.bits >> 64) ^ (value.bits & 0xFFFFFFFFFFFFFFFF))
    if isinstance(value, objects.Instant | objects.Duration):
        seconds, nanos = divmod(value.nanos, NANOS)
        return wrap(_folded(seconds) + 51 * nanos, 32)
    calendar = _calendar_hash(value)
    if calendar is not None:
        return calendar
    raise ExpressionError(f"the hash of {described(value)} is different in every run, so it has no value here")


def compare_to(left: Any, right: Any) -> int:
    """Java's `compareTo` of two values of one kind: -1, 0 or 1. Raises ExpressionError for values that have no order."""
    one, other = _order_key(left), _order_key(right)
    same = type_of(left) == type_of(right) or (kind_of(left) and kind_of(right))
    if one is None or other is None or not same:
        raise ExpressionError(f"cannot compare {described(left)} with {described(right)}")
    return int(one > other) - int(one < other)


def _calendar_hash(value: Any) -> int | None:
    """The hash of a date or time without a zone; None for everything else."""
    if isinstance(value, objects.LocalDate):
        day = day_of(value.day)
        return (day.year & ~0x7FF) ^ ((day.year << 11) + (day.month << 6) + day.day)
    if isinstance(value, objects.LocalTime):
        return _folded(value.nanos)
    if isinstance(value, objects.LocalDateTime):
        halves = objects.LocalDate(value.nanos // DAY), objects.LocalTime(value.nanos % DAY)
        return (_calendar_hash(halves[0]) or 0) ^ (_calendar_hash(halves[1]) or 0)
    if isinstance(value, objects.Period):
        return wrap(value.years + value.months * 2**8 + value.days * 2**16, 32)
    return None


def _order_key(value: Any) -> Any:
    """What Python orders as Java orders the value; None for a value that has no order."""
    if isinstance(value, str):
        return value.encode("utf-16-be", "surrogatepass")
    if isinstance(value, Char):
        return ord(value.text)
    if isinstance(value, objects.Constant):
        return value.ordinal
    if isinstance(value, objects.UUID):
        return _signed_halves(value)
    if isinstance(value, objects.Date):
        return value.millis
    return value if isinstance(value, bool) or kind_of(value) or isinstance(value, _ORDERED) else None


def _signed_halves(value: objects.UUID) -> tuple[int, int]:
    return wrap(value.bits >> 64, 64), wrap(value.bits & 0xFFFFFFFFFFFFFFFF, 64)
