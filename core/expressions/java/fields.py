"""The parts of a date and time that formats with letters write.

Separate because java.text, java.time and `%t` write the same parts with letters of their own.
"""

import calendar
from datetime import date
from typing import Any

from msgspec import Struct

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.calendar_text import day_of, moment
from gennaker.core.expressions.java.objects import DAY, NANOS, Date, Instant, LocalDate, LocalTime, ZonedDateTime

MONTHS = tuple(calendar.month_name)[1:]
WEEKDAYS = tuple(calendar.day_name)
Token = tuple[str, str]


class Fields(Struct, frozen=True, kw_only=True):
    """A date and time, taken apart. What a value does not have is None."""

    day: date | None = None
    #: The time of day in nanoseconds.
    nanos: int | None = None
    #: Seconds ahead of UTC.
    offset: int | None = None
    zone: str | None = None
    zone_name: str = ""
    #: Nanoseconds since 1970.
    moment: int | None = None

    def date(self) -> date:
        """The day. Raises ExpressionError."""
        return self.day if self.day is not None else _missing("date")

    def time(self) -> int:
        """The nanoseconds of the day. Raises ExpressionError."""
        return self.nanos if self.nanos is not None else _missing("time")

    def ahead(self) -> int:
        """The offset. Raises ExpressionError."""
        return self.offset if self.offset is not None else _missing("zone")

    def hour(self) -> int:
        """0 to 23."""
        return self.time() // (3_600 * NANOS)

    def minute(self) -> int:
        """0 to 59."""
        return self.time() // (60 * NANOS) % 60

    def second(self) -> int:
        """0 to 59."""
        return self.time() // NANOS % 60


def _missing(what: str) -> Any:
    raise ExpressionError(f"the value has no {what} to write", kind="UnsupportedTemporalTypeException")


def in_zone(nanos: int, zone: str) -> Fields:
    """The parts of a moment as a zone tells it. Raises ExpressionError."""
    local, offset, _, name = moment(nanos, zone)
    return Fields(day=day_of(local // DAY), nanos=local % DAY, offset=offset, zone=zone, zone_name=name, moment=nanos)


def fields_of(value: Any, zone: str = "") -> Fields:
    """The parts of a date or time; a moment needs a zone to have a day. Raises ExpressionError."""
    if isinstance(value, Date):
        return in_zone(value.millis * 1_000_000, value.zone)
    if isinstance(value, Instant):
        return in_zone(value.nanos, zone) if zone else Fields(moment=value.nanos)
    if isinstance(value, ZonedDateTime):
        return in_zone(value.nanos, zone or value.zone)
    if isinstance(value, LocalDate):
        return Fields(day=day_of(value.day))
    if isinstance(value, LocalTime):
        return Fields(nanos=value.nanos)
    return Fields(day=day_of(value.nanos // DAY), nanos=value.nanos % DAY)


def week_of(day: date, first: int, least: int) -> tuple[int, int]:
    """The year and week of a day, where weeks begin on a day (0 is Monday) and the first has at least so many days of its year."""
    year = day.year
    for one in (year + 1, year, year - 1):
        if one > 9999:
            continue
        opening = date(max(one, 1), 1, 1)
        ahead = (opening.weekday() - first) % 7
        start = opening.toordinal() - ahead + (0 if 7 - ahead >= least else 7)
        if day.toordinal() >= start:
            return one, (day.toordinal() - start) // 7 + 1
    return year, 1


def tokens(pattern: str, known: str, marks: str = "") -> list[Token]:
    """A pattern as runs of one letter, marks, and quoted or plain text (`("'", text)`). Raises ExpressionError for other letters."""
    found: list[Token] = []
    at = 0
    while at < len(pattern):
        char, start = pattern[at], at
        if char == "'":
            text, at = _quoted(pattern, at + 1)
            found.append(("'", text))
        elif char.isascii() and char.isalpha():
            while pattern[at : at + 1] == char:
                at += 1
            if char not in known:
                raise ExpressionError(
                    f"the pattern '{pattern[:100]}' has the letter '{char}', which means nothing; put text in quotes",
                    kind="IllegalArgumentException",
                )
            found.append((char, pattern[start:at]))
        else:
            at += 1
            found.append((char if char in marks else "'", char))
    return found


def _quoted(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] == "'":
        return "'", at + 1
    text = ""
    while at < len(pattern):
        if pattern[at] != "'":
            text, at = text + pattern[at], at + 1
        elif pattern[at + 1 : at + 2] == "'":
            text, at = text + "'", at + 2
        else:
            return text, at + 1
    raise ExpressionError(f"the pattern '{pattern[:100]}' has a quote without an end", kind="IllegalArgumentException")


def offset_digits(seconds: int, colon: str, *, zulu: bool = False, short: bool = False) -> str:
    """`+0200`, `+02:00`, `+02`; `Z` for none when asked for."""
    if zulu and not seconds:
        return "Z"
    rest = abs(seconds) // 60
    minutes = "" if short and not rest % 60 else f"{colon}{rest % 60:02}"
    return f"{'-' if seconds < 0 else '+'}{rest // 60:02}{minutes}"


def named(text: str, at: int, names: tuple[str, ...]) -> tuple[int, int] | None:
    """The name that a text goes on with, in full or as three letters, in any case: its number and where it ends."""
    for length in (None, 3):
        for number, name in enumerate(names):
            if text[at : at + len(name[:length])].lower() == name[:length].lower():
                return number, at + len(name[:length])
    return None
