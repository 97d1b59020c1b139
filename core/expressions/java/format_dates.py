"""Dates in Java's `%` formats: the letters after `%t`.

Separate from the formatter because they are a table, the third alphabet of dates that Java has.
"""

from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.fields import MONTHS, WEEKDAYS, Fields, fields_of, in_zone, offset_digits
from gennaker.core.expressions.java.kinds import LONG, kind_of
from gennaker.core.expressions.java.objects import (
    NANOS,
    Date,
    Instant,
    LocalDate,
    LocalDateTime,
    LocalTime,
    ZonedDateTime,
)
from gennaker.core.expressions.scope import Scope

_DATES = (Date, Instant, LocalDate, LocalDateTime, LocalTime, ZonedDateTime)


def _moment(fields: Fields) -> int:
    if fields.moment is None:
        raise ExpressionError("the value is no moment: it has no zone", kind="UnsupportedTemporalTypeException")
    return fields.moment


def _seconds(fields: Fields) -> int:
    """Cut towards zero, as Java does before 1970."""
    nanos = _moment(fields)
    return nanos // NANOS if nanos >= 0 else -(-nanos // NANOS)


def _half(fields: Fields) -> str:
    return "am" if fields.hour() < 12 else "pm"


def _zone_name(fields: Fields) -> str:
    fields.ahead()
    return fields.zone_name


_PARTS: dict[str, Callable[[Fields], str]] = {
    "H": lambda one: f"{one.hour():02}",
    "I": lambda one: f"{one.hour() % 12 or 12:02}",
    "k": lambda one: str(one.hour()),
    "l": lambda one: str(one.hour() % 12 or 12),
    "M": lambda one: f"{one.minute():02}",
    "S": lambda one: f"{one.second():02}",
    "L": lambda one: f"{one.time() // 1_000_000 % 1000:03}",
    "N": lambda one: f"{one.time() % NANOS:09}",
    "p": _half,
    "z": lambda one: offset_digits(one.ahead(), ""),
    "Z": lambda one: _zone_name(one),
    "s": lambda one: str(_seconds(one)),
    "Q": lambda one: str(_moment(one) // 1_000_000),
    "B": lambda one: MONTHS[one.date().month - 1],
    "b": lambda one: MONTHS[one.date().month - 1][:3],
    "h": lambda one: MONTHS[one.date().month - 1][:3],
    "A": lambda one: WEEKDAYS[one.date().weekday()],
    "a": lambda one: WEEKDAYS[one.date().weekday()][:3],
    "C": lambda one: f"{one.date().year // 100:02}",
    "Y": lambda one: f"{one.date().year:04}",
    "y": lambda one: f"{one.date().year % 100:02}",
    "j": lambda one: f"{one.date().timetuple().tm_yday:03}",
    "m": lambda one: f"{one.date().month:02}",
    "d": lambda one: f"{one.date().day:02}",
    "e": lambda one: str(one.date().day),
}
#: Letters that stand for several others.
_COMPOSED = {
    "R": "H:M",
    "T": "H:M:S",
    "r": "I:M:S p",
    "D": "m/d/y",
    "F": "Y-m-d",
    "c": "a b d H:M:S Z Y",
}


def date_part(letter: str, value: Any, scope: Scope) -> str:
    """What `%t` with a letter writes; an empty text for a value that is no date. Raises ExpressionError for a letter that there is not."""
    if letter not in _PARTS and letter not in _COMPOSED:
        raise ExpressionError(
            f"the format '%t{letter}' is unknown; there are {' '.join(sorted([*_PARTS, *_COMPOSED]))}",
            kind="UnknownFormatConversionException",
        )
    if isinstance(value, _DATES):
        fields = fields_of(value)
    elif kind_of(value) == LONG:
        fields = in_zone(int(value) * 1_000_000, scope.zone)
    else:
        return ""
    if letter not in _COMPOSED:
        return _PARTS[letter](fields)
    written = "".join(_PARTS[one](fields) if one.isalpha() else one for one in _COMPOSED[letter])
    return written.upper() if letter == "r" else written
