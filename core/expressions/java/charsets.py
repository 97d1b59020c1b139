"""Texts as bytes and back, in Java's standard character sets.

Separate because bytes in Java are signed, and because only the sets that every Java has are known.
"""

import re

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.kinds import Byte, wrap
from gennaker.core.expressions.java.objects import Array

#: Java's name of a character set, in capitals, to Python's. UTF-16 writes a mark and big-endian.
_CODECS = {
    **dict.fromkeys(("UTF-8", "UTF8"), "utf-8"),
    **dict.fromkeys(("US-ASCII", "ASCII"), "ascii"),
    **dict.fromkeys(("ISO-8859-1", "ISO8859_1", "LATIN1"), "latin-1"),
    "UTF-16": "utf-16-be",
    "UTF-16BE": "utf-16-be",
    "UTF-16LE": "utf-16-le",
}
_ALONE = re.compile("[\ud800-\udfff]")


def _codec(charset: str) -> str:
    codec = _CODECS.get(charset.upper())
    if codec is None:
        raise ExpressionError(
            f"there is no character set '{charset[:100]}'; there are UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE, UTF-16LE",
            kind="UnsupportedEncodingException",
        )
    return codec


def to_bytes(text: str, charset: str) -> bytes:
    """A text in a character set; what it does not have becomes `?`. Raises ExpressionError."""
    codec = _codec(charset)
    whole = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
    data = _ALONE.sub("\ufffd" if "16" in codec else "?", whole).encode(codec, "replace")
    return b"\xfe\xff" + data if charset.upper() == "UTF-16" else data


def encoded(text: str, charset: str) -> Array:
    """A text as Java's `byte[]`. Raises ExpressionError."""
    return Array("byte", (Byte(wrap(one, 8)) for one in to_bytes(text, charset)))


def decoded(data: Array, charset: str) -> str:
    """A `byte[]` as a text; what is no text becomes `\ufffd`. Raises ExpressionError."""
    raw = bytes(one % 256 for one in data)
    codec = _codec(charset)
    if charset.upper() == "UTF-16" and raw[:2] in (b"\xfe\xff", b"\xff\xfe"):
        codec, raw = ("utf-16-be" if raw[0] == 0xFE else "utf-16-le"), raw[2:]
    return raw.decode(codec, "replace")
