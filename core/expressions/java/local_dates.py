"""java.time's LocalDate, LocalTime and LocalDateTime: dates and times without a zone.

Separate from the moments because these are compared and counted by the calendar.
"""

from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import pattern_format, pattern_reader, temporal
from gennaker.core.expressions.java.adjusters import adjusted
from gennaker.core.expressions.java.boxes import Row
from gennaker.core.expressions.java.calendar_text import (
    day_of,
    fixed_offset,
    local_date_text,
    local_date_time_text,
    local_time_text,
    moment,
    resolved,
)
from gennaker.core.expressions.java.enums import DAYS, MONTHS
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.moments import lengths, spans, steps
from gennaker.core.expressions.java.objects import (
    DAY,
    NANOS,
    Instant,
    LocalDate,
    LocalDateTime,
    LocalTime,
    Period,
    ZonedDateTime,
)
from gennaker.core.expressions.java.temporal import clock, epoch_day, local, rebuilt
from gennaker.core.expressions.scope import Scope

DATE_STEPS = ("Days", "Weeks", "Months", "Years")
TIME_STEPS = ("Hours", "Minutes", "Seconds", "Nanos")


def _day(value: Any) -> Any:
    return day_of(local(value) // DAY)


def leap(year: int) -> bool:
    """Whether a year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    """How many days a month has."""
    return 30 + (month in (1, 3, 5, 7, 8, 10, 12)) if month != 2 else 28 + leap(year)


def with_day(value: Any, year: int, month: int, day: int, *, clip: bool = False) -> Any:
    """A value on another day. Raises ExpressionError for one that does not exist, unless it may be `clip`ped to the month's last."""
    if clip and 1 <= year <= 9999 and 1 <= month <= 12:
        day = min(day, month_length(year, month))
    return rebuilt(value, epoch_day(year, month, day) * DAY + local(value) % DAY)


def _with_day_of_year(value: Any, day: int) -> Any:
    year = _day(value).year
    if not 1 <= day <= 365 + leap(year):
        raise ExpressionError(f"there is no day {day} in the year {year}", kind="DateTimeException")
    return rebuilt(value, (epoch_day(year, 1, 1) + day - 1) * DAY + local(value) % DAY)


def _with_time(part: str) -> Callable[..., Any]:
    def run(_: Scope, value: Any, number: int) -> Any:
        nanos = local(value) % DAY
        parts = {"hour": nanos // (3600 * NANOS), "minute": nanos // (60 * NANOS) % 60}
        parts |= {"second": nanos // NANOS % 60, "nano": nanos % NANOS, part: number}
        return rebuilt(value, local(value) - nanos + clock(**parts))

    return run


def later(value: Any, span: Period, sign: int) -> Any:
    """A value so many years, months and days later. Raises ExpressionError."""
    moved = temporal.months_later(local(value), sign * (span.years * 12 + span.months))
    return rebuilt(value, moved + sign * span.days * DAY)


def date_rows(kind: str) -> list[Row]:
    """What everything with a day can."""
    return [
        *steps(DATE_STEPS, kind),
        ("getDayOfMonth(): int", lambda _, value: _day(value).day),
        ("getDayOfWeek(): DayOfWeek", lambda _, value: DAYS[_day(value).weekday()]),
        ("getDayOfYear(): int", lambda _, value: _day(value).timetuple().tm_yday),
        ("getMonth(): Month", lambda _, value: MONTHS[_day(value).month - 1]),
        ("getMonthValue(): int", lambda _, value: _day(value).month),
        ("getYear(): int", lambda _, value: _day(value).year),
        (f"plus(Period): {kind}", lambda _, value, span: later(value, span, 1)),
        (f"minus(Period): {kind}", lambda _, value, span: later(value, span, -1)),
        (f"with(Adjuster): {kind}", lambda _, value, rule: rebuilt(value, adjusted(local(value), rule))),
        (f"with(DayOfWeek): {kind}", _with_weekday),
        (
            f"withDayOfMonth(int): {kind}",
            lambda _, value, day: with_day(value, _day(value).year, _day(value).month, day),
        ),
        (f"withDayOfYear(int): {kind}", lambda _, value, day: _with_day_of_year(value, day)),
        (
            f"withMonth(int): {kind}",
            lambda _, value, month: with_day(value, _day(value).year, month, _day(value).day, clip=True),
        ),
        (
            f"withYear(int): {kind}",
            lambda _, value, year: with_day(value, year, _day(value).month, _day(value).day, clip=True),
        ),
    ]


def _with_weekday(_: Scope, value: Any, day: Any) -> Any:
    return rebuilt(value, local(value) + (day.ordinal - _day(value).weekday()) * DAY)


def time_rows(kind: str) -> list[Row]:
    """What everything with a time of day can."""
    return [
        *lengths(kind),
        *steps(TIME_STEPS, kind),
        ("getHour(): int", lambda _, value: local(value) % DAY // (3600 * NANOS)),
        ("getMinute(): int", lambda _, value: local(value) // (60 * NANOS) % 60),
        ("getNano(): int", lambda _, value: local(value) % NANOS),
        ("getSecond(): int", lambda _, value: local(value) // NANOS % 60),
        *((f"with{part.title()}(int): {kind}", _with_time(part)) for part in ("hour", "minute", "second", "nano")),
    ]


def format_rows() -> list[Row]:
    """Writing by a DateTimeFormatter."""
    return [("format(DateTimeFormatter): String", lambda _, value, format_: pattern_format.write(format_, value))]


def now_in(scope: Scope, zone: str) -> int:
    """The evaluation's moment on a zone's clock."""
    return moment(scope.now * 1_000_000, zone)[0]


def between(first: LocalDate, last: LocalDate) -> Period:
    """The years, months and days from one day to another; backwards the days are counted in the month of the last."""
    one, other = day_of(first.day), day_of(last.day)
    months = (other.year - one.year) * 12 + other.month - one.month
    days = other.day - one.day
    if months > 0 > days:
        months -= 1
        days = last.day - temporal.months_later(first.day * DAY, months) // DAY
    elif months < 0 < days:
        months, days = months + 1, days - month_length(other.year, other.month)
    years = abs(months) // 12 * (1 if months >= 0 else -1)
    return Period(years, months - years * 12, days)


def _at_time(_: Scope, value: LocalDate, *parts: int) -> LocalDateTime:
    return LocalDateTime(value.day * DAY + clock(*parts))


def _date_of(_: Scope, year: int, month: Any, day: int) -> LocalDate:
    return LocalDate(epoch_day(year, month if isinstance(month, int) else month.ordinal + 1, day))


def _start(_: Scope, value: LocalDate, zone: Any) -> ZonedDateTime:
    return temporal.zoned(resolved(value.day * DAY, zone.name), zone.name)


LOCAL_DATE = Type(
    name="java.time.LocalDate",
    methods=table(
        *spans("LocalDate"),
        *date_rows("LocalDate"),
        *format_rows(),
        ("atStartOfDay(): LocalDateTime", lambda _, value: LocalDateTime(value.day * DAY)),
        ("atStartOfDay(ZoneId): ZonedDateTime", _start),
        ("atTime(LocalTime): LocalDateTime", lambda _, value, time: LocalDateTime(value.day * DAY + time.nanos)),
        ("atTime(int, int): LocalDateTime", _at_time),
        ("atTime(int, int, int): LocalDateTime", _at_time),
        ("atTime(int, int, int, int): LocalDateTime", _at_time),
        ("isEqual(LocalDate): boolean", lambda _, value, other: value == other),
        ("isLeapYear(): boolean", lambda _, value: leap(_day(value).year)),
        ("lengthOfMonth(): int", lambda _, value: month_length(_day(value).year, _day(value).month)),
        ("lengthOfYear(): int", lambda _, value: 365 + leap(_day(value).year)),
        ("toEpochDay(): long", lambda _, value: value.day),
        ("toString(): String", lambda _, value: local_date_text(value)),
        ("until(LocalDate): Period", lambda _, value, other: between(value, other)),
    ),
    statics=table(
        ("from(LocalDateTime): LocalDate", lambda _, value: LocalDate(value.nanos // DAY)),
        ("from(ZonedDateTime): LocalDate", lambda _, value: LocalDate(local(value) // DAY)),
        ("now(): LocalDate", lambda scope: LocalDate(now_in(scope, scope.zone) // DAY)),
        ("now(ZoneId): LocalDate", lambda scope, zone: LocalDate(now_in(scope, zone.name) // DAY)),
        ("of(int, int, int): LocalDate", _date_of),
        ("of(int, Month, int): LocalDate", _date_of),
        ("ofEpochDay(long): LocalDate", lambda _, day: rebuilt(LocalDate(0), int(day) * DAY)),
        ("ofInstant(Instant, ZoneId): LocalDate", lambda _, at, zone: LocalDate(moment(at.nanos, zone.name)[0] // DAY)),
        (
            "ofYearDay(int, int): LocalDate",
            lambda _, year, day: _with_day_of_year(LocalDate(epoch_day(year, 1, 1)), day),
        ),
        ("parse(CharSequence): LocalDate", lambda _, value: pattern_reader.read_date(value)),
        ("parse(CharSequence, DateTimeFormatter): LocalDate", lambda _, value, by: pattern_reader.read_date(value, by)),
    ),
    fields={"EPOCH": LocalDate(0)},
    refused={"datesUntil": "it gives a stream"},
)
LOCAL_TIME = Type(
    name="java.time.LocalTime",
    methods=table(
        *spans("LocalTime"),
        *time_rows("LocalTime"),
        *format_rows(),
        ("atDate(LocalDate): LocalDateTime", lambda _, value, day: LocalDateTime(day.day * DAY + value.nanos)),
        ("toNanoOfDay(): long", lambda _, value: value.nanos),
        ("toSecondOfDay(): int", lambda _, value: value.nanos // NANOS),
        ("toString(): String", lambda _, value: local_time_text(value)),
    ),
    statics=table(
        ("now(): LocalTime", lambda scope: LocalTime(now_in(scope, scope.zone) % DAY)),
        ("now(ZoneId): LocalTime", lambda scope, zone: LocalTime(now_in(scope, zone.name) % DAY)),
        *(
            (f"of({', '.join(['int'] * count)}): LocalTime", lambda _, *parts: LocalTime(clock(*parts)))
            for count in (2, 3, 4)
        ),
        ("ofSecondOfDay(long): LocalTime", lambda _, value: LocalTime(_in_day(int(value) * NANOS))),
        ("ofNanoOfDay(long): LocalTime", lambda _, value: LocalTime(_in_day(int(value)))),
        ("parse(CharSequence): LocalTime", lambda _, value: pattern_reader.read_time(value)),
        ("parse(CharSequence, DateTimeFormatter): LocalTime", lambda _, value, by: pattern_reader.read_time(value, by)),
    ),
    fields={
        **{name: LocalTime(0) for name in ("MIN", "MIDNIGHT")},
        "NOON": LocalTime(DAY // 2),
        "MAX": LocalTime(DAY - 1),
    },
)


def _in_day(nanos: int) -> int:
    if not 0 <= nanos < DAY:
        raise ExpressionError(f"{nanos} nanoseconds are outside of one day", kind="DateTimeException")
    return nanos


def _date_time_of(_: Scope, year: int, month: Any, day: int, *parts: int) -> LocalDateTime:
    return LocalDateTime(_date_of(_, year, month, day).day * DAY + clock(*parts))


def _at_instant(_: Scope, at: Instant, zone: Any) -> LocalDateTime:
    return LocalDateTime(moment(at.nanos, zone.name)[0])


def _epoch_second(_: Scope, value: LocalDateTime, zone: Any) -> int:
    return value.nanos // NANOS - (fixed_offset(zone.name) or 0)


LOCAL_DATE_TIME = Type(
    name="java.time.LocalDateTime",
    methods=table(
        *spans("LocalDateTime"),
        *date_rows("LocalDateTime"),
        *time_rows("LocalDateTime"),
        *format_rows(),
        (
            "atZone(ZoneId): ZonedDateTime",
            lambda _, value, zone: temporal.zoned(resolved(value.nanos, zone.name), zone.name),
        ),
        ("isEqual(LocalDateTime): boolean", lambda _, value, other: value == other),
        ("toEpochSecond(ZoneOffset): long", _epoch_second),
        (
            "toInstant(ZoneOffset): Instant",
            lambda _, value, zone: Instant(value.nanos - (fixed_offset(zone.name) or 0) * NANOS),
        ),
        ("toLocalDate(): LocalDate", lambda _, value: LocalDate(value.nanos // DAY)),
        ("toLocalTime(): LocalTime", lambda _, value: LocalTime(value.nanos % DAY)),
        ("toString(): String", lambda _, value: local_date_time_text(value)),
    ),
    statics=table(
        ("from(ZonedDateTime): LocalDateTime", lambda _, value: LocalDateTime(local(value))),
        ("now(): LocalDateTime", lambda scope: LocalDateTime(now_in(scope, scope.zone))),
        ("now(ZoneId): LocalDateTime", lambda scope, zone: LocalDateTime(now_in(scope, zone.name))),
        ("of(LocalDate, LocalTime): LocalDateTime", lambda _, day, time: LocalDateTime(day.day * DAY + time.nanos)),
        *(
            (f"of(int, {month}, {', '.join(['int'] * count)}): LocalDateTime", _date_time_of)
            for month in ("int", "Month")
            for count in (3, 4, 5)
        ),
        (
            "ofEpochSecond(long, int, ZoneOffset): LocalDateTime",
            lambda _, second, nano, zone: LocalDateTime(
                temporal.checked((int(second) + (fixed_offset(zone.name) or 0)) * NANOS + nano)
            ),
        ),
        ("ofInstant(Instant, ZoneId): LocalDateTime", _at_instant),
        ("parse(CharSequence): LocalDateTime", lambda _, value: pattern_reader.read_date_time(value)),
        (
            "parse(CharSequence, DateTimeFormatter): LocalDateTime",
            lambda _, value, by: pattern_reader.read_date_time(value, by),
        ),
    ),
)
