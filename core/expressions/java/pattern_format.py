"""java.time.format.DateTimeFormatter: write and read dates by a pattern or by one of Java's own formats.

Separate because its letters differ from SimpleDateFormat's, and because it is strict: what does not fit is refused.
"""

from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.calendar_text import fraction_text, offset_text
from gennaker.core.expressions.java.fields import MONTHS, WEEKDAYS, Fields, fields_of, offset_digits, tokens, week_of
from gennaker.core.expressions.java.objects import NANOS, DateTimeFormatter, Instant

LETTERS = "GuyDMLdQqYwEecahKkHmsSAnNVzOXxZ"
#: What stands around a part that may be missing, and what Java keeps for later.
MARKS = "[]{}#"
_LONGEST = 500
_SHORT = "dhKkHms"


def _number(value: int, count: int) -> str:
    return f"{value:0{count}}"


def _text(value: str, count: int) -> str:
    return value[: {4: None, 5: 1}.get(count, 3)]


def _year(fields: Fields, count: int) -> str:
    year = fields.date().year
    return _number(year % 100, 2) if count == 2 else _number(year, count)


def _month(fields: Fields, count: int) -> str:
    month = fields.date().month
    return _number(month, count) if count < 3 else _text(MONTHS[month - 1], count)


def _quarter(fields: Fields, count: int) -> str:
    quarter = (fields.date().month + 2) // 3
    if count < 3:
        return _number(quarter, count)
    return (
        f"Q{quarter}"
        if count == 3
        else str(quarter)
        if count == 5
        else f"{('1st', '2nd', '3rd', '4th')[quarter - 1]} quarter"
    )


def _local_day(fields: Fields, count: int) -> str:
    return _number(fields.date().isoweekday() % 7 + 1, count) if count < 3 else _weekday(fields, count)


def _weekday(fields: Fields, count: int) -> str:
    return _text(WEEKDAYS[fields.date().weekday()], count)


def _offset(zero: str) -> Callable[[Fields, int], str]:
    def write(fields: Fields, count: int) -> str:
        colon = ":" if count in (3, 5) else ""
        return offset_digits(fields.ahead(), colon, zulu=zero == "Z", short=count == 1)

    return write


def _general_offset(fields: Fields, count: int) -> str:
    if count < 4:
        return offset_digits(fields.ahead(), "")
    return offset_digits(fields.ahead(), ":", zulu=True) if count == 5 else _gmt(fields, 4)


def _gmt(fields: Fields, count: int) -> str:
    if not fields.ahead():
        return "GMT"
    digits = offset_digits(fields.ahead(), ":", short=count < 4)
    return "GMT" + (digits if count >= 4 else digits[0] + digits[1:].removeprefix("0"))


_WRITERS: dict[str, Callable[[Fields, int], str]] = {
    "G": lambda _, count: {4: "Anno Domini", 5: "A"}.get(count, "AD"),
    "u": _year,
    "y": _year,
    "D": lambda one, count: _number(one.date().timetuple().tm_yday, count),
    "M": _month,
    "L": _month,
    "d": lambda one, count: _number(one.date().day, count),
    "Q": _quarter,
    "q": _quarter,
    "Y": lambda one, count: _number(week_of(one.date(), 6, 1)[0] % (100 if count == 2 else 10_000), count),
    "w": lambda one, count: _number(week_of(one.date(), 6, 1)[1], count),
    "E": _weekday,
    "e": _local_day,
    "c": _local_day,
    "a": lambda one, _: "AM" if one.hour() < 12 else "PM",
    "h": lambda one, count: _number(one.hour() % 12 or 12, count),
    "K": lambda one, count: _number(one.hour() % 12, count),
    "k": lambda one, count: _number(one.hour() or 24, count),
    "H": lambda one, count: _number(one.hour(), count),
    "m": lambda one, count: _number(one.minute(), count),
    "s": lambda one, count: _number(one.second(), count),
    "S": lambda one, count: f"{one.time() % NANOS:09}"[:count],
    "A": lambda one, count: _number(one.time() // 1_000_000, count),
    "n": lambda one, count: _number(one.time() % NANOS, count),
    "N": lambda one, count: _number(one.time(), count),
    "V": lambda one, _: _zone(one),
    "z": lambda one, _: one.zone_name or _zone(one),
    "O": _gmt,
    "X": _offset("Z"),
    "x": _offset("+00"),
    "Z": _general_offset,
}


def _zone(fields: Fields) -> str:
    fields.ahead()
    return fields.zone or ""


def _seconds(fields: Fields) -> str:
    nanos = fields.time() % NANOS
    fraction = f".{nanos:09}".rstrip("0") if nanos else ""
    return f"{fields.hour():02}:{fields.minute():02}:{fields.second():02}{fraction}"


def _both(fields: Fields) -> str:
    return f"{fields.date().isoformat()}T{_seconds(fields)}"


def _ending(fields: Fields, *, zone: bool = False) -> str:
    if fields.offset is None:
        return ""
    offset = offset_text(fields.offset)
    return offset + (f"[{fields.zone}]" if zone and fields.zone != offset else "")


def _instant(fields: Fields) -> str:
    if fields.moment is None:
        raise ExpressionError("the value is no moment: it has no zone", kind="UnsupportedTemporalTypeException")
    whole = fields_of(Instant(fields.moment), "Z")
    return f"{whole.date()}T{_seconds(whole)[:8]}{fraction_text(fields.moment % NANOS)}Z"


def _week_date(fields: Fields) -> str:
    year, week, day = fields.date().isocalendar()
    return f"{year:04}-W{week:02}-{day}{_ending(fields)}"


def _mail(fields: Fields) -> str:
    day = fields.date()
    zone = "GMT" if not fields.ahead() else offset_digits(fields.ahead(), "")
    return f"{_weekday(fields, 3)}, {day.day} {MONTHS[day.month - 1][:3]} {day.year:04} {_seconds(fields)[:8]} {zone}"


#: Java's own formats.
PREDEFINED: dict[str, Callable[[Fields], str]] = {
    "BASIC_ISO_DATE": lambda one: one.date().strftime("%Y%m%d").rjust(8, "0") + _ending(one).replace(":", ""),
    "ISO_LOCAL_DATE": lambda one: one.date().isoformat(),
    "ISO_DATE": lambda one: one.date().isoformat() + _ending(one),
    "ISO_LOCAL_TIME": _seconds,
    "ISO_TIME": lambda one: _seconds(one) + _ending(one),
    "ISO_LOCAL_DATE_TIME": _both,
    "ISO_DATE_TIME": lambda one: _both(one) + _ending(one, zone=True),
    "ISO_OFFSET_DATE_TIME": lambda one: _both(one) + offset_text(one.ahead()),
    "ISO_ZONED_DATE_TIME": lambda one: (
        _both(one) + offset_text(one.ahead()) + _ending(one, zone=True)[len(offset_text(one.ahead())) :]
    ),
    "ISO_ORDINAL_DATE": lambda one: one.date().strftime("%Y-%j").rjust(8, "0") + _ending(one),
    "ISO_WEEK_DATE": _week_date,
    "ISO_INSTANT": _instant,
    "RFC_1123_DATE_TIME": _mail,
}


def make(pattern: str) -> DateTimeFormatter:
    """A format by a pattern. Raises ExpressionError for one that Java would not take."""
    if len(pattern) > _LONGEST:
        raise ExpressionError(f"the pattern has {len(pattern)} characters; at most {_LONGEST} are allowed")
    for letter, run in tokens(pattern, LETTERS, MARKS):
        most = 2 if letter in _SHORT else 1 if letter == "a" else 3 if letter == "D" else 9 if letter == "S" else 5
        if letter.isalpha() and len(run) > (19 if letter in "AnNuyY" else most):
            raise ExpressionError(f"Too many pattern letters: {letter}", kind="IllegalArgumentException")
        if letter == "V" and len(run) != 2:
            raise ExpressionError(f"Pattern letter count must be 2: {letter}", kind="IllegalArgumentException")
        if letter in "{}#":
            raise ExpressionError(f"Pattern includes reserved character: '{run}'", kind="IllegalArgumentException")
    if _depth(pattern) is None:
        raise ExpressionError("the pattern has a ']' without a '['", kind="IllegalArgumentException")
    return DateTimeFormatter(pattern)


def _depth(pattern: str) -> int | None:
    depth = 0
    for letter, _ in tokens(pattern, LETTERS, MARKS):
        depth += letter == "["
        depth -= letter == "]"
        if depth < 0:
            return None
    return depth


def write(target: DateTimeFormatter, value: Any) -> str:
    """A date or time by a format. Raises ExpressionError when it lacks a part."""
    fields = fields_of(value, target.zone)
    if target.pattern in PREDEFINED:
        return PREDEFINED[target.pattern](fields)
    parts: list[list[str]] = [[]]
    skipped = 0
    for letter, run in tokens(target.pattern, LETTERS, MARKS):
        if letter == "[":
            parts.append([])
            skipped += skipped > 0
        elif letter == "]":
            done = parts.pop()
            if not skipped:
                parts[-1] += done
            skipped = max(skipped - 1, 0)
        elif not skipped:
            try:
                parts[-1].append(run if letter == "'" else _WRITERS[letter](fields, len(run)))
            except ExpressionError:
                if len(parts) == 1:
                    raise
                skipped = 1
    return "".join("".join(part) for part in (parts[:1] if skipped else parts))
