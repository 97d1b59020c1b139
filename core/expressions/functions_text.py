"""Helper functions that turn texts into values and back.

Separate because they need nothing but their arguments. Source: reference §4.4.
"""

import base64
import binascii
import re
from typing import Any

import msgspec

from gennaker.core.expressions.arguments import described, text_of
from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.kinds import Float
from gennaker.core.expressions.java.kinds import to_float as rounded
from gennaker.core.expressions.names import Names
from gennaker.core.expressions.plain import plain
from gennaker.core.expressions.scope import Function, Scope

_INTEGER = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)", re.ASCII)
_OTHER = re.compile(r"[^A-Za-z0-9]")


def to_int(_scope: Scope, value: Any) -> int:
    """Java's Integer.valueOf."""
    text = text_of("toInt", value)
    number = int(text) if len(text) <= 20 and _INTEGER.fullmatch(text) else None
    if number is None or not -(2**31) <= number < 2**31:
        raise ExpressionError(f"#toInt takes a whole number within 32 bits, and was given {described(text)}")
    return number


def to_float(_scope: Scope, value: Any) -> Float:
    """Java's Float.valueOf."""
    text = text_of("toFloat", value).strip()
    if len(text) > 400 or not _FLOAT.fullmatch(text):
        raise ExpressionError(f"#toFloat takes a number, and was given {described(text)}")
    return rounded(float(text if text.endswith(("NaN", "Infinity")) else text.rstrip("fFdD")))


def to_boolean(_scope: Scope, value: Any) -> bool:
    """Java's Boolean.valueOf: only `true`, in any case, is true."""
    return value is not None and text_of("toBoolean", value).lower() == "true"


def to_base64(scope: Scope, value: Any) -> str:
    """Base64 of the UTF-8 of a text."""
    data = text_of("toBase64", value).encode("utf-8", "replace")
    scope.budget.text(len(data) * 4 // 3 + 4)
    return base64.b64encode(data).decode()


def from_base64(scope: Scope, value: Any) -> str:
    """The text behind base64; what is no UTF-8 in it is replaced."""
    text = text_of("fromBase64", value)
    try:
        if not text.isascii() or ("=" in text and len(text) % 4):
            raise binascii.Error("its length or its padding is wrong")
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ExpressionError(f"#fromBase64 was given no base64 ({error}): {described(text)}") from None
    scope.budget.text(len(data))
    return data.decode("utf-8", "replace")


def alphanumerical(scope: Scope, value: Any) -> str:
    """A text without everything that is neither a letter nor a digit of ASCII."""
    text = text_of("alphanumerical", value)
    scope.budget.text(len(text))
    return _OTHER.sub("", text)


def read_json(scope: Scope, value: Any) -> Any:
    """The list or map that a text of JSON is."""
    return json_of("readJson", scope, text_of("readJson", value))


def json_of(function: str, scope: Scope, text: str) -> Any:
    """The list or map in a text of JSON. Raises ExpressionError."""
    scope.budget.spend(1 + len(text) // 100)
    expected = list if text.startswith("[") else dict
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise ExpressionError(f"#{function}: that is no JSON ({error}): {described(text)}") from None
    if not isinstance(found, expected):
        raise ExpressionError(f"#{function} reads a list or a map, and was given {described(text)}")
    return found


def to_json(scope: Scope, value: Any) -> str:
    """The JSON of a value. What looks like an expression is refused, as in Spinnaker, unless `#doNotEval` let it pass."""
    data = plain(value, scope.budget)
    scope.budget.text(_size(data))
    text = msgspec.json.encode(data).decode("utf-8", "replace")
    kept = scope.root.kept if isinstance(scope.root, Names) else []
    if "${" in text and not any(value is one for one in kept):
        raise ExpressionError(
            "#toJson: the result contains ${, which Spinnaker would evaluate; #toJson(#doNotEval(…)) lets it pass"
        )
    return text


def _size(value: Any) -> int:
    """About how many characters the JSON of a value has, before it is made."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return 2 + sum(_size(key) + _size(inner) + 2 for key, inner in value.items())
    return 2 + sum(_size(inner) + 1 for inner in value) if isinstance(value, list) else 8


def do_not_eval(scope: Scope, value: Any) -> Any:
    """The value itself: nothing that an expression gives is ever evaluated here."""
    if isinstance(scope.root, Names):
        scope.root.kept.append(value)
    return value


def _same(_scope: Scope, value: Any) -> Any:
    return value


TEXT = (
    Function(
        name="toJson",
        signature="#toJson(value)",
        least=1,
        call=to_json,
        description="the value as JSON; a result with `${` in it is refused",
    ),
    Function(
        name="doNotEval",
        signature="#doNotEval(value)",
        least=1,
        call=do_not_eval,
        description="the value itself, which `#toJson` then writes whatever is in it",
    ),
    Function(
        name="toInt",
        signature="#toInt(text)",
        least=1,
        call=to_int,
        description="a whole number within 32 bits, base 10, without spaces",
    ),
    Function(name="toFloat", signature="#toFloat(text)", least=1, call=to_float, description="a number"),
    Function(
        name="toBoolean",
        signature="#toBoolean(text)",
        least=1,
        call=to_boolean,
        description="true for `true` in any case, false for all else",
    ),
    Function(
        name="toBase64", signature="#toBase64(text)", least=1, call=to_base64, description="base64 of the text's UTF-8"
    ),
    Function(
        name="fromBase64",
        signature="#fromBase64(text)",
        least=1,
        call=from_base64,
        description="the text behind base64",
    ),
    Function(
        name="alphanumerical",
        signature="#alphanumerical(text)",
        least=1,
        call=alphanumerical,
        description="the text with nothing but letters and digits (A–Z, a–z, 0–9)",
    ),
    Function(
        name="readJson",
        signature="#readJson(text)",
        least=1,
        call=read_json,
        description="the list (a text that begins with `[`) or map that JSON holds",
    ),
    Function(
        name="fetchReference",
        signature="#fetchReference(value)",
        least=1,
        call=_same,
        description="the value itself: artifacts are not kept behind references here",
    ),
)
