"""Read dates and times by a DateTimeFormatter, or in the ISO form.

Separate from writing because reading must decide how many digits belong to each letter.
"""

import re
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.calendar_text import fixed_offset, zone_info
from gennaker.core.expressions.java.fields import MONTHS, WEEKDAYS, tokens
from gennaker.core.expressions.java.objects import DAY, DateTimeFormatter, LocalDate, LocalDateTime, LocalTime
from gennaker.core.expressions.java.pattern_format import LETTERS, MARKS
from gennaker.core.expressions.java.temporal import clock, epoch_day

_TIME = r"HH:mm[:ss[.n]]"
#: Java's own formats as patterns; in them, `.n` is a fraction of any length and O an offset.
_PREDEFINED = {
    "BASIC_ISO_DATE": "yyyyMMdd",
    "ISO_LOCAL_DATE": "yyyy-MM-dd",
    "ISO_DATE": "yyyy-MM-dd[XXX]",
    "ISO_LOCAL_TIME": _TIME,
    "ISO_TIME": f"{_TIME}[XXX]",
    "ISO_LOCAL_DATE_TIME": f"yyyy-MM-dd'T'{_TIME}",
    "ISO_DATE_TIME": f"yyyy-MM-dd'T'{_TIME}[XXX['['VV']']]",
    "ISO_OFFSET_DATE_TIME": f"yyyy-MM-dd'T'{_TIME}XXX",
    "ISO_ZONED_DATE_TIME": f"yyyy-MM-dd'T'{_TIME}XXX['['VV']']",
    "ISO_ORDINAL_DATE": "yyyy-DDD",
}
_DIGITS = re.compile(r"\d+", re.ASCII)
_OFFSET = re.compile(r"Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*|[+-]\d\d(?::\d\d)?")
_WIDE = "yu"


class Reader:
    """Reads one text; `parts` is what it found, by letter."""

    def __init__(self, text: str, pattern: str) -> None:
        self.text, self.pattern, self.at = text, pattern, 0
        self.strict = pattern in _PREDEFINED
        self.runs = tokens(_PREDEFINED.get(pattern, pattern), LETTERS, MARKS)
        self.parts: dict[str, int] = {}
        self.zone = ""
        self.offset = 0

    def fail(self, reason: str = "") -> ExpressionError:
        """Java's error, with the pattern that was expected."""
        return ExpressionError(
            f"Text '{self.text[:100]}' could not be parsed at index {self.at}{reason}; expected {self.pattern}",
            kind="DateTimeParseException",
        )

    def read(self) -> "Reader":
        """The same reader, with everything read. Raises ExpressionError."""
        self._section(0)
        if self.at != len(self.text):
            raise self.fail(": there is text left over")
        return self

    def _section(self, number: int) -> int:
        """Read from a run to the end of its section; gives the run after it."""
        while number < len(self.runs):
            letter, run = self.runs[number]
            if letter == "]":
                return number + 1
            if letter == "[":
                number = self._optional(number + 1)
                continue
            self._run(number, letter, run)
            number += 1
        return number

    def _optional(self, number: int) -> int:
        at, parts = self.at, dict(self.parts)
        try:
            return self._section(number)
        except ExpressionError:
            self.at, self.parts = at, parts
        depth = 1
        while number < len(self.runs) and depth:
            depth += (self.runs[number][0] == "[") - (self.runs[number][0] == "]")
            number += 1
        return number

    def _run(self, number: int, letter: str, run: str) -> None:
        if letter == "'":
            if not self.text.startswith(run, self.at):
                raise self.fail()
            self.at += len(run)
        elif letter in "ML" and len(run) > 2:
            self.parts["M"] = self._name(MONTHS, len(run)) + 1
        elif letter in "Ee":
            self._name(WEEKDAYS, len(run))
        elif letter == "a":
            self.parts["a"] = self._name(("AM", "PM"), 4)
        elif letter in "XxZ":
            self.offset = fixed_offset(self._match(_OFFSET)) or 0
        elif letter == "V":
            self.zone = self._match(_ZONE)
            if fixed_offset(self.zone) is None and zone_info(self.zone) is None:
                raise self.fail(f": there is no time zone '{self.zone[:50]}'")
        elif letter in "GzOcQqYwANk":
            raise ExpressionError(f"a date cannot be read with the letter '{letter}'", kind="DateTimeParseException")
        else:
            self._number(number, letter, len(run))

    def _match(self, wanted: "re.Pattern[str]") -> str:
        found = wanted.match(self.text, self.at)
        if not found:
            raise self.fail()
        self.at = found.end()
        return found[0]

    def _name(self, names: tuple[str, ...], count: int) -> int:
        for number, name in enumerate(names):
            name = name if count == 4 else name[:3]
            if self.text.startswith(name, self.at):
                self.at += len(name)
                return number
        raise self.fail()

    def _number(self, number: int, letter: str, count: int) -> None:
        digits = _DIGITS.match(self.text, self.at)
        there = len(digits[0]) if digits else 0
        if letter == "n" and self.strict:
            most, least = min(there, 9), 0
        elif letter == "S" or count > 1:
            most = least = count
        else:
            most, least = min(there - self._reserved(number + 1), 10), 1
        if there < least or most < least or not digits:
            raise self.fail()
        text = digits[0][:most]
        self.at += len(text)
        if letter in "Sn" and (letter == "S" or self.strict):
            self.parts["nano"] = int(text.ljust(9, "0"))
        elif letter in _WIDE:
            self.parts["y"] = 2000 + int(text) if count == 2 else int(text)
        else:
            self.parts["M" if letter == "L" else letter] = int(text)

    def _reserved(self, number: int) -> int:
        """The digits that following letters of a fixed number take."""
        total = 0
        while number < len(self.runs):
            letter, run = self.runs[number]
            if letter not in "yuMLdDHhKmsSn" or len(run) < 2 or (letter in "ML" and len(run) > 2):
                break
            total, number = total + len(run), number + 1
        return total

    def date(self) -> int:
        """The day that was read. Raises ExpressionError."""
        parts = self.parts
        if "y" in parts and "D" in parts:
            return epoch_day(parts["y"], 1, 1) + parts["D"] - 1
        if not {"y", "M", "d"} <= parts.keys():
            raise self.fail(": it has no whole date")
        day = parts["d"]
        if not self.strict and 28 < day < 32 and 1 <= parts["M"] <= 12 and 1 <= parts["y"] <= 9999:
            for last in range(day, 27, -1):
                try:
                    return epoch_day(parts["y"], parts["M"], last)
                except ExpressionError:
                    continue
        return epoch_day(parts["y"], parts["M"], day)

    def time(self) -> int:
        """The time that was read. Raises ExpressionError."""
        parts = self.parts
        hour = parts.get("H")
        if hour is None and "a" in parts and ("h" in parts or "K" in parts):
            hour = parts.get("K", parts.get("h", 0) % 12) + 12 * parts["a"]
        if hour is None:
            raise self.fail(": it has no time")
        return clock(hour, parts.get("m", 0), parts.get("s", 0), parts.get("nano", parts.get("n", 0)))


def _reader(text: str, by: DateTimeFormatter | None, default: str) -> Reader:
    return Reader(text, by.pattern if by else default).read()


def read_date(text: str, by: DateTimeFormatter | None = None) -> LocalDate:
    """A day. Raises ExpressionError."""
    return LocalDate(_checked(text, lambda: _reader(text, by, "ISO_LOCAL_DATE").date()))


def read_time(text: str, by: DateTimeFormatter | None = None) -> LocalTime:
    """A time of day. Raises ExpressionError."""
    return LocalTime(_checked(text, lambda: _reader(text, by, "ISO_LOCAL_TIME").time()))


def read_date_time(text: str, by: DateTimeFormatter | None = None) -> LocalDateTime:
    """A day and a time. Raises ExpressionError."""
    reader = _reader(text, by, "ISO_LOCAL_DATE_TIME")
    return LocalDateTime(_checked(text, lambda: reader.date() * DAY + reader.time()))


def _checked(text: str, read: Any) -> int:
    try:
        return int(read())
    except ExpressionError as error:
        if error.kind == "DateTimeParseException":
            raise
        raise ExpressionError(
            f"Text '{text[:100]}' could not be parsed: {error.message}", kind="DateTimeParseException"
        ) from None
