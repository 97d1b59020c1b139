"""Java's types as expressions may use them, with Java's results: `T(…)`, `new …`, method calls, properties, text and numbers.

Everything goes by explicit tables (`registry`): no name from an expression is ever looked up on a Python object.
"""

from gennaker.core.expressions.java import numbers
from gennaker.core.expressions.java.dispatch import (
    MISSING,
    construct,
    field,
    invoke,
    properties,
    property_of,
    static,
)
from gennaker.core.expressions.java.matching import matches
from gennaker.core.expressions.java.names import described, instance_of, resolve, type_of
from gennaker.core.expressions.java.plain import plain
from gennaker.core.expressions.java.text import joined, text

__all__ = [
    "MISSING",
    "construct",
    "described",
    "field",
    "instance_of",
    "invoke",
    "joined",
    "matches",
    "numbers",
    "plain",
    "properties",
    "property_of",
    "resolve",
    "static",
    "text",
    "type_of",
]
