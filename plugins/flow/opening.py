"""When an execution window is open: days and hours of a time zone, and the next instant within them.

Separate because it is pure arithmetic of the calendar; `window` waits by it. Source: reference §3.2. Spinnaker's rules, but for its slips:
the instant that is told is the true one, also where clocks are changed, and hours that end before they begin always run over midnight.
"""

import bisect
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

_DAY = timedelta(days=1)
#: Days ahead that are looked at: a window of one weekday may fall into the hour that is left out when clocks go forward.
_DAYS = 15
_LAST_MINUTE = 24 * 60 - 1


class Hours(Struct, frozen=True, kw_only=True, rename="camel"):
    """From a minute of the day to another, both included."""

    start_hour: int = 0
    start_min: int = 0
    end_hour: int = 0
    end_min: int = 0


class Jitter(Struct, frozen=True, kw_only=True, rename="camel"):
    """A delay, drawn by lot, after the window has opened. Seconds."""

    enabled: bool = False
    min_delay: int = 0
    max_delay: int = 0
    #: A person who starts the pipeline by hand does not wait.
    skip_manual: bool = False


class Window(Struct, frozen=True, kw_only=True, rename="camel"):
    """`restrictedExecutionWindow` of a stage."""

    #: 1 = Sunday … 7 = Saturday; none = all.
    days: tuple[int, ...] = ()
    whitelist: tuple[Hours, ...] = ()
    jitter: Jitter = Jitter()
    timezone: str = ""


def read_window(raw: Any) -> Window:
    """The window in a stage's JSON. Raises ValueError that names the place."""
    try:
        window = msgspec.convert(_without_none(raw), Window, strict=False)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        place = path.rstrip("`")
        raise ValueError(f"restrictedExecutionWindow{place}: {what}") from None
    if not window.days and not window.whitelist:
        raise ValueError("restrictedExecutionWindow has neither days nor hours (whitelist); expected at least one")
    for index, day in enumerate(window.days):
        if not 1 <= day <= 7:
            raise ValueError(f"restrictedExecutionWindow.days[{index}]: {day} is no day; expected 1 (Sunday) to 7")
    for index, hours in enumerate(window.whitelist):
        _check(hours, f"restrictedExecutionWindow.whitelist[{index}]")
    jitter = window.jitter
    if jitter.enabled and jitter.max_delay > 0 and not 0 <= jitter.min_delay <= jitter.max_delay:
        raise ValueError(
            f"restrictedExecutionWindow.jitter: minDelay {jitter.min_delay} and maxDelay {jitter.max_delay}; "
            "expected seconds from 0 up, minDelay not above maxDelay"
        )
    return window


def read_zone(name: str, place: str) -> ZoneInfo:
    """A time zone by name. Raises ValueError that names the place."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{place}: there is no time zone {name!r}; expected a name such as Europe/Berlin") from None


def next_opening(window: Window, now: int, zone: ZoneInfo) -> int:
    """The first instant from `now` on at which the window is open; both are epoch milliseconds. Raises ValueError when there is none."""
    if _open(window, now, zone):
        return now
    today = datetime.fromtimestamp(now / 1000, zone).date()
    ahead = [today + n * _DAY for n in range(_DAYS)]
    starts = [
        datetime(day.year, day.month, day.day, start // 60, start % 60, tzinfo=zone, fold=fold)
        for day in ahead
        for start, _ in _ranges(window)
        for fold in (0, 1)
    ]
    candidates = sorted({_milliseconds(start) for start in starts} | set(_changes(now, zone)))
    for instant in candidates[bisect.bisect_left(candidates, now) :]:
        if _open(window, instant, zone):
            return instant
    raise ValueError(f"restrictedExecutionWindow does not open within {_DAYS} days")


def _open(window: Window, now: int, zone: ZoneInfo) -> bool:
    local = datetime.fromtimestamp(now // 1000, zone)
    if window.days and local.isoweekday() % 7 + 1 not in window.days:
        return False
    minute = local.hour * 60 + local.minute
    return any(start <= minute <= end for start, end in _ranges(window))


def _ranges(window: Window) -> Iterable[tuple[int, int]]:
    """Minutes of the day, first and last; hours that end before they begin become two."""
    if not window.whitelist:
        yield 0, _LAST_MINUTE
    for hours in window.whitelist:
        start, end = hours.start_hour * 60 + hours.start_min, hours.end_hour * 60 + hours.end_min
        if start <= end:
            yield start, end
        else:
            yield start, _LAST_MINUTE
            yield 0, end


def _changes(now: int, zone: ZoneInfo) -> Iterable[int]:
    """The instants ahead at which the clocks of a zone are changed."""
    step = 6 * 3600
    early = now // 1000
    for late in range(early + step, early + _DAYS * 24 * 3600, step):
        low, high = late - step, late
        if _offset(low, zone) != _offset(high, zone):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(middle, zone) == _offset(low, zone) else (low, middle)
            yield high * 1000


def _offset(seconds: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(seconds, zone).utcoffset()


def _milliseconds(instant: datetime) -> int:
    return int(instant.astimezone(UTC).timestamp()) * 1000


def _check(hours: Hours, place: str) -> None:
    for name, hour, minute, last in (
        ("start", hours.start_hour, hours.start_min, 23),
        ("end", hours.end_hour, hours.end_min, 24),
    ):
        if not (0 <= hour <= last and 0 <= minute <= 59) or (hour == 24 and minute):
            raise ValueError(f"{place}: {name} is {hour}:{minute:02}; expected a time of the day")


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value
