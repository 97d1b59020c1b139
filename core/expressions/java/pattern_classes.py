"""The named classes of characters in Java's regular expressions.

Separate because they are a table: Java's POSIX classes hold only ASCII, and the engine's do not.
"""

import re

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
#: The same under `(?U)`.
_UNICODE = {
    "Lower": r"\p{Lowercase}",
    "Upper": r"\p{Uppercase}",
    "Alpha": r"\p{Alphabetic}",
    "Digit": r"\p{Nd}",
    "Alnum": r"\p{Alphabetic}\p{Nd}",
    "Punct": r"\p{P}",
    "Space": r"\p{White_Space}",
}
#: Java's names of properties that the engine calls otherwise.
_RENAMED = {"IsDigit": "Nd", "IsLetter": "L", "IsPunctuation": "P", "IsControl": "Cc", "IsTitlecase": "Lt"}
_CASED = {"Lower": "Alpha", "Upper": "Alpha"}
_NAME = re.compile(r"(?:Is|In)?[A-Za-z][A-Za-z_ ]*|(?:sc|script|blk|block|gc|general_category)=[A-Za-z_ ]+")
_SWAPPED = {one: f"{one.lower()}{one.upper()}" for one in map(chr, range(128)) if one.isalpha()}


def escaped(text: str) -> str:
    """A text that stands for itself, outside and inside of classes."""
    return "".join(one if one.isalnum() or one == "_" or ord(one) > 126 else f"\\x{ord(one):02x}" for one in text)


def either_case(char: str) -> str:
    """An ASCII letter in both cases, for a class; others as they are."""
    return _SWAPPED.get(char) or escaped(char)


def range_of(first: str, last: str, *, both: bool) -> str:
    """A range for a class, with the other case of its ASCII letters when both are wanted."""
    written = f"{escaped(first)}-{escaped(last)}"
    if not both:
        return written
    letters = [one for one in map(chr, range(128)) if one.isalpha() and first <= one <= last]
    return written + "".join(one.swapcase() for one in letters)


def property_class(sign: str, name: str, flags: frozenset[str]) -> str | None:
    """`\\p{name}` or, when `sign` is `P`, its opposite; None for a name that Java does not have or that is refused."""
    if "i" in flags:
        name = _CASED.get(name, name)
    inside = _UNICODE.get(name) if "U" in flags else None
    inside = inside or _POSIX.get(name)
    if inside:
        return f"[{'^' if sign == 'P' else ''}{inside}]"
    if name.startswith("java") or not _NAME.fullmatch(name):
        return None
    if "i" in flags and name in ("Lu", "Ll", "Lt"):
        return f"[{'^' if sign == 'P' else ''}\\p{{Lu}}\\p{{Ll}}\\p{{Lt}}]"
    return f"\\{sign}{{{_RENAMED.get(name, name)}}}"


#: What may stand in `\\p{…}`, for messages.
PROPERTIES = f"{', '.join(_POSIX)}, and Unicode's such as L, Lu, IsLatin"
