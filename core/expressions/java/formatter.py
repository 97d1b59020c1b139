"""Java's `%` formats: `String.format` and `'…'.formatted(…)`.

Separate because the flags have rules of their own; what is wrong in Java is refused here, and every width is counted before it is made.
"""

import re
from collections.abc import Sequence
from typing import Any, NoReturn

from msgspec import Struct

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.equality import hash_code
from gennaker.core.expressions.java.format_dates import date_part
from gennaker.core.expressions.java.format_numbers import real_text, whole_text
from gennaker.core.expressions.java.kinds import BIG_INTEGER, INTEGER, Char, kind_of, wrap
from gennaker.core.expressions.java.names import type_of
from gennaker.core.expressions.java.text import text
from gennaker.core.expressions.scope import Scope

_SPECIFIER = re.compile(r"%(\d+\$)?([-#+ 0,(<]*)(\d+)?(\.\d+)?([tT])?([a-zA-Z%])")
#: The flags that each conversion takes.
_ALLOWED = {
    **dict.fromkeys("bBhHsScC", "-<"),
    "%": "-",
    "d": "-+ 0,(<",
    **dict.fromkeys("oxX", "-#0+ (<"),
    **dict.fromkeys("eE", "-#+ 0(<"),
    "f": "-#+ 0,(<",
    **dict.fromkeys("gG", "-+ 0,(<"),
    **dict.fromkeys("aA", "-#+ 0<"),
    "n": "",
    **dict.fromkeys("tT", "-<"),
}
_PRECISE = "bBhHsSeEfgGaA"
_LONGEST_NUMBER = 9


class Specifier(Struct, frozen=True, kw_only=True):
    """One `%…` of a format."""

    written: str
    index: int
    flags: str
    width: int
    #: -1 when there is none.
    precision: int
    conversion: str
    #: The letter after `t`.
    suffix: str = ""

    def wrong(self, reason: str, kind: str) -> NoReturn:
        """Raises ExpressionError that shows the specifier."""
        raise ExpressionError(f"the format '{self.written}' {reason}", kind=kind)


def formatted(pattern: str, values: Sequence[Any], scope: Scope) -> str:
    """The pattern with its `%` filled in. Raises ExpressionError, LimitReached."""
    parts: list[str] = []
    at = size = next_index = last = 0
    while (start := pattern.find("%", at)) >= 0:
        scope.budget.spend()
        found = _SPECIFIER.match(pattern, start)
        if not found:
            raise ExpressionError(
                f"the format '{pattern[start : start + 20]}' has no conversion; write '%%' for a percent sign",
                kind="UnknownFormatConversionException",
            )
        specifier = _read(found)
        if specifier.conversion in "n%":
            put = "\n" if specifier.conversion == "n" else _padded(specifier, "%")
        else:
            if "<" in specifier.flags:
                index = last
            elif specifier.index:
                index = specifier.index
            else:
                index = next_index = next_index + 1
            if not 1 <= index <= len(values):
                specifier.wrong(f"has no value: {len(values)} were given", "MissingFormatArgumentException")
            last = index
            scope.budget.text(max(specifier.width, specifier.precision, 0))
            put = _put(specifier, values[index - 1], scope)
        parts += [pattern[at:start], put]
        size += start - at + len(put)
        if size > scope.budget.characters:
            scope.budget.text(size)
        at = found.end()
    parts.append(pattern[at:])
    scope.budget.text(size + len(parts[-1]))
    return "".join(parts)


def _read(found: "re.Match[str]") -> Specifier:
    index, flags, width, precision, date, conversion = found.groups()
    if any(len(one or "") > _LONGEST_NUMBER for one in (index, width, precision)):
        raise ExpressionError(
            f"the format '{found[0][:40]}' has a number that is too long", kind="IllegalFormatException"
        )
    specifier = Specifier(
        written=found[0],
        index=int(index[:-1]) if index else 0,
        flags=flags,
        width=int(width) if width else -1,
        precision=int(precision[1:]) if precision else -1,
        conversion=date or conversion,
        suffix=conversion if date else "",
    )
    _check(specifier)
    return specifier


def _check(one: Specifier) -> None:
    allowed = _ALLOWED.get(one.conversion)
    if allowed is None:
        one.wrong(f"has the unknown conversion '{one.conversion}'", "UnknownFormatConversionException")
    for flag in one.flags:
        if one.flags.count(flag) > 1:
            one.wrong(f"has the flag '{flag}' twice", "DuplicateFormatFlagsException")
        if flag not in allowed:
            one.wrong(
                f"has a flag '{flag}' that '{one.conversion}' does not take", "FormatFlagsConversionMismatchException"
            )
    if one.precision >= 0 and one.conversion not in _PRECISE:
        one.wrong(f"has a precision, which '{one.conversion}' does not take", "IllegalFormatPrecisionException")
    if one.conversion == "n" and one.width >= 0:
        one.wrong("has a width, which 'n' does not take", "IllegalFormatWidthException")
    if one.width < 0 and ("-" in one.flags or "0" in one.flags):
        one.wrong("has a '-' or '0' without a width", "MissingFormatWidthException")
    if {"-", "0"} <= set(one.flags) or {"+", " "} <= set(one.flags):
        one.wrong("has flags that exclude each other", "IllegalFormatFlagsException")


def _put(one: Specifier, value: Any, scope: Scope) -> str:
    lower = one.conversion.lower()
    if lower == "b":
        written = _cut(one, "true" if value is True or (value is not None and value is not False) else "false")
    elif value is None:
        written = _cut(one, "null")
    elif lower == "s":
        written = _cut(one, text(value, scope.budget))
    elif lower == "h":
        written = _cut(one, f"{hash_code(value) % 2**32:x}")
    elif lower == "c":
        written = _character(one, value)
    elif lower == "t":
        written = _date(one, value, scope)
    elif lower in "dox":
        return _whole(one, lower, value)
    else:
        written = real_text(value, one.conversion, one.flags, one.width, one.precision) or one.wrong(
            *_mismatch(one, value)
        )
    return _padded(one, written)


def _date(one: Specifier, value: Any, scope: Scope) -> str:
    try:
        return date_part(one.suffix, value, scope) or one.wrong(*_mismatch(one, value))
    except ExpressionError as error:
        if error.kind != "UnsupportedTemporalTypeException":
            raise
        one.wrong(f"does not take the value: {error.message}", "IllegalFormatConversionException")


def _mismatch(one: Specifier, value: Any) -> tuple[str, str]:
    letter = one.suffix or one.conversion
    return f"does not take the value: {letter} != {type_of(value)}", "IllegalFormatConversionException"


def _cut(one: Specifier, written: str) -> str:
    return written[: one.precision] if one.precision >= 0 else written


def _padded(one: Specifier, written: str) -> str:
    if one.conversion in "BHSCXEGAT":
        written = written.upper()
    if one.conversion == "%" and one.width > 0:
        return written.ljust(one.width) if "-" in one.flags else written.rjust(one.width)
    return written.ljust(max(one.width, 0)) if "-" in one.flags else written.rjust(max(one.width, 0))


def _character(one: Specifier, value: Any) -> str:
    if isinstance(value, Char):
        return value.text
    if not 0 < kind_of(value) <= INTEGER:
        one.wrong(*_mismatch(one, value))
    if not 0 <= value <= 0x10FFFF:
        one.wrong(f"does not take {value}: there is no such character", "IllegalFormatCodePointException")
    return chr(value)


def _whole(one: Specifier, lower: str, value: Any) -> str:
    kind = kind_of(value)
    if not isinstance(value, int) or not kind:
        one.wrong(*_mismatch(one, value))
    number = int(value)
    if lower in "ox" and kind != BIG_INTEGER:
        signs = set(one.flags) & {"+", " ", "("}
        if signs:
            one.wrong(
                f"has a flag '{signs.pop()}' that '{one.conversion}' does not take",
                "FormatFlagsConversionMismatchException",
            )
        number = number if number >= 0 else wrap(number, 64) % 2 ** {1: 8, 2: 16, 3: 32}.get(kind, 64)
    if number.bit_length() > 8_000:
        one.wrong("does not take a number that long", "SpelLimitException")
    return _padded(one, whole_text(number, lower, one.flags, one.width))
