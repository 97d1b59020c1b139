"""Dates and times in the one form that their `toString()` has.

Separate from the formats with patterns because this form is fixed and every value needs it.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import objects
from gennaker.core.expressions.java.objects import DAY, NANOS

EPOCH = date(1970, 1, 1).toordinal()
#: The days that can be written, as counted from 1970-01-01.
FIRST_DAY, LAST_DAY = date.min.toordinal() - EPOCH, date.max.toordinal() - EPOCH
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_of(day: int) -> date:
    """The calendar's day. Raises ExpressionError outside the years 1 to 9999."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ExpressionError("a date is outside the years 1 to 9999", kind="DateTimeException")
    return date.fromordinal(day + EPOCH)


@lru_cache(maxsize=256)
def zone_info(name: str) -> ZoneInfo | None:
    """The rules of a time zone; None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def fixed_offset(name: str) -> int | None:
    """The seconds of a zone that is only an offset: `Z`, `+02:00`, `-0530`, `UTC+1`; None for others."""
    for prefix in ("UTC", "GMT", "UT"):
        if name.startswith(prefix):
            name = name[len(prefix) :] or "Z"
            break
    if name == "Z":
        return 0
    digits = name[1:].replace(":", "")
    if name[:1] not in ("+", "-") or not digits.isascii() or not digits.isdigit() or len(digits) not in (1, 2, 4, 6):
        return None
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4] or 0), int(digits[4:] or 0)
    if minutes > 59 or seconds > 59 or hours * 3600 + minutes * 60 + seconds > 18 * 3600:
        return None
    total = hours * 3600 + minutes * 60 + seconds
    return -total if name[0] == "-" else total


def moment(nanos: int, zone: str) -> tuple[int, int, bool, str]:
    """A moment as a zone tells it: its local nanoseconds, the offset in seconds, whether it is summer there, the zone's short name."""
    fixed = fixed_offset(zone)
    if fixed is not None:
        day_of((nanos + fixed * NANOS) // DAY)
        return nanos + fixed * NANOS, fixed, False, zone
    seconds = nanos // NANOS
    day_of(seconds // 86_400)
    try:
        at = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(known_zone(zone))
    except OverflowError:
        raise ExpressionError("a date is outside the years 1 to 9999", kind="DateTimeException") from None
    offset = int((at.utcoffset() or timedelta()).total_seconds())
    return nanos + offset * NANOS, offset, bool(at.dst()), at.tzname() or zone


def known_zone(zone: str) -> ZoneInfo:
    """The rules of a zone. Raises ExpressionError for one that does not exist."""
    found = zone_info(zone)
    if found is None:
        raise ExpressionError(
            f"there is no time zone '{zone}'; expected a name such as Europe/Berlin, or an offset such as +02:00",
            kind="ZoneRulesException",
        )
    return found


def resolved(local: int, zone: str) -> int:
    """The moment of a local time in a zone, the earlier one where it comes twice, later by the gap where it never comes."""
    fixed = fixed_offset(zone)
    if fixed is not None:
        return local - fixed * NANOS
    day = day_of(local // DAY)
    seconds = local % DAY // NANOS
    at = datetime(
        day.year, day.month, day.day, seconds // 3600, seconds // 60 % 60, seconds % 60, tzinfo=known_zone(zone)
    )
    offset = int((at.utcoffset() or timedelta()).total_seconds())
    return local - offset * NANOS


def offset_text(seconds: int) -> str:
    """`Z`, `+02:00`, `-05:30:15`."""
    if not seconds:
        return "Z"
    sign, rest = ("-", -seconds) if seconds < 0 else ("+", seconds)
    ending = f":{rest % 60:02}" if rest % 60 else ""
    return f"{sign}{rest // 3600:02}:{rest // 60 % 60:02}{ending}"


def date_text(value: objects.Date) -> str:
    """`Thu Jan 01 00:00:00 UTC 1970`."""
    local, _, _, name = moment(value.millis * 1_000_000, value.zone)
    day, seconds = day_of(local // DAY), local % DAY // NANOS
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{WEEKDAYS[day.weekday()]} {MONTHS[day.month - 1]} {day.day:02} {clock} {name} {day.year}"


def local_date_text(value: objects.LocalDate) -> str:
    """`1970-01-01`."""
    return day_of(value.day).isoformat()


def fraction_text(nanos: int) -> str:
    """A fraction of a second with 3, 6 or 9 digits; empty when there is none."""
    if not nanos:
        return ""
    digits = f"{nanos:09}"
    return "." + (digits[:3] if digits.endswith("000000") else digits[:6] if digits.endswith("000") else digits)


def _clock(nanos: int, *, seconds: bool = False) -> str:
    total = nanos // NANOS
    written = f"{total // 3600:02}:{total // 60 % 60:02}"
    if seconds or total % 60 or nanos % NANOS:
        written += f":{total % 60:02}{fraction_text(nanos % NANOS)}"
    return written


def local_time_text(value: objects.LocalTime) -> str:
    """`10:15`, `10:15:30.123`."""
    return _clock(value.nanos)


def local_date_time_text(value: objects.LocalDateTime) -> str:
    """`1970-01-01T00:00`."""
    return f"{day_of(value.nanos // DAY).isoformat()}T{_clock(value.nanos % DAY)}"


def instant_text(value: objects.Instant) -> str:
    """`1970-01-01T00:00:00Z`."""
    return f"{day_of(value.nanos // DAY).isoformat()}T{_clock(value.nanos % DAY, seconds=True)}Z"


def zoned_text(value: objects.ZonedDateTime) -> str:
    """`1970-01-01T02:00+02:00[Europe/Berlin]`."""
    local = local_date_time_text(objects.LocalDateTime(value.nanos + value.offset * NANOS))
    offset = offset_text(value.offset)
    return f"{local}{offset}" if value.zone == offset else f"{local}{offset}[{value.zone}]"


def duration_text(value: objects.Duration) -> str:
    """`PT8H6M12.345S`."""
    if not value.nanos:
        return "PT0S"
    sign = -1 if value.nanos < 0 else 1
    seconds, nanos = divmod(abs(value.nanos), NANOS)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    written = "PT" + (f"{sign * hours}H" if hours else "") + (f"{sign * minutes}M" if minutes else "")
    if seconds or nanos:
        fraction = f".{nanos:09}".rstrip("0") if nanos else ""
        written += f"{'-' if sign < 0 else ''}{seconds}{fraction}S"
    return written


def period_text(value: objects.Period) -> str:
    """`P1Y2M3D`."""
    parts = ((value.years, "Y"), (value.months, "M"), (value.days, "D"))
    return "P" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0D")
