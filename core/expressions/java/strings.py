"""java.lang.String.

Separate because it is what expressions use most, and has the longest table.
"""

import re
from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java import matching
from gennaker.core.expressions.java.charsets import decoded, encoded
from gennaker.core.expressions.java.equality import text_hash
from gennaker.core.expressions.java.formatter import formatted
from gennaker.core.expressions.java.kinds import Char
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import Array
from gennaker.core.expressions.java.text import text
from gennaker.core.expressions.scope import Scope

_NOT_SPACE = "\u00a0\u2007\u202f\x85"
_TRIMMED = "".join(map(chr, range(33)))
_LINES = re.compile(r"\r\n|\r|\n")
_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{0,2}|[4-7][0-7]?)|(\r\n|\n|\r)|(.?))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "s": " ", '"': '"', "'": "'", "\\": "\\"}


def is_space(char: str) -> bool:
    """Java's Character.isWhitespace."""
    return char.isspace() and char not in _NOT_SPACE


_SPACES = "".join(chr(one) for one in range(0x3001) if is_space(chr(one)))


def _checked(_: Scope, target: str, begin: int, end: int) -> str:
    if not 0 <= begin <= end <= len(target):
        raise ExpressionError(f"begin {begin}, end {end}, length {len(target)}", kind="StringIndexOutOfBoundsException")
    return target[begin:end]


def _char(_: Scope, target: str, index: int) -> Char:
    if not 0 <= index < len(target):
        raise ExpressionError(
            f"index {index}, length {len(target)}: a text counts from 0", kind="StringIndexOutOfBoundsException"
        )
    return Char(target[index])


def _code_point(scope: Scope, target: str, index: int) -> int:
    first = ord(_char(scope, target, index).text)
    low = ord(target[index + 1]) if index + 1 < len(target) else 0
    if 0xD800 <= first < 0xDC00 <= low < 0xE000:
        return 0x10000 + ((first - 0xD800) << 10) + low - 0xDC00
    return first


def _code_point_before(scope: Scope, target: str, index: int) -> int:
    last = ord(_char(scope, target, index - 1).text)
    if index > 1 and 0xDC00 <= last < 0xE000 and 0xD800 <= ord(target[index - 2]) < 0xDC00:
        return _code_point(scope, target, index - 2)
    return last


def _difference(left: str, right: str) -> int:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return ord(one) - ord(other)
    return len(left) - len(right)


def _folded(target: str) -> str:
    return "".join(
        low if len(low := (up if len(up := one.upper()) == 1 else one).lower()) == 1 else one for one in target
    )


def _code(value: int) -> str:
    if not 0 <= value <= 0x10FFFF:
        return ""
    return chr(value)


def _index(_: Scope, target: str, wanted: str, begin: int = 0) -> int:
    return target.find(wanted, min(max(begin, 0), len(target)))


def _last(_: Scope, target: str, wanted: str, begin: int | None = None) -> int:
    if begin is None:
        return target.rfind(wanted)
    return -1 if begin < 0 else target.rfind(wanted, 0, begin + len(wanted))


def _index_of_code(scope: Scope, target: str, code: int, begin: int = 0) -> int:
    return _index(scope, target, _code(code), begin) if _code(code) else -1


def _last_of_code(scope: Scope, target: str, code: int, begin: int | None = None) -> int:
    return _last(scope, target, _code(code), begin) if _code(code) else -1


def _region(_: Scope, target: str, begin: int, other: str, other_begin: int, length: int) -> bool:
    if min(begin, other_begin) < 0 or begin > len(target) - length or other_begin > len(other) - length:
        return False
    return length <= 0 or target[begin : begin + length] == other[other_begin : other_begin + length]


def _region_any(scope: Scope, target: str, ignore: bool, begin: int, other: str, other_begin: int, length: int) -> bool:
    if ignore:
        target, other = _folded(target), _folded(other)
    return _region(scope, target, begin, other, other_begin, length)


def _repeat(scope: Scope, target: str, count: int) -> str:
    if count < 0:
        raise ExpressionError(f"count is negative: {count}", kind="IllegalArgumentException")
    scope.budget.text(len(target) * count)
    return target * count


def _replace(scope: Scope, target: str, old: str, new: str) -> str:
    scope.budget.text(len(target) + target.count(old) * (len(new) - len(old)))
    return target.replace(old, new)


def _split(scope: Scope, target: str, pattern: str, limit: int = 0) -> Array:
    return Array("String", matching.split(target, pattern, limit, scope.budget))


def _lines(target: str) -> list[str]:
    lines = _LINES.split(target)
    return lines[:-1] if not lines[-1] else lines


def _indent(scope: Scope, target: str, count: int) -> str:
    lines = _lines(target)
    scope.budget.text(len(target) + len(lines) * (max(count, 0) + 1))
    if count >= 0:
        return "".join(f"{' ' * count}{line}\n" for line in lines)
    return "".join(line[min(-count, len(line) - len(line.lstrip(_SPACES))) :] + "\n" for line in lines)


def _strip_indent(_: Scope, target: str) -> str:
    if not target:
        return target
    lines = _LINES.split(target)
    counted = [one for number, one in enumerate(lines) if one.strip(_SPACES) or number == len(lines) - 1]
    least = min((len(one) - len(one.lstrip(_SPACES)) for one in counted), default=0)
    return "\n".join(one[least:].rstrip(_SPACES) if one.strip(_SPACES) else "" for one in lines)


def _translate_escapes(_: Scope, target: str) -> str:
    def put(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 8))
        if found[2]:
            return ""
        if found[3] not in _ESCAPED:
            raise ExpressionError(f"Invalid escape sequence: \\{found[3]}", kind="IllegalArgumentException")
        return _ESCAPED[found[3]]

    return _ESCAPE.sub(put, target)


def _join(scope: Scope, separator: str, *parts: Any) -> str:
    texts = [text(one, scope.budget) for one in parts]
    scope.budget.text(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
    return separator.join(texts)


def _chars(_: Scope, chars: Array, offset: int = 0, count: int | None = None) -> str:
    count = len(chars) - offset if count is None else count
    if offset < 0 or count < 0 or offset + count > len(chars):
        raise ExpressionError(
            f"offset {offset}, count {count}, length {len(chars)}", kind="StringIndexOutOfBoundsException"
        )
    return "".join(one.text for one in chars[offset : offset + count])


def _bytes(scope: Scope, target: str, charset: str) -> Array:
    scope.budget.elements(len(target))
    return encoded(target, charset)


def _to_chars(scope: Scope, target: str) -> Array:
    scope.budget.elements(len(target))
    return Array("char", map(Char, target))


def _value(scope: Scope, value: Any) -> str:
    return text(value, scope.budget)


def _moved(scope: Scope, target: str, index: int, by: int) -> int:
    step = 1 if by > 0 else -1
    for _ in range(abs(by)):
        scope.budget.spend()
        one = _code_point(scope, target, index) if by > 0 else _code_point_before(scope, target, index)
        index += step * (2 if one > 0xFFFF else 1)
    return index


def _code_points(scope: Scope, target: str, begin: int, end: int) -> int:
    part = _checked(scope, target, begin, end)
    return len(part.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass"))


_METHODS = table(
    ("charAt(int): char", _char),
    ("codePointAt(int): int", _code_point),
    ("codePointBefore(int): int", _code_point_before),
    ("codePointCount(int, int): int", _code_points),
    ("compareTo(String): int", lambda _, target, other: _difference(target, other)),
    ("compareToIgnoreCase(String): int", lambda _, target, other: _difference(_folded(target), _folded(other))),
    ("concat(String): String", lambda _, target, other: target + other),
    ("contains(CharSequence): boolean", lambda _, target, part: part in target),
    ("contentEquals(CharSequence): boolean", lambda _, target, other: target == other),
    ("endsWith(String): boolean", lambda _, target, end: target.endswith(end)),
    ("equals(Object): boolean", lambda _, target, other: isinstance(other, str) and target == other),
    (
        "equalsIgnoreCase(String): boolean",
        lambda _, target, other: other is not None and _folded(target) == _folded(other),
    ),
    ("formatted(Object...): String", lambda scope, target, *values: formatted(target, values, scope)),
    ("getBytes(): byte[]", lambda scope, target: _bytes(scope, target, "UTF-8")),
    ("getBytes(String): byte[]", _bytes),
    ("hashCode(): int", lambda _, target: text_hash(target)),
    ("indent(int): String", _indent),
    ("indexOf(String): int", _index),
    ("indexOf(int): int", _index_of_code),
    ("indexOf(String, int): int", _index),
    ("indexOf(int, int): int", _index_of_code),
    ("intern(): String", lambda _, target: target),
    ("isBlank(): boolean", lambda _, target: not target.strip(_SPACES)),
    ("isEmpty(): boolean", lambda _, target: not target),
    ("lastIndexOf(String): int", _last),
    ("lastIndexOf(int): int", _last_of_code),
    ("lastIndexOf(String, int): int", _last),
    ("lastIndexOf(int, int): int", _last_of_code),
    ("length(): int", lambda _, target: len(target)),
    ("matches(String): boolean", lambda scope, target, regex: matching.matches(target, regex, scope.budget)),
    ("offsetByCodePoints(int, int): int", _moved),
    ("regionMatches(int, String, int, int): boolean", _region),
    ("regionMatches(boolean, int, String, int, int): boolean", _region_any),
    ("repeat(int): String", _repeat),
    ("replace(CharSequence, CharSequence): String", _replace),
    ("replace(char, char): String", lambda scope, target, old, new: _replace(scope, target, old.text, new.text)),
    ("replaceAll(String, String): String", lambda s, target, one, new: matching.replace(target, one, new, s.budget)),
    (
        "replaceFirst(String, String): String",
        lambda scope, target, one, new: matching.replace(target, one, new, scope.budget, once=True),
    ),
    ("split(String): String[]", _split),
    ("split(String, int): String[]", _split),
    ("startsWith(String): boolean", lambda _, target, start: target.startswith(start)),
    (
        "startsWith(String, int): boolean",
        lambda _, target, start, at: 0 <= at <= len(target) and target.startswith(start, at),
    ),
    ("strip(): String", lambda _, target: target.strip(_SPACES)),
    ("stripIndent(): String", _strip_indent),
    ("stripLeading(): String", lambda _, target: target.lstrip(_SPACES)),
    ("stripTrailing(): String", lambda _, target: target.rstrip(_SPACES)),
    ("subSequence(int, int): String", _checked),
    ("substring(int): String", lambda scope, target, begin: _checked(scope, target, begin, len(target))),
    ("substring(int, int): String", _checked),
    ("toCharArray(): char[]", _to_chars),
    ("toLowerCase(): String", lambda _, target: target.lower()),
    ("toString(): String", lambda _, target: target),
    ("toUpperCase(): String", lambda _, target: target.upper()),
    ("translateEscapes(): String", _translate_escapes),
    ("trim(): String", lambda _, target: target.strip(_TRIMMED)),
)
_STREAM = "it gives a stream; split the text instead"
STRING = Type(
    name="java.lang.String",
    methods=_METHODS,
    statics=table(
        ("copyValueOf(char[]): String", _chars),
        ("copyValueOf(char[], int, int): String", _chars),
        ("format(String, Object...): String", lambda scope, pattern, *values: formatted(pattern, values, scope)),
        ("join(CharSequence, CharSequence...): String", _join),
        ("join(CharSequence, List): String", lambda scope, separator, parts: _join(scope, separator, *parts)),
        ("valueOf(char[]): String", _chars),
        ("valueOf(char[], int, int): String", _chars),
        ("valueOf(Object): String", _value),
    ),
    constructors=table(
        ("new(): String", lambda _: ""),
        ("new(String): String", lambda _, value: value),
        ("new(char[]): String", _chars),
        ("new(char[], int, int): String", _chars),
        ("new(byte[]): String", lambda _, data: decoded(data, "UTF-8")),
        ("new(byte[], String): String", lambda _, data, charset: decoded(data, charset)),
    ),
    refused={"lines": _STREAM, "chars": _STREAM, "codePoints": _STREAM, "describeConstable": "it gives an Optional"},
)
