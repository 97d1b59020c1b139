"""java.time.temporal.TemporalAdjusters: the first day of the month, the next Monday.

Separate because an adjuster is a value that a date is given.
"""

from collections.abc import Callable
from datetime import date, timedelta

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.calendar_text import day_of
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import DAY, Adjuster, Constant
from gennaker.core.expressions.java.temporal import checked


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)


def _nth(day: date, argument: int) -> date:
    ordinal, weekday = divmod(argument, 7)
    if ordinal >= 0:
        first = day.replace(day=1)
        return first + timedelta((weekday - first.weekday()) % 7 + 7 * (max(ordinal, 1) - 1) - (0 if ordinal else 7))
    last = _month_end(day)
    return last - timedelta((last.weekday() - weekday) % 7 + 7 * (-ordinal - 1))


_RULES: dict[str, Callable[[date, int], date]] = {
    "firstDayOfMonth": lambda day, _: day.replace(day=1),
    "lastDayOfMonth": lambda day, _: _month_end(day),
    "firstDayOfNextMonth": lambda day, _: _month_end(day) + timedelta(1),
    "firstDayOfYear": lambda day, _: day.replace(month=1, day=1),
    "lastDayOfYear": lambda day, _: day.replace(month=12, day=31),
    "firstDayOfNextYear": lambda day, _: day.replace(year=day.year + 1, month=1, day=1),
    "next": lambda day, weekday: day + timedelta((weekday - day.weekday() - 1) % 7 + 1),
    "nextOrSame": lambda day, weekday: day + timedelta((weekday - day.weekday()) % 7),
    "previous": lambda day, weekday: day - timedelta((day.weekday() - weekday - 1) % 7 + 1),
    "previousOrSame": lambda day, weekday: day - timedelta((day.weekday() - weekday) % 7),
    "dayOfWeekInMonth": _nth,
}


def adjusted(local: int, adjuster: Adjuster) -> int:
    """A local time in nanoseconds, moved. Raises ExpressionError outside the years that there are."""
    day = day_of(local // DAY)
    try:
        moved = _RULES[adjuster.rule](day, adjuster.argument)
    except (OverflowError, ValueError):
        raise ExpressionError("a date is outside the years 1 to 9999", kind="DateTimeException") from None
    return checked(local + (moved.toordinal() - day.toordinal()) * DAY)


def _in_month(ordinal: int, day: Constant) -> Adjuster:
    if abs(ordinal) > 1_000:
        raise ExpressionError(f"the ordinal {ordinal} is outside -1000 to 1000", kind="DateTimeException")
    return Adjuster("dayOfWeekInMonth", ordinal * 7 + day.ordinal)


def _plain(rule: str) -> Callable[..., Adjuster]:
    return lambda *_: Adjuster(rule)


def _by_day(rule: str) -> Callable[..., Adjuster]:
    return lambda _, day: Adjuster(rule, day.ordinal)


TEMPORAL_ADJUSTERS = Type(
    name="java.time.temporal.TemporalAdjusters",
    statics=table(
        *((f"{rule}(): Adjuster", _plain(rule)) for rule in list(_RULES)[:6]),
        *((f"{rule}(DayOfWeek): Adjuster", _by_day(rule)) for rule in list(_RULES)[6:10]),
        ("dayOfWeekInMonth(int, DayOfWeek): Adjuster", lambda _, ordinal, day: _in_month(ordinal, day)),
        ("firstInMonth(DayOfWeek): Adjuster", lambda _, day: _in_month(1, day)),
        ("lastInMonth(DayOfWeek): Adjuster", lambda _, day: _in_month(-1, day)),
    ),
)
ADJUSTER = Type(name="java.time.temporal.TemporalAdjuster")
