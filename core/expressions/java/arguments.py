"""Which values fit a parameter, and what they become: Spring's conversions of arguments.

Separate because Spring converts what is passed (`'abc'.substring('1')` works), and because the choice between overloads depends on how much
it had to convert: not at all (0), to a wider type (1), or to another one (2).
"""

import math
from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import kinds, objects
from gennaker.core.expressions.java.calendar_text import fixed_offset, zone_info
from gennaker.core.expressions.java.doubles import double_text, float_text, read_double
from gennaker.core.expressions.java.enums import VALUES, constant
from gennaker.core.expressions.java.kinds import Byte, Char, Float, Long, Short, kind_of

Fit = tuple[int, Any] | None

#: The whole kinds with their limits and classes.
_WHOLE: dict[str, tuple[int, int, Callable[[int], Any]]] = {
    "byte": (kinds.BYTE, 8, Byte),
    "short": (kinds.SHORT, 16, Short),
    "int": (kinds.INTEGER, 32, int),
    "long": (kinds.LONG, 64, Long),
}
_WORDS = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
_LISTS = {"List": list, "Collection": list, "Set": list}
_OBJECTS: dict[str, type] = {
    one.__name__: one
    for one in (
        *(objects.Date, objects.Instant, objects.LocalDate, objects.LocalTime, objects.LocalDateTime),
        *(objects.ZonedDateTime, objects.Duration, objects.Period, objects.DateTimeFormatter),
        *(objects.Adjuster, objects.UUID, objects.Random),
    )
}
_ENUMS = {type_.rpartition(".")[2]: type_ for type_ in VALUES}
#: The longest text that is read as a whole number.
_LONGEST = 400


def fit(kind: str, value: Any) -> Fit:
    """How far a value is from a parameter's type, and what it becomes there; None when it does not fit."""
    if kind in _WHOLE:
        return _whole(kind, value)
    if kind in ("double", "float"):
        return _real(kind, value)
    if kind == "boolean":
        return _boolean(value)
    if kind == "char":
        return _char(value)
    if value is None or kind == "Object":
        return 1, value
    if kind == "String":
        return _string(value)
    if kind == "CharSequence":
        return (1, value) if isinstance(value, str) else None
    if kind in _LISTS:
        return _list(value)
    if kind == "Map":
        return (1, value) if isinstance(value, dict) else None
    if kind == "Number":
        return (1, value) if kind_of(value) else None
    if kind.endswith("[]"):
        return _array(kind[:-2], value)
    return _object(kind, value)


def _whole(kind: str, value: Any) -> Fit:
    own, bits, make = _WHOLE[kind]
    given = kind_of(value)
    if given and given <= own:
        return int(given < own), make(value)
    if given in (kinds.FLOAT, kinds.DOUBLE):
        if not math.isfinite(value):
            return None
        value = int(value)
    elif isinstance(value, str):
        read = _read_whole(value)
        if read is None:
            return None
        value = read
    elif not given:
        return (2, make(ord(value.text))) if isinstance(value, Char) else None
    value = int(value)
    return (2, make(value)) if kinds.wrap(value, bits) == value else None


def _read_whole(text: str) -> int | None:
    text = "".join(text.split())
    digits = text.lstrip("+-")
    if len(text) > _LONGEST or len(text) - len(digits) > 1 or not digits.isascii():
        return None
    sign = -1 if text.startswith("-") else 1
    try:
        return sign * int(digits[2:], 16) if digits.lower().startswith("0x") else sign * int(digits)
    except ValueError:
        return None


def _real(kind: str, value: Any) -> Fit:
    given = kind_of(value)
    if isinstance(value, str):
        try:
            value, level = read_double(value), 2
        except ExpressionError:
            return None
    elif not given:
        return None
    elif kind == "double":
        level = 0 if given == kinds.DOUBLE else 1 if given <= kinds.FLOAT else 2
    else:
        level = 0 if given == kinds.FLOAT else 1 if given <= kinds.LONG else 2
    number = kinds.to_double(value)
    return level, number if kind == "double" else kinds.to_float(number)


def _boolean(value: Any) -> Fit:
    if isinstance(value, bool):
        return 0, value
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return 2, _WORDS[value.strip().lower()]
    return None


def _char(value: Any) -> Fit:
    if isinstance(value, Char):
        return 0, value
    if isinstance(value, str) and len(value) == 1:
        return 2, Char(value)
    return (2, Char(chr(value))) if kind_of(value) == kinds.INTEGER and 0 <= value < 0x10000 else None


def _string(value: Any) -> Fit:
    if isinstance(value, str):
        return 0, value
    if isinstance(value, bool):
        return 2, "true" if value else "false"
    if isinstance(value, Char):
        return 2, value.text
    if isinstance(value, Float):
        return 2, float_text(value)
    if isinstance(value, float):
        return 2, double_text(value)
    if kind_of(value):
        return (2, str(value)) if not isinstance(value, int) or value.bit_length() < 8_000 else None
    return (2, value.name) if isinstance(value, objects.Constant) else None


def _list(value: Any) -> Fit:
    if isinstance(value, objects.Array):
        return 2, list(value)
    if isinstance(value, list):
        return 1, value
    if isinstance(value, str):
        return 2, [one.strip() for one in value.split(",")] if value else []
    return (2, [value]) if not isinstance(value, dict) else None


def _array(element: str, value: Any) -> Fit:
    if isinstance(value, objects.Array) and value.element == element:
        return 0, value
    if not isinstance(value, list):
        return None
    fitted = [fit(element, item) for item in value]
    if any(one is None for one in fitted):
        return None
    return (1 if isinstance(value, objects.Array) else 2), objects.Array(element, (one[1] for one in fitted if one))


def _object(kind: str, value: Any) -> Fit:
    if kind in _ENUMS:
        if isinstance(value, objects.Constant):
            return (0, value) if value.java_name == _ENUMS[kind] else None
        found = constant(_ENUMS[kind], value.strip()) if isinstance(value, str) else None
        return (2, found) if found else None
    if kind in ("ZoneId", "ZoneOffset"):
        return _zone(kind, value)
    wanted = _OBJECTS.get(kind)
    return (0, value) if wanted and isinstance(value, wanted) else None


def _zone(kind: str, value: Any) -> Fit:
    if isinstance(value, str):
        known = fixed_offset(value) is not None or (kind == "ZoneId" and zone_info(value) is not None)
        return (2, objects.ZoneId(value)) if known else None
    if isinstance(value, objects.ZoneId) and (kind == "ZoneId" or fixed_offset(value.name) is not None):
        return 0, value
    return None
