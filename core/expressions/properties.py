"""Reads Java's properties format.

Separate because its rules of lines, separators and escapes are its own.
"""

import re

_CONTINUED = re.compile(r"(?<!\\)(?:\\\\)*\\$")
_ENTRY = re.compile(r"((?:\\.|[^\\=:\s])*)[ \t\f]*(?:[=:][ \t\f]*)?([\s\S]*)")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


def read_properties(text: str) -> dict[str, str]:
    """Keys to values, the last of a key that is there twice. Anything is a properties text."""
    found: dict[str, str] = {}
    for line in _logical_lines(text):
        entry = _ENTRY.match(line)
        if entry:
            found[_unescaped(entry[1])] = _unescaped(entry[2])
    return found


def _logical_lines(text: str) -> list[str]:
    """Lines with their continuations, without comments and empty lines."""
    lines: list[str] = []
    parts: list[str] = []
    for natural in re.split(r"\r\n|\n|\r", text):
        line = natural.lstrip(" \t\f")
        if not parts and (not line or line[0] in "#!"):
            continue
        if _CONTINUED.search(line):
            parts.append(line[:-1])
            continue
        lines.append("".join((*parts, line)))
        parts = []
    return [*lines, "".join(parts)] if parts else lines


def _unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _LETTERS.get(code, code)

    found = _ESCAPE.sub(plain, text)
    return found if found.isascii() else found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
