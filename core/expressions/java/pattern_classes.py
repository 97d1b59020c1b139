"""The named classes of characters in Java's regular expressions.

Separate because they are a table: Java's POSIX classes hold only ASCII, and the engine's do not.
"""

import re

from gennaker.core.expressions.errors import ExpressionError

_HORIZONTAL = r" \t\u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = r"\n\x0b\f\r\u0085\u2028\u2029"
#: `\d` and its like, as classes in brackets.
PREDEFINED = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "s": r"[ \t\n\x0b\f\r]",
    "S": r"[^ \t\n\x0b\f\r]",
    "w": "[a-zA-Z0-9_]",
    "W": "[^a-zA-Z0-9_]",
    "h": f"[{_HORIZONTAL}]",
    "H": f"[^{_HORIZONTAL}]",
    "v": f"[{_VERTICAL}]",
    "V": f"[^{_VERTICAL}]",
}
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
_NAME = re.compile(r"(?:Is|In)?[A-Za-z][A-Za-z_ ]*|(?:sc|script|blk|block|gc|general_category)=[A-Za-z_ ]+")


def escaped(text: str) -> str:
    """A text that stands for itself, outside and inside of classes."""
    return "".join(one if one.isalnum() or one == "_" or ord(one) > 126 else f"\\x{ord(one):02x}" for one in text)


def property_class(sign: str, name: str, start: int, pattern: str) -> str:
    """`\\p{name}` or, when `sign` is `P`, its opposite. Raises ExpressionError for a name that Java does not have."""
    if name in _POSIX:
        return f"[{'^' if sign == 'P' else ''}{_POSIX[name]}]"
    if name.startswith("java") or not _NAME.fullmatch(name):
        raise ExpressionError(
            f"the regular expression '{pattern[:200]}' cannot be read at character {start + 1}: "
            f"the property '{name}' is not supported; there are {', '.join(_POSIX)} and Unicode's such as L, Lu, IsLatin",
            kind="PatternSyntaxException",
        )
    return f"\\{sign}{{{name}}}"
