"""java.net.URLEncoder.

Separate because it is a type of its own, with one method.
"""

from gennaker.core.expressions.java.charsets import to_bytes
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.scope import Scope

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*_")


def _encode(scope: Scope, value: str, charset: str = "UTF-8") -> str:
    scope.budget.text(len(value) * 3)
    to_bytes("", charset)
    runs: list[str] = []
    for char in value:
        if char in _SAFE or char == " ":
            runs.append("+" if char == " " else char)
        else:
            runs.append("".join(f"%{one:02X}" for one in to_bytes(char, charset)))
    return "".join(runs)


URL_ENCODER = Type(
    name="java.net.URLEncoder",
    statics=table(("encode(String): String", _encode), ("encode(String, String): String", _encode)),
)
