"""The types that expressions may name, and the type of a value.

Separate because this is the allow-list: nothing that is not written here can be named, made or asked in an expression.
"""

import decimal
import difflib
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import kinds, objects
from gennaker.core.expressions.scope import Bean

#: What `T(…)` and `new …(…)` may name: Spinnaker's list, and those of java.lang and java.time that do no harm beside it.
TYPES = (
    *(f"java.lang.{name}" for name in ("String", "Integer", "Long", "Double", "Float", "Byte", "Boolean", "Math")),
    *(f"java.util.{name}" for name in ("Date", "Random", "UUID")),
    "java.text.SimpleDateFormat",
    "java.net.URLEncoder",
    *(
        f"java.time.{name}"
        for name in ("Instant", "LocalDate", "LocalDateTime", "LocalTime", "ZonedDateTime", "ZoneId", "ZoneOffset")
    ),
    *(f"java.time.{name}" for name in ("DayOfWeek", "Month", "Duration", "Period")),
    "java.time.format.DateTimeFormatter",
    "java.time.temporal.ChronoUnit",
    "java.time.temporal.TemporalAdjusters",
)
#: What only `instanceof` may name.
KINDS = (
    *(f"java.lang.{name}" for name in ("Object", "Number", "CharSequence", "Comparable", "Iterable")),
    *(f"java.lang.{name}" for name in ("Short", "Character")),
    *(f"java.math.{name}" for name in ("BigDecimal", "BigInteger")),
    *(f"java.util.{name}" for name in ("Collection", "List", "Set", "Map")),
    *(f"java.util.{name}" for name in ("ArrayList", "LinkedHashMap", "LinkedHashSet", "HashMap")),
)
_ALL = frozenset(TYPES + KINDS)

_NAMES: dict[type, str] = {
    bool: "java.lang.Boolean",
    str: "java.lang.String",
    float: "java.lang.Double",
    kinds.Float: "java.lang.Float",
    kinds.Byte: "java.lang.Byte",
    kinds.Short: "java.lang.Short",
    kinds.Long: "java.lang.Long",
    kinds.BigInteger: "java.math.BigInteger",
    kinds.Char: "java.lang.Character",
    decimal.Decimal: "java.math.BigDecimal",
    list: "java.util.ArrayList",
    dict: "java.util.LinkedHashMap",
    objects.JavaSet: "java.util.LinkedHashSet",
}
_INTEGERS = {
    kinds.INTEGER: "java.lang.Integer",
    kinds.LONG: "java.lang.Long",
    kinds.BIG_INTEGER: "java.math.BigInteger",
}
_PARENTS: dict[str, tuple[str, ...]] = {
    "java.lang.String": ("java.lang.CharSequence", "java.lang.Comparable"),
    "java.util.ArrayList": ("java.util.List", "java.util.Collection", "java.lang.Iterable"),
    "java.util.LinkedHashSet": ("java.util.Set", "java.util.Collection", "java.lang.Iterable"),
    "java.util.LinkedHashMap": ("java.util.HashMap", "java.util.Map"),
    **{
        f"java.{name}": ("java.lang.Number", "java.lang.Comparable")
        for name in (
            *(f"lang.{one}" for one in ("Byte", "Short", "Integer", "Long", "Float", "Double")),
            *("math.BigInteger", "math.BigDecimal"),
        )
    },
    **{f"java.lang.{name}": ("java.lang.Comparable",) for name in ("Boolean", "Character")},
    **{
        f"java.time.{name}": ("java.lang.Comparable",)
        for name in ("Instant", "LocalDate", "LocalTime", "LocalDateTime", "ZonedDateTime", "Duration", "DayOfWeek")
    },
    **{f"java.util.{name}": ("java.lang.Comparable",) for name in ("Date", "UUID")},
    **{f"java.time.{name}": ("java.lang.Comparable",) for name in ("Month", "temporal.ChronoUnit")},
}


def type_of(value: Any) -> str:
    """The full name of a value's type; `null` for null, `String[]` for an array, a Bean's own name."""
    type_ = type(value)
    if type_ is int:
        return _INTEGERS[kinds.kind_of(value)]
    if name := _NAMES.get(type_):
        return name
    if isinstance(value, objects.Constant):
        return value.java_name
    if isinstance(value, objects.Array):
        return f"{value.element}[]"
    if isinstance(value, objects.ZoneId) and (value.name == "Z" or value.name[0] in "+-"):
        return "java.time.ZoneOffset"
    if isinstance(value, Bean):
        return value.type
    return "null" if value is None else str(getattr(type_, "java_type", type_.__name__))


def short_name(type_: str) -> str:
    """`String` for `java.lang.String`."""
    return type_.rpartition(".")[2].replace("$", ".")


def described(value: Any) -> str:
    """A value's type with an article, for messages; maps and lists by their plain names."""
    name = {"java.util.LinkedHashMap": "Map", "java.util.ArrayList": "List", "java.util.LinkedHashSet": "Set"}.get(
        type_of(value), short_name(type_of(value))
    )
    if name == "null":
        return name
    return f"an {name}" if name[0] in "AEIO" else f"a {name}"


def resolve(name: str) -> str:
    """The full name of a type as an expression wrote it; names without a package are those of java.lang. Raises ExpressionError."""
    full = name if "." in name else f"java.lang.{name}"
    if full in _ALL:
        return full
    if "." not in name:
        owners = [one for one in TYPES + KINDS if short_name(one) == name]
        if owners:
            raise ExpressionError(f"the type {name} needs its full name here: {owners[0]}")
    near = difflib.get_close_matches(full, TYPES, n=1, cutoff=0.8)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ExpressionError(f"the type {name} is not allowed; {hint}allowed are {', '.join(TYPES)}")


def instance_of(value: Any, type_: str) -> bool:
    """Whether a value is of a type, which `resolve` has named. Null is of none."""
    if value is None:
        return False
    own = type_of(value)
    return type_ == own or type_ == "java.lang.Object" or type_ in _PARENTS.get(own, ())
