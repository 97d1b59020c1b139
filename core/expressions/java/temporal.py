"""Calendar arithmetic: add units, count them, cut them off, for every kind of date and time alike.

Separate because a LocalDate, a LocalDateTime and a ZonedDateTime differ only in which units they have. All of them are nanoseconds since
1970 on their own clock (`local`), and are put together again from those (`rebuilt`).
"""

import calendar
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.calendar_text import FIRST_DAY, LAST_DAY, day_of, moment, resolved
from gennaker.core.expressions.java.enums import LENGTHS, MONTHS_LONG, UNIT_TEXTS
from gennaker.core.expressions.java.names import described
from gennaker.core.expressions.java.objects import (
    DAY,
    Constant,
    Instant,
    LocalDate,
    LocalDateTime,
    LocalTime,
    ZonedDateTime,
)

SECOND = LENGTHS["SECONDS"]
_DATE_UNITS = frozenset(("DAYS", "WEEKS", *MONTHS_LONG))
_TIME_UNITS = frozenset(LENGTHS) - _DATE_UNITS
_UNITS: dict[type, frozenset[str]] = {
    Instant: _TIME_UNITS | {"DAYS"},
    LocalDate: _DATE_UNITS,
    LocalTime: _TIME_UNITS,
    LocalDateTime: _DATE_UNITS | _TIME_UNITS,
    ZonedDateTime: _DATE_UNITS | _TIME_UNITS,
}


def checked(nanos: int) -> int:
    """Nanoseconds inside the years that there are. Raises ExpressionError."""
    if not FIRST_DAY <= nanos // DAY <= LAST_DAY:
        raise ExpressionError("a date is outside the years 1 to 9999", kind="DateTimeException")
    return nanos


def epoch_day(year: int, month: int, day: int) -> int:
    """A day of the calendar, counted from 1970-01-01. Raises ExpressionError for one that does not exist."""
    for name, value, least, most in (("year", year, 1, 9999), ("month", month, 1, 12), ("day", day, 1, 31)):
        if not least <= value <= most:
            raise ExpressionError(f"the {name} {value} is outside {least} to {most}", kind="DateTimeException")
    if day > calendar.monthrange(year, month)[1]:
        raise ExpressionError(f"there is no day {day} in {year}-{month:02}", kind="DateTimeException")
    return day_of(0).replace(year=year, month=month, day=day).toordinal() - day_of(0).toordinal()


def clock(hour: int, minute: int, second: int = 0, nano: int = 0) -> int:
    """A time of day in nanoseconds. Raises ExpressionError for one that does not exist."""
    limits = (("hour", hour, 23), ("minute", minute, 59), ("second", second, 59), ("nano", nano, 999_999_999))
    for name, value, most in limits:
        if not 0 <= value <= most:
            raise ExpressionError(f"the {name} {value} is outside 0 to {most}", kind="DateTimeException")
    return ((hour * 60 + minute) * 60 + second) * SECOND + nano


def local(value: Any) -> int:
    """A value as nanoseconds since 1970 on its own clock."""
    if isinstance(value, LocalDate):
        return value.day * DAY
    if isinstance(value, ZonedDateTime):
        return value.nanos + value.offset * SECOND
    return int(value.nanos)


def zoned(nanos: int, zone: str) -> ZonedDateTime:
    """A moment as a zone tells it. Raises ExpressionError."""
    return ZonedDateTime(checked(nanos), moment(nanos, zone)[1], zone)


def rebuilt(value: Any, nanos: int) -> Any:
    """A value of the same kind at another time on its own clock. Raises ExpressionError."""
    if isinstance(value, LocalTime):
        return LocalTime(nanos % DAY)
    checked(nanos)
    if isinstance(value, LocalDate):
        return LocalDate(nanos // DAY)
    if isinstance(value, ZonedDateTime):
        kept = nanos - value.offset * SECOND
        return zoned(kept if moment(kept, value.zone)[1] == value.offset else resolved(nanos, value.zone), value.zone)
    return type(value)(nanos)


def _unit(value: Any, unit: Constant) -> str:
    if unit.name not in _UNITS[type(value)]:
        raise ExpressionError(
            f"Unsupported unit: {UNIT_TEXTS[unit.name]} for {described(value)}", kind="UnsupportedTemporalTypeException"
        )
    return unit.name


def months_later(nanos: int, months: int) -> int:
    """The same day so many months later, the last of the month where there is none. Raises ExpressionError."""
    day = day_of(nanos // DAY)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ExpressionError("a date is outside the years 1 to 9999", kind="DateTimeException")
    last = calendar.monthrange(year, month + 1)[1]
    return epoch_day(year, month + 1, min(day.day, last)) * DAY + nanos % DAY


def plus(value: Any, amount: int, unit: Constant) -> Any:
    """A value so many units later. Raises ExpressionError."""
    name, amount = _unit(value, unit), int(amount)
    if name in MONTHS_LONG:
        return rebuilt(value, months_later(local(value), amount * MONTHS_LONG[name]))
    step = amount * LENGTHS[name]
    if isinstance(value, ZonedDateTime) and name in _TIME_UNITS:
        return zoned(value.nanos + step, value.zone)
    return rebuilt(value, local(value) + step)


def until(start: Any, end: Any, unit: Constant) -> int:
    """The whole units from one value to another of its kind. Raises ExpressionError."""
    if type(start) is not type(end) or type(start) not in _UNITS:
        raise ExpressionError(
            f"cannot count from {described(start)} to {described(end)}; expected two of one kind",
            kind="DateTimeException",
        )
    name = _unit(start, unit)
    if isinstance(start, ZonedDateTime) and name in _TIME_UNITS:
        return _towards_zero(end.nanos - start.nanos, LENGTHS[name])
    if isinstance(start, ZonedDateTime):
        end = zoned(end.nanos, start.zone)
    first, last = local(start), local(end)
    if name not in MONTHS_LONG:
        return _towards_zero(last - first, LENGTHS[name])
    return _towards_zero(months_between(first, last), MONTHS_LONG[name])


def _towards_zero(number: int, divisor: int) -> int:
    return number // divisor if number >= 0 else -(-number // divisor)


def months_between(first: int, last: int) -> int:
    """The whole months from one time to another."""
    one, other = day_of(first // DAY), day_of(last // DAY)
    months = (other.year - one.year) * 12 + other.month - one.month
    behind, ahead = (other.day, last % DAY), (one.day, first % DAY)
    if months > 0 and behind < ahead:
        return months - 1
    return months + 1 if months < 0 and behind > ahead else months


def cut(value: Any, unit: Constant) -> Any:
    """A value with everything below a unit set to zero. Raises ExpressionError."""
    if unit.name not in _TIME_UNITS | {"DAYS"}:
        raise ExpressionError(
            f"Unit is too large to be used for truncation: {UNIT_TEXTS[unit.name]}",
            kind="UnsupportedTemporalTypeException",
        )
    whole = local(value)
    return rebuilt(value, whole - whole % DAY % LENGTHS[unit.name] if unit.name != "DAYS" else whole - whole % DAY)


def same_kind(value: Any, other: Any) -> None:
    """Raises ExpressionError unless both are of one type."""
    if type(value) is not type(other):
        raise ExpressionError(f"cannot compare {described(value)} with {described(other)}")


def difference(value: Any, other: Any) -> int:
    """Java's `compareTo`: the years, months or days that two dates differ by, and only the order of times."""
    same_kind(value, other)
    if isinstance(value, LocalDate | LocalDateTime):
        one, two = day_of(local(value) // DAY), day_of(local(other) // DAY)
        parts = (one.year - two.year, one.month - two.month, one.day - two.day)
        if any(parts):
            return next(part for part in parts if part)
    if isinstance(value, Instant) and value.nanos // SECOND == other.nanos // SECOND:
        return value.nanos - int(other.nanos)
    return int(value > other) - int(value < other)


def dated(value: Any) -> Any:
    """The value, which is one of java.time's dates and times. Raises ExpressionError for others."""
    if type(value) not in _UNITS:
        raise ExpressionError(f"cannot write {described(value)} as a date; expected one of java.time's")
    return value
