"""The tables of java.time's enums: DayOfWeek, Month and ChronoUnit.

Separate from their values because the dates need the values, and these need the dates.
"""

from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import temporal
from gennaker.core.expressions.java.boxes import Row
from gennaker.core.expressions.java.enums import LENGTHS, MONTHS_LONG, UNIT_TEXTS, VALUES, constant
from gennaker.core.expressions.java.equality import equals
from gennaker.core.expressions.java.local_dates import month_length
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import DAY, NANOS, Array, Constant, Duration
from gennaker.core.expressions.scope import Scope


def _start(value: Any) -> Any:
    return temporal.local(value) // DAY


def _named(type_: str, name: str) -> Constant:
    found = constant(type_, name)
    if found is None:
        known = ", ".join(one.name for one in VALUES[type_])
        raise ExpressionError(
            f"No enum constant {type_}.{name[:100]}; there are {known}", kind="IllegalArgumentException"
        )
    return found


def _numbered(type_: str, number: int) -> Constant:
    if not 1 <= number <= len(VALUES[type_]):
        raise ExpressionError(
            f"Invalid value for {type_.rpartition('.')[2]}: {number}; expected 1 to {len(VALUES[type_])}",
            kind="DateTimeException",
        )
    return VALUES[type_][number - 1]


def _enum(type_: str, methods: list[Row], statics: list[Row]) -> Type:
    name = type_.rpartition(".")[2]
    return Type(
        name=type_,
        methods=table(
            ("equals(Object): boolean", lambda _, value, other: equals(value, other)),
            (f"compareTo({name}): int", lambda _, value, other: value.ordinal - other.ordinal),
            ("name(): String", lambda _, value: value.name),
            ("ordinal(): int", lambda _, value: value.ordinal),
            ("toString(): String", lambda _, value: UNIT_TEXTS.get(value.name, value.name)),
            *methods,
        ),
        statics=table(
            (f"valueOf(String): {name}", lambda _, text: _named(type_, text)),
            (f"values(): {name}[]", lambda _: Array(name, VALUES[type_])),
            *statics,
        ),
        fields={one.name: one for one in VALUES[type_]},
    )


def _cycle(type_: str) -> list[Row]:
    name, values = type_.rpartition(".")[2], VALUES[type_]
    return [
        ("getValue(): int", lambda _, value: value.ordinal + 1),
        (f"plus(long): {name}", lambda _, value, by: values[(value.ordinal + int(by)) % len(values)]),
        (f"minus(long): {name}", lambda _, value, by: values[(value.ordinal - int(by)) % len(values)]),
    ]


_DAY, _MONTH, _UNIT = VALUES
DAY_OF_WEEK = _enum(
    _DAY,
    _cycle(_DAY),
    [
        ("of(int): DayOfWeek", lambda _, number: _numbered(_DAY, number)),
        *(
            (f"from({kind}): DayOfWeek", lambda _, value: VALUES[_DAY][(_start(value) + 3) % 7])
            for kind in ("LocalDate", "LocalDateTime", "ZonedDateTime")
        ),
    ],
)
MONTH = _enum(
    _MONTH,
    [
        *_cycle(_MONTH),
        ("length(boolean): int", lambda _, value, leap: month_length(2000 if leap else 2001, value.ordinal + 1)),
        ("maxLength(): int", lambda _, value: month_length(2000, value.ordinal + 1)),
        ("minLength(): int", lambda _, value: month_length(2001, value.ordinal + 1)),
    ],
    [("of(int): Month", lambda _, number: _numbered(_MONTH, number))],
)


def _length(_: Scope, unit: Constant) -> Duration:
    if unit.name in LENGTHS:
        return Duration(LENGTHS[unit.name])
    if unit.name in MONTHS_LONG:
        return Duration(MONTHS_LONG[unit.name] * 31_556_952 * NANOS // 12)
    raise ExpressionError(f"the unit {unit.name} has no length that is counted here", kind="ArithmeticException")


CHRONO_UNIT = _enum(
    _UNIT,
    [
        ("between(Object, Object): long", lambda _, unit, start, end: temporal.until(start, end, unit)),
        ("getDuration(): Duration", _length),
        ("isDateBased(): boolean", lambda _, unit: unit.ordinal >= 7 and unit.name != "FOREVER"),
        ("isTimeBased(): boolean", lambda _, unit: unit.ordinal < 7),
    ],
    [],
)
