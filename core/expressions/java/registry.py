"""Every type with its table: the contents of the Java library, in one list.

Separate because whoever asks what is allowed reads it here, and the page about it is compared with it.
"""

from gennaker.core.expressions.java import containers, strings
from gennaker.core.expressions.java.methods import Type

#: By the name that `resolve` gives: what `T(…)` and `new` may use.
TYPES: dict[str, Type] = {one.name: one for one in (strings.STRING,)}
#: By the type of a value: what methods and properties are asked of.
VALUE_TYPES: dict[str, Type] = {
    **TYPES,
    **{one.name: one for one in (containers.OBJECT, containers.ARRAY, containers.ENTRY, containers.MAP)},
    "java.util.ArrayList": containers.LIST,
    "java.util.LinkedHashSet": containers.SET,
    "java.util.LinkedHashMap": containers.MAP,
}
