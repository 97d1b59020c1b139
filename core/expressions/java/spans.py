"""java.time's Duration and Period: lengths of time.

Separate because a Duration is a number of nanoseconds and a Period is years, months and days, which have no fixed length.
"""

import re
from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import temporal
from gennaker.core.expressions.java.boxes import Row
from gennaker.core.expressions.java.calendar_text import duration_text, period_text
from gennaker.core.expressions.java.enums import LENGTHS, MONTHS_LONG, UNIT_TEXTS, UNITS
from gennaker.core.expressions.java.equality import equals, hash_code
from gennaker.core.expressions.java.kinds import LONG_MAX, LONG_MIN, to_int
from gennaker.core.expressions.java.local_dates import between
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import DAY, NANOS, Duration, Period
from gennaker.core.expressions.scope import Scope

_DURATION = re.compile(
    r"([+-]?)P(?:([+-]?\d{1,18})D)?(?:T(?:([+-]?\d{1,18})H)?(?:([+-]?\d{1,18})M)?(?:([+-]?\d{1,18})(?:[.,](\d{0,9}))?S)?)?",
    re.IGNORECASE | re.ASCII,
)
_PERIOD = re.compile(
    r"([+-]?)P(?:([+-]?\d{1,9})Y)?(?:([+-]?\d{1,9})M)?(?:([+-]?\d{1,9})W)?(?:([+-]?\d{1,9})D)?",
    re.IGNORECASE | re.ASCII,
)
_UNITS = {"Days": DAY, "Hours": 3600 * NANOS, "Minutes": 60 * NANOS, "Seconds": NANOS, "Millis": 1_000_000, "Nanos": 1}


def duration(nanos: int) -> Duration:
    """A length of time. Raises ExpressionError for one whose seconds no Long can hold."""
    if not LONG_MIN <= nanos // NANOS <= LONG_MAX:
        raise ExpressionError("the duration is too long", kind="ArithmeticException")
    return Duration(nanos)


def _unit(unit: Any) -> int:
    if unit.name in MONTHS_LONG or unit.name not in LENGTHS or unit.name == "WEEKS":
        raise ExpressionError(
            f"Unit must not have an estimated duration: {UNIT_TEXTS[unit.name]}",
            kind="UnsupportedTemporalTypeException",
        )
    return LENGTHS[unit.name]


def _parse_duration(_: Scope, text: str) -> Duration:
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()[1:5]) or text[-1:].upper() == "T":
        raise ExpressionError(
            f"Text '{text[:100]}' cannot be parsed to a Duration; expected one such as PT8H6M12.345S",
            kind="DateTimeParseException",
        )
    sign, days, hours, minutes, seconds, fraction = found.groups()
    nanos = int((fraction or "0").ljust(9, "0")) * (-1 if (seconds or "").startswith("-") else 1)
    for part, length in ((days, DAY), (hours, 3600 * NANOS), (minutes, 60 * NANOS), (seconds, NANOS)):
        nanos += int(part or 0) * length
    return duration(-nanos if sign == "-" else nanos)


def _divided(_: Scope, target: Duration, by: int) -> Duration:
    if not by:
        raise ExpressionError("Cannot divide by zero", kind="ArithmeticException")
    return duration(_towards_zero(target.nanos, int(by)))


def _towards_zero(number: int, divisor: int) -> int:
    whole = abs(number) // abs(divisor)
    return whole if (number < 0) == (divisor < 0) else -whole


_NANOS = UNITS[0]
_EQUALS: list[Row] = [
    ("hashCode(): int", lambda _, target: hash_code(target)),
    ("equals(Object): boolean", lambda _, target, other: equals(target, other)),
]


def _step(length: int, sign: int) -> Callable[..., Duration]:
    return lambda _, target, amount: duration(target.nanos + sign * int(amount) * length)


def _make(length: int) -> Callable[..., Duration]:
    return lambda _, amount: duration(int(amount) * length)


DURATION = Type(
    name="java.time.Duration",
    methods=table(
        *_EQUALS,
        ("abs(): Duration", lambda _, target: duration(abs(target.nanos))),
        ("compareTo(Duration): int", lambda _, target, other: (target > other) - (target < other)),
        ("dividedBy(long): Duration", _divided),
        ("getNano(): int", lambda _, target: target.nanos % NANOS),
        ("getSeconds(): long", lambda _, target: target.nanos // NANOS),
        ("isNegative(): boolean", lambda _, target: target.nanos < 0),
        ("isZero(): boolean", lambda _, target: not target.nanos),
        ("minus(Duration): Duration", lambda _, target, other: duration(target.nanos - other.nanos)),
        ("multipliedBy(long): Duration", lambda _, target, by: duration(target.nanos * int(by))),
        ("negated(): Duration", lambda _, target: duration(-target.nanos)),
        ("plus(Duration): Duration", lambda _, target, other: duration(target.nanos + other.nanos)),
        *((f"minus{name}(long): Duration", _step(length, -1)) for name, length in _UNITS.items()),
        *((f"plus{name}(long): Duration", _step(length, 1)) for name, length in _UNITS.items()),
        ("toDays(): long", lambda _, target: _seconds(target, 86_400)),
        ("toHours(): long", lambda _, target: _seconds(target, 3_600)),
        ("toMinutes(): long", lambda _, target: _seconds(target, 60)),
        ("toSeconds(): long", lambda _, target: target.nanos // NANOS),
        ("toMillis(): long", lambda _, target: _towards_zero(target.nanos, 1_000_000)),
        ("toNanos(): long", lambda _, target: target.nanos),
        ("toDaysPart(): long", lambda _, target: _seconds(target, 86_400)),
        ("toHoursPart(): int", lambda _, target: _rest(_seconds(target, 3_600), 24)),
        ("toMinutesPart(): int", lambda _, target: _rest(_seconds(target, 60), 60)),
        ("toSecondsPart(): int", lambda _, target: _rest(target.nanos // NANOS, 60)),
        ("toMillisPart(): int", lambda _, target: target.nanos % NANOS // 1_000_000),
        ("toNanosPart(): int", lambda _, target: target.nanos % NANOS),
        ("toString(): String", lambda _, target: duration_text(target)),
    ),
    statics=table(
        ("between(Object, Object): Duration", lambda _, start, end: duration(temporal.until(start, end, _NANOS))),
        ("of(long, ChronoUnit): Duration", lambda _, amount, unit: duration(int(amount) * _unit(unit))),
        *((f"of{name}(long): Duration", _make(length)) for name, length in _UNITS.items()),
        ("parse(CharSequence): Duration", _parse_duration),
    ),
    fields={"ZERO": Duration(0)},
)


def _seconds(target: Duration, length: int) -> int:
    return _towards_zero(target.nanos // NANOS, length)


def _rest(number: int, size: int) -> int:
    return number - _towards_zero(number, size) * size


def _parse_period(_: Scope, text: str) -> Period:
    found = _PERIOD.fullmatch(text)
    if not found or not any(found.groups()[1:]):
        raise ExpressionError(
            f"Text '{text[:100]}' cannot be parsed to a Period; expected one such as P1Y2M3D",
            kind="DateTimeParseException",
        )
    sign = -1 if found[1] == "-" else 1
    years, months, weeks, days = (sign * int(one or 0) for one in found.groups()[1:])
    return period(years, months, weeks * 7 + days)


def period(years: int, months: int, days: int) -> Period:
    """A length of time in calendar units. Raises ExpressionError for numbers that are no Integers."""
    if any(to_int(one) != one for one in (years, months, days)):
        raise ExpressionError("integer overflow", kind="ArithmeticException")
    return Period(int(years), int(months), int(days))


def _normal(_: Scope, target: Period) -> Period:
    total = target.years * 12 + target.months
    years = _towards_zero(total, 12)
    return period(years, total - years * 12, target.days)


def _added(target: Period, years: int = 0, months: int = 0, days: int = 0) -> Period:
    return period(target.years + years, target.months + months, target.days + days)


PERIOD = Type(
    name="java.time.Period",
    methods=table(
        *_EQUALS,
        ("getDays(): int", lambda _, target: target.days),
        ("getMonths(): int", lambda _, target: target.months),
        ("getYears(): int", lambda _, target: target.years),
        ("isNegative(): boolean", lambda _, target: min(target.years, target.months, target.days) < 0),
        ("isZero(): boolean", lambda _, target: not (target.years or target.months or target.days)),
        ("minusDays(long): Period", lambda _, target, amount: _added(target, days=-int(amount))),
        ("minusMonths(long): Period", lambda _, target, amount: _added(target, months=-int(amount))),
        ("minusYears(long): Period", lambda _, target, amount: _added(target, years=-int(amount))),
        (
            "multipliedBy(int): Period",
            lambda _, target, by: period(target.years * by, target.months * by, target.days * by),
        ),
        ("negated(): Period", lambda _, target: period(-target.years, -target.months, -target.days)),
        ("normalized(): Period", _normal),
        ("plusDays(long): Period", lambda _, target, amount: _added(target, days=int(amount))),
        ("plusMonths(long): Period", lambda _, target, amount: _added(target, months=int(amount))),
        ("plusYears(long): Period", lambda _, target, amount: _added(target, years=int(amount))),
        ("toString(): String", lambda _, target: period_text(target)),
        ("toTotalMonths(): long", lambda _, target: target.years * 12 + target.months),
    ),
    statics=table(
        ("between(LocalDate, LocalDate): Period", lambda _, start, end: between(start, end)),
        ("of(int, int, int): Period", lambda _, years, months, days: period(years, months, days)),
        ("ofDays(int): Period", lambda _, days: period(0, 0, days)),
        ("ofMonths(int): Period", lambda _, months: period(0, months, 0)),
        ("ofWeeks(int): Period", lambda _, weeks: period(0, 0, weeks * 7)),
        ("ofYears(int): Period", lambda _, years: period(years, 0, 0)),
        ("parse(CharSequence): Period", _parse_period),
    ),
    fields={"ZERO": Period(0, 0, 0)},
)
