"""java.text.SimpleDateFormat: write and read dates by a pattern, in English.

Separate because its letters differ from java.time's, and because it reads leniently: the 32nd of January is the 1st of February.
"""

import re
from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.calendar_text import fixed_offset, resolved, zone_info
from gennaker.core.expressions.java.equality import equals
from gennaker.core.expressions.java.fields import (
    MONTHS,
    WEEKDAYS,
    Fields,
    in_zone,
    named,
    offset_digits,
    tokens,
    week_of,
)
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import DAY, NANOS, Date, SimpleDateFormat
from gennaker.core.expressions.java.temporal import checked, epoch_day
from gennaker.core.expressions.scope import Scope

_LETTERS = "GyYMLwWDdFEuaHkKhmsSzZX"
_WEEKS = "YwWF"
_LONGEST = 500
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2}
_NUMBER = re.compile(r"[ \t]*(-?[0-9]+)")


def _padded(number: int, count: int) -> str:
    return f"{number:0{count}}"


def _week_in_month(fields: Fields) -> int:
    day = fields.date()
    return (day.day - 1 + (day.replace(day=1).weekday() + 1) % 7) // 7 + 1


def _year(number: int, count: int) -> str:
    return _padded(number % 100, 2) if count == 2 else _padded(number, count)


def _zone(fields: Fields, count: int) -> str:
    if count < 4:
        return fields.zone_name
    if fields.zone in ("UTC", "Z"):
        return "Coordinated Universal Time"
    raise ExpressionError(
        "the long name of a time zone (zzzz) is not known; use z, Z or X", kind="IllegalArgumentException"
    )


def _iso_zone(fields: Fields, count: int) -> str:
    if count > 3:
        raise ExpressionError(f"invalid ISO 8601 format: length={count}", kind="IllegalArgumentException")
    written = offset_digits(fields.ahead(), ":" if count == 3 else "", zulu=True)
    return written[:3] if count == 1 else written


#: What each letter writes, given the parts of the date and how often it stands there.
_WRITERS: dict[str, Callable[[Fields, int], str]] = {
    "G": lambda *_: "AD",
    "y": lambda fields, count: _year(fields.date().year, count),
    "Y": lambda fields, count: _year(week_of(fields.date(), 6, 1)[0], count),
    "M": lambda fields, count: _month(fields, count),
    "L": lambda fields, count: _month(fields, count),
    "w": lambda fields, count: _padded(week_of(fields.date(), 6, 1)[1], count),
    "W": lambda fields, count: _padded(_week_in_month(fields), count),
    "D": lambda fields, count: _padded(fields.date().timetuple().tm_yday, count),
    "d": lambda fields, count: _padded(fields.date().day, count),
    "F": lambda fields, count: _padded((fields.date().day - 1) // 7 + 1, count),
    "E": lambda fields, count: WEEKDAYS[fields.date().weekday()][: None if count >= 4 else 3],
    "u": lambda fields, count: _padded(fields.date().isoweekday(), count),
    "a": lambda fields, _: "AM" if fields.hour() < 12 else "PM",
    "H": lambda fields, count: _padded(fields.hour(), count),
    "k": lambda fields, count: _padded(fields.hour() or 24, count),
    "K": lambda fields, count: _padded(fields.hour() % 12, count),
    "h": lambda fields, count: _padded(fields.hour() % 12 or 12, count),
    "m": lambda fields, count: _padded(fields.minute(), count),
    "s": lambda fields, count: _padded(fields.second(), count),
    "S": lambda fields, count: _padded(fields.time() // 1_000_000 % 1000, count),
    "z": _zone,
    "Z": lambda fields, _: offset_digits(fields.ahead(), ""),
    "X": _iso_zone,
}


def _month(fields: Fields, count: int) -> str:
    month = fields.date().month
    return _padded(month, count) if count < 3 else MONTHS[month - 1][: None if count >= 4 else 3]


def make(scope: Scope, pattern: str = "M/d/yy, h:mm a") -> SimpleDateFormat:
    """A format in the evaluation's zone. Raises ExpressionError for a pattern that Java would not take."""
    if len(pattern) > _LONGEST:
        raise ExpressionError(f"the pattern has {len(pattern)} characters; at most {_LONGEST} are allowed")
    for letter, run in tokens(pattern, _LETTERS):
        if letter == "X" and len(run) > 3:
            raise ExpressionError(f"invalid ISO 8601 format: length={len(run)}", kind="IllegalArgumentException")
    return SimpleDateFormat(pattern, scope.zone)


def write(target: SimpleDateFormat, millis: int) -> str:
    """A moment by the pattern. Raises ExpressionError."""
    fields = in_zone(millis * 1_000_000, target.zone)
    return "".join(
        run if letter == "'" else _WRITERS[letter](fields, len(run)) for letter, run in tokens(target.pattern, _LETTERS)
    )


class _Reader:
    """Reads one text by a pattern, from left to right."""

    def __init__(self, target: SimpleDateFormat, text: str, now: int) -> None:
        self.text, self.at, self.now = text, 0, now
        self.target = target
        self.parts: dict[str, int] = {}
        self.offset: int | None = None

    def fail(self) -> ExpressionError:
        """Java's error, with the pattern that was expected."""
        return ExpressionError(
            f'Unparseable date: "{self.text[:100]}"; expected the pattern {self.target.pattern}', kind="ParseException"
        )

    def read(self) -> int:
        """The moment in milliseconds. Raises ExpressionError."""
        runs = tokens(self.target.pattern, _LETTERS)
        for number, (letter, run) in enumerate(runs):
            if letter == "'":
                if not self.text.startswith(run, self.at):
                    raise self.fail()
                self.at += len(run)
                continue
            following = runs[number + 1][0] if number + 1 < len(runs) else "'"
            named_month = following in "ML" and len(runs[number + 1][1]) >= 3
            self._part(letter, len(run), exact=following not in "'EaGzZX" and not named_month)
        return self._moment()

    def _part(self, letter: str, count: int, *, exact: bool) -> None:
        if letter in _WEEKS:
            raise ExpressionError(
                f"a date cannot be read by its week ('{letter}'); use y, M and d", kind="ParseException"
            )
        if letter in ("z", "Z", "X"):
            self._zone()
        elif letter == "G":
            self._name(letter, ("AD", "BC"))
        elif letter == "a":
            self._name(letter, ("AM", "PM"))
        elif letter == "E":
            self._name(letter, WEEKDAYS)
        elif letter in "ML" and count >= 3:
            self._name("M", MONTHS)
            self.parts["M"] += 1
        else:
            self._number("M" if letter == "L" else letter, count, exact=exact)

    def _name(self, letter: str, names: tuple[str, ...]) -> None:
        found = named(self.text, self.at, names)
        if found is None:
            raise self.fail()
        self.parts[letter], self.at = found

    def _number(self, letter: str, count: int, *, exact: bool) -> None:
        window = self.text[self.at : self.at + count] if exact else self.text[self.at : self.at + 40]
        found = _NUMBER.match(window)
        if not found or len(found[1]) > 18:
            raise self.fail()
        self.at += found.end()
        value = int(found[1])
        if letter == "y" and count <= 2 and len(found[1]) == 2 and value >= 0:
            value = self._century(value)
        self.parts[letter] = value

    def _century(self, value: int) -> int:
        """The year of two digits: from 80 years before now to 20 after."""
        first = in_zone(self.now * 1_000_000, self.target.zone).date().year - 80
        year = first // 100 * 100 + value
        return year if year >= first else year + 100

    def _zone(self) -> None:
        rest = self.text[self.at :]
        found = re.match(r"(?:GMT|UTC)?[+-]\d{1,2}:?\d{2}|(?:GMT|UTC)?[+-]\d{2}|[A-Za-z]+(?:/[A-Za-z_]+)*", rest)
        if not found:
            raise self.fail()
        name = found[0]
        self.at += found.end()
        fixed = fixed_offset(name)
        if fixed is not None:
            self.offset = fixed
        elif name in _ZONES:
            self.offset = _ZONES[name] * 3600
        elif zone_info(name) is not None:
            self.target = SimpleDateFormat(self.target.pattern, name)
        else:
            raise self.fail()

    def _moment(self) -> int:
        parts = self.parts
        year, month = parts.get("y", 1970), parts.get("M", 1)
        year += (month - 1) // 12
        if not 1 <= year <= 9999 or parts.get("G"):
            raise self.fail()
        if "D" in parts and "d" not in parts:
            day = epoch_day(year, 1, 1) + parts["D"] - 1
        else:
            day = epoch_day(year, (month - 1) % 12 + 1, 1) + parts.get("d", 1) - 1
        hour = parts["H"] if "H" in parts else parts.get("k", 0) % 24
        if "h" in parts or "K" in parts:
            hour = (parts["K"] if "K" in parts else parts["h"] % 12) + 12 * parts.get("a", 0)
        seconds = (hour * 60 + parts.get("m", 0)) * 60 + parts.get("s", 0)
        local = checked(day * DAY + seconds * NANOS + parts.get("S", 0) * 1_000_000)
        if self.offset is not None:
            return (local - self.offset * NANOS) // 1_000_000
        return resolved(local, self.target.zone) // 1_000_000


def _parse(scope: Scope, target: SimpleDateFormat, value: str) -> Date:
    reader = _Reader(target, value, scope.now)
    return Date(reader.read(), scope.zone)


def _format(_: Scope, target: SimpleDateFormat, value: Any) -> str:
    return write(target, value.millis if isinstance(value, Date) else int(value))


_CHANGES = "it would change what it is called on"
SIMPLE_DATE_FORMAT = Type(
    name="java.text.SimpleDateFormat",
    methods=table(
        ("equals(Object): boolean", lambda _, target, other: equals(target, other)),
        ("format(Date): String", _format),
        ("format(long): String", _format),
        ("isLenient(): boolean", lambda *_: True),
        ("parse(String): Date", _parse),
        ("toLocalizedPattern(): String", lambda _, target: target.pattern),
        ("toPattern(): String", lambda _, target: target.pattern),
    ),
    constructors=table(("new(): SimpleDateFormat", make), ("new(String): SimpleDateFormat", make)),
    refused=dict.fromkeys(("applyPattern", "setTimeZone", "setLenient", "setCalendar", "set2DigitYearStart"), _CHANGES),
)
