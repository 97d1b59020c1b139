"""Texts as Java counts them: in units of 16 bits.

Separate because Python counts characters; only a text with characters beyond U+FFFF (emoji) needs to be taken apart for a call and put together again.
"""

from typing import Any

from gennaker.core.expressions.java.objects import Array

#: Calls that read whole characters: regular expressions and formats.
_WHOLE = frozenset(
    ("matches", "replaceAll", "replaceFirst", "split", "formatted", "getBytes", "toUpperCase", "toLowerCase")
)


def needs_units(name: str, texts: list[Any]) -> bool:
    """Whether a call must see units: a text has characters that Java counts as two."""
    return name not in _WHOLE and any(
        isinstance(one, str) and not one.isascii() and max(one) > "\uffff" for one in texts
    )


def split_units(value: Any) -> Any:
    """A text with each character beyond U+FFFF as its two units."""
    if not isinstance(value, str) or value.isascii():
        return value
    units = value.encode("utf-16-be", "surrogatepass")
    return "".join(chr(high << 8 | low) for high, low in zip(units[::2], units[1::2], strict=True))


def joined_units(value: Any) -> Any:
    """The opposite, also inside lists; halves that stand alone stay."""
    if isinstance(value, Array):
        return Array(value.element, map(joined_units, value))
    if isinstance(value, list):
        return [joined_units(one) for one in value]
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
