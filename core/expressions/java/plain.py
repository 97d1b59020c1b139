"""A value as JSON, as Jackson writes it: what an expression's result becomes in a stage's context.

Separate because Java's objects end here: what is stored is JSON only.

A java.util.Date becomes its milliseconds, a `byte[]` base64, an enum its name. Decided here: moments and days of java.time are written in
their ISO form, which the next expression can read again; numbers that JSON has no sign for (NaN, Infinity) become text, as Jackson writes them.
"""

import base64
import decimal
import math
import re
from typing import Any

from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import LimitReached
from gennaker.core.expressions.java import objects
from gennaker.core.expressions.java.doubles import double_text
from gennaker.core.expressions.java.kinds import Char, Float
from gennaker.core.expressions.java.text import DEEPEST, text
from gennaker.core.expressions.scope import Bean

_ALONE = re.compile("[\ud800-\udfff]")


def plain(value: Any) -> Any:
    """A value as JSON; a value that already is comes back as the same object. Raises LimitReached when it is nested too deep."""
    return _plain(value, 0)


def _plain(value: Any, depth: int) -> Any:
    type_ = type(value)
    if type_ is str:
        return value if value.isascii() else _whole(value)
    if value is None or type_ is bool or type_ is int:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Float) and math.isfinite(value):
        return float(text(value, Budget()))  # its own digits: 0.1, not 0.10000000149011612
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else double_text(value)
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
    if depth > DEEPEST:
        raise LimitReached(f"gives lists and maps that hold each other more than {DEEPEST} deep")
    if isinstance(value, dict):
        items = {_plain(key, depth): _plain(item, depth + 1) for key, item in value.items()}
        same = all(key in value and value[key] is item for key, item in items.items())
        return value if same and type_ is dict else items
    if isinstance(value, list):
        return _listed(value, depth)
    return _object(value, depth)


def _whole(value: str) -> str:
    """A text without halves of characters, which no JSON can hold."""
    if not _ALONE.search(value):
        return value
    return _ALONE.sub("?", value.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass"))


def _listed(value: list[Any], depth: int) -> Any:
    if isinstance(value, objects.Array) and value.element == "byte":
        return base64.b64encode(bytes(one % 256 for one in value)).decode()
    if isinstance(value, objects.Array) and value.element == "char":
        return "".join(one.text for one in value)
    listed = [_plain(item, depth + 1) for item in value]
    return value if type(value) is list and all(map(lambda a, b: a is b, listed, value)) else listed


def _object(value: Any, depth: int) -> Any:
    if isinstance(value, Char):
        return _whole(value.text)
    if isinstance(value, objects.Date):
        return value.millis
    if isinstance(value, objects.Entry):
        return {text(value.key, Budget()): _plain(value.value, depth + 1)}
    if isinstance(value, Bean):
        return {name: _plain(value.get(name), depth + 1) for name in value.names()}
    if isinstance(value, objects.Constant):
        return value.name
    if isinstance(value, objects.SimpleDateFormat):
        return value.pattern
    return text(value, Budget())
