"""The Java objects that expressions can hold: small, immutable, and without anything that an expression could reach but its table.

Separate because the tables of methods, the text of a value and what is stored of it all need to know them, and none of the others.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from msgspec import Struct

NANOS = 1_000_000_000
DAY = 86_400 * NANOS


class Object(Struct, frozen=True, order=True):
    """A Java object; `java_type` is its class."""

    java_type: ClassVar[str] = "java.lang.Object"


class Date(Object, frozen=True, order=True):
    """A moment in milliseconds since 1970."""

    java_type = "java.util.Date"

    millis: int
    #: The zone in which it writes itself.
    zone: str = "UTC"


class Instant(Object, frozen=True, order=True):
    """A moment in nanoseconds since 1970."""

    java_type = "java.time.Instant"

    nanos: int


class LocalDate(Object, frozen=True, order=True):
    """A day, counted from 1970-01-01."""

    java_type = "java.time.LocalDate"

    day: int


class LocalTime(Object, frozen=True, order=True):
    """A time of day in nanoseconds."""

    java_type = "java.time.LocalTime"

    nanos: int


class LocalDateTime(Object, frozen=True, order=True):
    """A day and a time in nanoseconds since 1970-01-01T00:00, in no zone."""

    java_type = "java.time.LocalDateTime"

    nanos: int


class ZoneId(Object, frozen=True, order=True):
    """A time zone by its name, or an offset such as `+02:00`."""

    java_type = "java.time.ZoneId"

    name: str


class ZonedDateTime(Object, frozen=True, order=True):
    """A moment as a zone tells it."""

    java_type = "java.time.ZonedDateTime"

    #: Nanoseconds since 1970 in UTC.
    nanos: int
    #: Seconds that the zone is ahead of UTC at this moment.
    offset: int
    zone: str


class Duration(Object, frozen=True, order=True):
    """A length of time in nanoseconds."""

    java_type = "java.time.Duration"

    nanos: int


class Period(Object, frozen=True):
    """A length of time in calendar units."""

    java_type = "java.time.Period"

    years: int
    months: int
    days: int


class Constant(Object, frozen=True):
    """One value of an enum; `java_name` is the enum's class."""

    java_name: str
    name: str
    ordinal: int


class SimpleDateFormat(Object, frozen=True):
    """A pattern of java.text with the zone that it writes and reads in."""

    java_type = "java.text.SimpleDateFormat"

    pattern: str
    zone: str


class DateTimeFormatter(Object, frozen=True):
    """A pattern of java.time.format, or the name of one that Java predefines."""

    java_type = "java.time.format.DateTimeFormatter"

    pattern: str
    zone: str = ""


class Adjuster(Object, frozen=True):
    """What moves a date: `firstDayOfMonth`, or `next` with a day of the week."""

    java_type = "java.time.temporal.TemporalAdjuster"

    rule: str
    argument: int = 0


class UUID(Object, frozen=True, order=True):
    """128 bits that name something."""

    java_type = "java.util.UUID"

    bits: int


class Random:
    """java.util.Random: the only object that changes, by its own numbers."""

    __slots__ = ("gaussian", "state")

    java_type = "java.util.Random"

    def __init__(self, state: int) -> None:
        self.state = state
        self.gaussian: float | None = None


class Entry:
    """One entry of a map."""

    __slots__ = ("key", "value")

    java_type = "java.util.Map$Entry"

    def __init__(self, key: Any, value: Any) -> None:
        self.key = key
        self.value = value


class Array(list[Any]):
    """A Java array; `element` is the type of its elements, such as `byte` or `String`."""

    __slots__ = ("element",)

    def __init__(self, element: str, values: Iterable[Any] = ()) -> None:
        super().__init__(values)
        self.element = element


class JavaSet(list[Any]):
    """A set, in the order of its elements."""

    __slots__ = ()
