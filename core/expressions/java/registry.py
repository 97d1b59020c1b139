"""Every type with its table: the contents of the Java library, in one list.

Separate because whoever asks what is allowed reads it here, and the page about it is compared with it.
"""

from gennaker.core.expressions.java import (
    adjusters,
    boxes,
    chance,
    containers,
    encoder,
    enum_types,
    local_dates,
    maths,
    moments,
    reals,
    simple_format,
    spans,
    strings,
    zones,
)
from gennaker.core.expressions.java.methods import Type

_NAMED = (
    strings.STRING,
    *(boxes.INTEGER, boxes.LONG, boxes.BYTE),
    *(reals.DOUBLE, reals.FLOAT, reals.BOOLEAN),
    maths.MATH,
    *(moments.DATE, moments.INSTANT),
    *(chance.RANDOM, chance.UUID_TYPE),
    simple_format.SIMPLE_DATE_FORMAT,
    encoder.URL_ENCODER,
    *(local_dates.LOCAL_DATE, local_dates.LOCAL_TIME, local_dates.LOCAL_DATE_TIME),
    *(zones.ZONED_DATE_TIME, zones.ZONE_ID, zones.ZONE_OFFSET, zones.DATE_TIME_FORMATTER),
    *(spans.DURATION, spans.PERIOD),
    *(enum_types.DAY_OF_WEEK, enum_types.MONTH, enum_types.CHRONO_UNIT),
    adjusters.TEMPORAL_ADJUSTERS,
)
_UNNAMED = (
    *(containers.OBJECT, containers.ARRAY, containers.LIST, containers.SET, containers.MAP, containers.ENTRY),
    *(boxes.SHORT, boxes.BIG_INTEGER, boxes.BIG_DECIMAL, reals.CHARACTER, adjusters.ADJUSTER),
)
#: By the name that `resolve` gives: what `T(…)` and `new` may use.
TYPES: dict[str, Type] = {one.name: one for one in _NAMED}
#: By the type of a value: what methods and properties are asked of.
VALUE_TYPES: dict[str, Type] = {
    **{one.name: one for one in (*_NAMED, *_UNNAMED)},
    "java.util.ArrayList": containers.LIST,
    "java.util.LinkedHashSet": containers.SET,
    "java.util.LinkedHashMap": containers.MAP,
}
