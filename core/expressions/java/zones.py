"""java.time's ZonedDateTime, ZoneId and ZoneOffset, the enums DayOfWeek, Month and ChronoUnit, and DateTimeFormatter's table.

Separate because these only accompany the dates: what they give out and what they are given.
"""

from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import pattern_format, temporal
from gennaker.core.expressions.java.boxes import Row
from gennaker.core.expressions.java.calendar_text import fixed_offset, known_zone, offset_text, resolved, zoned_text
from gennaker.core.expressions.java.equality import equals
from gennaker.core.expressions.java.local_dates import date_rows, format_rows, time_rows
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.moments import spans
from gennaker.core.expressions.java.objects import (
    DAY,
    NANOS,
    DateTimeFormatter,
    Instant,
    LocalDate,
    LocalDateTime,
    LocalTime,
    ZoneId,
)
from gennaker.core.expressions.java.pattern_reader import Reader
from gennaker.core.expressions.scope import Scope


def zone(_: Scope, name: str) -> ZoneId:
    """A time zone by its name. Raises ExpressionError for one that does not exist."""
    fixed = fixed_offset(name)
    if fixed is None:
        known_zone(name)
        return ZoneId(name)
    prefix = next((one for one in ("UTC", "GMT", "UT") if name.startswith(one)), "")
    return ZoneId(prefix + offset_text(fixed) if fixed or not prefix else prefix)


def _offset(_: Scope, name: str) -> ZoneId:
    fixed = fixed_offset(name) if name[:1] in ("+", "-", "Z") else None
    if fixed is None:
        raise ExpressionError(
            f"'{name[:50]}' is no offset of a zone; expected one such as +02:00", kind="DateTimeException"
        )
    return ZoneId(offset_text(fixed))


def _hours(_: Scope, hours: int, minutes: int = 0) -> ZoneId:
    seconds = hours * 3600 + minutes * 60
    if abs(seconds) > 18 * 3600 or abs(minutes) > 59 or hours * minutes < 0:
        raise ExpressionError(f"the offset of {hours}:{minutes} is outside -18:00 to +18:00", kind="DateTimeException")
    return ZoneId(offset_text(seconds))


def _start(value: Any) -> Any:
    return temporal.local(value) // DAY


ZONED_DATE_TIME = Type(
    name="java.time.ZonedDateTime",
    methods=table(
        *spans("ZonedDateTime"),
        *date_rows("ZonedDateTime"),
        *time_rows("ZonedDateTime"),
        *format_rows(),
        ("getOffset(): ZoneOffset", lambda _, value: ZoneId(offset_text(value.offset))),
        ("getZone(): ZoneId", lambda _, value: ZoneId(value.zone)),
        ("isEqual(ZonedDateTime): boolean", lambda _, value, other: value.nanos == other.nanos),
        ("toEpochSecond(): long", lambda _, value: value.nanos // NANOS),
        ("toInstant(): Instant", lambda _, value: Instant(value.nanos)),
        ("toLocalDate(): LocalDate", lambda _, value: LocalDate(_start(value))),
        ("toLocalDateTime(): LocalDateTime", lambda _, value: LocalDateTime(temporal.local(value))),
        ("toLocalTime(): LocalTime", lambda _, value: LocalTime(temporal.local(value) % DAY)),
        ("toString(): String", lambda _, value: zoned_text(value)),
        (
            "withZoneSameInstant(ZoneId): ZonedDateTime",
            lambda scope, value, other: temporal.zoned(value.nanos, zone(scope, other.name).name),
        ),
        (
            "withZoneSameLocal(ZoneId): ZonedDateTime",
            lambda _, value, other: temporal.zoned(resolved(temporal.local(value), other.name), other.name),
        ),
    ),
    statics=table(
        ("now(): ZonedDateTime", lambda scope: temporal.zoned(scope.now * 1_000_000, scope.zone)),
        ("now(ZoneId): ZonedDateTime", lambda scope, other: temporal.zoned(scope.now * 1_000_000, other.name)),
        ("of(LocalDateTime, ZoneId): ZonedDateTime", lambda _, at, other: _at(at.nanos, other)),
        (
            "of(LocalDate, LocalTime, ZoneId): ZonedDateTime",
            lambda _, day, time, other: _at(day.day * DAY + time.nanos, other),
        ),
        ("ofInstant(Instant, ZoneId): ZonedDateTime", lambda _, at, other: temporal.zoned(at.nanos, other.name)),
        ("parse(CharSequence): ZonedDateTime", lambda _, value: read_zoned(value)),
    ),
)


def _at(nanos: int, other: ZoneId) -> Any:
    return temporal.zoned(resolved(nanos, other.name), other.name)


def read_zoned(value: str) -> Any:
    """A ZonedDateTime in its ISO form. Raises ExpressionError."""
    reader = Reader(value, "ISO_ZONED_DATE_TIME").read()
    nanos = reader.date() * DAY + reader.time() - reader.offset * NANOS
    return temporal.zoned(nanos, reader.zone or offset_text(reader.offset))


def _identity(kind: str) -> list[Row]:
    return [
        ("equals(Object): boolean", lambda _, value, other: equals(value, other)),
        (f"{kind}(): String", lambda _, value: value.name),
        ("toString(): String", lambda _, value: value.name),
    ]


ZONE_ID = Type(
    name="java.time.ZoneId",
    methods=table(
        *_identity("getId"),
        ("getTotalSeconds(): int", lambda _, value: fixed_offset(value.name)),
        ("normalized(): ZoneId", lambda _, value: _normal(value)),
    ),
    statics=table(("of(String): ZoneId", zone), ("systemDefault(): ZoneId", lambda scope: ZoneId(scope.zone))),
)


def _normal(value: ZoneId) -> ZoneId:
    fixed = fixed_offset(value.name)
    return value if fixed is None else ZoneId(offset_text(fixed))


ZONE_OFFSET = Type(
    name="java.time.ZoneOffset",
    methods=ZONE_ID.methods,
    statics=table(
        ("of(String): ZoneOffset", _offset),
        ("ofHours(int): ZoneOffset", _hours),
        ("ofHoursMinutes(int, int): ZoneOffset", _hours),
        ("ofTotalSeconds(int): ZoneOffset", lambda _, seconds: _seconds(seconds)),
    ),
    fields={"UTC": ZoneId("Z"), "MIN": ZoneId("-18:00"), "MAX": ZoneId("+18:00")},
)


def _seconds(seconds: int) -> ZoneId:
    if abs(seconds) > 18 * 3600:
        raise ExpressionError(f"the offset of {seconds} seconds is outside -18:00 to +18:00", kind="DateTimeException")
    return ZoneId(offset_text(seconds))


DATE_TIME_FORMATTER = Type(
    name="java.time.format.DateTimeFormatter",
    methods=table(
        ("format(Object): String", lambda _, format_, value: pattern_format.write(format_, temporal.dated(value))),
        (
            "withZone(ZoneId): DateTimeFormatter",
            lambda _, format_, other: DateTimeFormatter(format_.pattern, other.name),
        ),
    ),
    statics=table(("ofPattern(String): DateTimeFormatter", lambda _, pattern: pattern_format.make(pattern))),
    fields={name: DateTimeFormatter(name) for name in pattern_format.PREDEFINED},
)
