"""Java's enums that dates use: DayOfWeek, Month, ChronoUnit.

Separate because arguments are converted to them by name, and dates give them out.
"""

from gennaker.core.expressions.java.objects import DAY, NANOS, Constant

_NAMES = {
    "java.time.DayOfWeek": "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY",
    "java.time.Month": "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER",
    "java.time.temporal.ChronoUnit": (
        "NANOS MICROS MILLIS SECONDS MINUTES HOURS HALF_DAYS DAYS WEEKS MONTHS YEARS DECADES CENTURIES MILLENNIA ERAS FOREVER"
    ),
}
#: Each enum's values, by its full name, in their order.
VALUES: dict[str, tuple[Constant, ...]] = {
    type_: tuple(Constant(java_name=type_, name=name, ordinal=number) for number, name in enumerate(names.split()))
    for type_, names in _NAMES.items()
}
DAYS, MONTHS, UNITS = VALUES.values()
#: The units that always are equally long, in nanoseconds.
LENGTHS = {
    "NANOS": 1,
    "MICROS": 1_000,
    "MILLIS": 1_000_000,
    "SECONDS": NANOS,
    "MINUTES": 60 * NANOS,
    "HOURS": 3_600 * NANOS,
    "HALF_DAYS": DAY // 2,
    "DAYS": DAY,
    "WEEKS": 7 * DAY,
}
#: The others, in months.
MONTHS_LONG = {"MONTHS": 1, "YEARS": 12, "DECADES": 120, "CENTURIES": 1_200, "MILLENNIA": 12_000}
#: How `toString` writes a ChronoUnit.
UNIT_TEXTS = {unit.name: unit.name.title().replace("_", "") for unit in UNITS}


def constant(type_: str, name: str) -> Constant | None:
    """The value of an enum by its name; None when it has none of that name."""
    return next((one for one in VALUES[type_] if one.name == name), None)
