"""java.util.Date and java.time.Instant: points in time.

Separate from the local dates because a moment has no calendar until a zone gives it one.
"""

import re
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import temporal
from gennaker.core.expressions.java.boxes import Row
from gennaker.core.expressions.java.calendar_text import date_text, day_of, instant_text, resolved
from gennaker.core.expressions.java.enums import UNITS
from gennaker.core.expressions.java.equality import equals, hash_code
from gennaker.core.expressions.java.fields import Fields, fields_of
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import DAY, NANOS, Date, Instant
from gennaker.core.expressions.java.temporal import checked, clock, epoch_day
from gennaker.core.expressions.scope import Scope

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z", re.IGNORECASE | re.ASCII)
_CHANGES = "it would change what it is called on"


def date(millis: int, scope: Scope) -> Date:
    """A Date that writes itself in the evaluation's zone. Raises ExpressionError outside the years that there are."""
    checked(int(millis) * 1_000_000)
    return Date(int(millis), scope.zone)


def instant(nanos: int) -> Instant:
    """A moment. Raises ExpressionError outside the years that there are."""
    return Instant(checked(nanos))


def _parse(_: Scope, value: str) -> Instant:
    found = _ISO.fullmatch(value)
    if not found:
        raise ExpressionError(
            f"Text '{value[:100]}' could not be parsed; expected a moment such as 2024-01-31T10:15:30Z",
            kind="DateTimeParseException",
        )
    year, month, day, hour, minute, second = (int(one or 0) for one in found.groups()[:6])
    nano = int((found[7] or "0").ljust(9, "0"))
    midnight = (hour, minute, second, nano) == (24, 0, 0, 0)
    try:
        time = DAY if midnight else clock(hour, minute, second, nano)
        return instant(epoch_day(year, month, day) * DAY + time)
    except ExpressionError as error:
        raise ExpressionError(
            f"Text '{value[:100]}' could not be parsed: {error.message}", kind="DateTimeParseException"
        ) from None


def _of_numbers(scope: Scope, *parts: int) -> Date:
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    local = temporal.months_later(epoch_day(1970, 1, 1), (year - 70) * 12 + month) + (day - 1) * DAY
    local += ((hour * 60 + minute) * 60 + second) * NANOS
    return date(resolved(checked(local), scope.zone) // 1_000_000, scope)


def _gmt(_: Scope, target: Date) -> str:
    words = date_text(Date(target.millis)).split()
    day = day_of(target.millis // 86_400_000)
    return f"{day.day} {words[1]} {words[5]} {words[3]} GMT"


def _parts(target: Date) -> Fields:
    return fields_of(target)


_ORDER: list[Row] = [
    ("equals(Object): boolean", lambda _, target, other: equals(target, other)),
    ("hashCode(): int", lambda _, target: hash_code(target)),
]
DATE = Type(
    name="java.util.Date",
    methods=table(
        *_ORDER,
        ("after(Date): boolean", lambda _, target, other: target.millis > other.millis),
        ("before(Date): boolean", lambda _, target, other: target.millis < other.millis),
        (
            "compareTo(Date): int",
            lambda _, one, other: (one.millis > other.millis) - (one.millis < other.millis),
        ),
        ("getDate(): int", lambda _, target: _parts(target).date().day),
        ("getDay(): int", lambda _, target: _parts(target).date().isoweekday() % 7),
        ("getHours(): int", lambda _, target: _parts(target).hour()),
        ("getMinutes(): int", lambda _, target: _parts(target).minute()),
        ("getMonth(): int", lambda _, target: _parts(target).date().month - 1),
        ("getSeconds(): int", lambda _, target: _parts(target).second()),
        ("getTime(): long", lambda _, target: target.millis),
        ("getTimezoneOffset(): int", lambda _, target: -_parts(target).ahead() // 60),
        ("getYear(): int", lambda _, target: _parts(target).date().year - 1900),
        ("toGMTString(): String", _gmt),
        ("toInstant(): Instant", lambda _, target: Instant(target.millis * 1_000_000)),
        ("toString(): String", lambda _, target: date_text(target)),
    ),
    statics=table(("from(Instant): Date", lambda scope, value: date(value.nanos // 1_000_000, scope))),
    constructors=table(
        ("new(): Date", lambda scope: date(scope.now, scope)),
        ("new(long): Date", lambda scope, millis: date(millis, scope)),
        ("new(int, int, int): Date", _of_numbers),
        ("new(int, int, int, int, int): Date", _of_numbers),
        ("new(int, int, int, int, int, int): Date", _of_numbers),
    ),
    refused=dict.fromkeys(
        ("setTime", "setDate", "setHours", "setMinutes", "setMonth", "setSeconds", "setYear"), _CHANGES
    ),
)


def steps(units: tuple[str, ...], kind: str) -> list[Row]:
    """`plusDays(long)` and its like, for the units that a type has."""
    return [
        (f"{sign}{name}(long): {kind}", _step(name, 1 if sign == "plus" else -1))
        for name in units
        for sign in ("plus", "minus")
    ]


def _step(name: str, sign: int) -> Any:
    unit = next(one for one in UNITS if one.name == name.upper())
    return lambda _, target, amount: temporal.plus(target, sign * int(amount), unit)


def spans(kind: str) -> list[Row]:
    """What every date and time of java.time can: add spans and units, count to another, compare."""
    return [
        *_ORDER,
        (f"compareTo({kind}): int", lambda _, target, other: temporal.difference(target, other)),
        (f"isAfter({kind}): boolean", lambda _, target, other: temporal.local(target) > temporal.local(other)),
        (f"isBefore({kind}): boolean", lambda _, target, other: temporal.local(target) < temporal.local(other)),
        (f"plus(long, ChronoUnit): {kind}", lambda _, target, amount, unit: temporal.plus(target, amount, unit)),
        (f"minus(long, ChronoUnit): {kind}", lambda _, target, amount, unit: temporal.plus(target, -int(amount), unit)),
        (f"until({kind}, ChronoUnit): long", lambda _, target, other, unit: temporal.until(target, other, unit)),
    ]


def lengths(kind: str) -> list[Row]:
    """What a type with a time can besides: add a Duration, be cut off."""
    nanos = UNITS[0]
    return [
        (f"plus(Duration): {kind}", lambda _, target, span: temporal.plus(target, span.nanos, nanos)),
        (f"minus(Duration): {kind}", lambda _, target, span: temporal.plus(target, -span.nanos, nanos)),
        (f"truncatedTo(ChronoUnit): {kind}", lambda _, target, unit: temporal.cut(target, unit)),
    ]


INSTANT = Type(
    name="java.time.Instant",
    methods=table(
        *spans("Instant"),
        *lengths("Instant"),
        *steps(("Seconds", "Millis", "Nanos"), "Instant"),
        ("atZone(ZoneId): ZonedDateTime", lambda _, target, zone: temporal.zoned(target.nanos, zone.name)),
        ("getEpochSecond(): long", lambda _, target: target.nanos // NANOS),
        ("getNano(): int", lambda _, target: target.nanos % NANOS),
        ("toEpochMilli(): long", lambda _, target: target.nanos // 1_000_000),
        ("toString(): String", lambda _, target: instant_text(target)),
    ),
    statics=table(
        ("from(ZonedDateTime): Instant", lambda _, value: Instant(value.nanos)),
        ("now(): Instant", lambda scope: instant(scope.now * 1_000_000)),
        ("ofEpochMilli(long): Instant", lambda _, millis: instant(int(millis) * 1_000_000)),
        ("ofEpochSecond(long): Instant", lambda _, seconds: instant(int(seconds) * NANOS)),
        ("ofEpochSecond(long, long): Instant", lambda _, one, nanos: instant(int(one) * NANOS + int(nanos))),
        ("parse(CharSequence): Instant", _parse),
    ),
    fields={"EPOCH": Instant(0)},
)
