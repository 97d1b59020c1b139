"""Java's regular expressions in the syntax of the engine that runs them.

Separate because the translation is a grammar of its own. What Java does not have (fuzzy matches, recursion, conditions) is refused, so that
nothing of the other engine's own language can be reached.
"""

import re

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.pattern_classes import (
    PREDEFINED,
    PROPERTIES,
    either_case,
    escaped,
    property_class,
    range_of,
)

#: The longest pattern, the greatest count of a repetition, and how deep groups and classes may nest.
LONGEST, MOST, DEEPEST = 2_000, 1_000, 40
_ENDS = r"\n\r\u0085\u2028\u2029"
_LINE_END = rf"(?:\r\n|[{_ENDS}])"
_LAST = rf"(?={_LINE_END}?\Z)"
_LINE_LAST = rf"(?=[{_ENDS}]|\Z)(?<!\r(?=\n))"
_LINE_FIRST = rf"(?:(?<=\A|[{_ENDS}])(?<!\r(?=\n))(?!\Z)|\A)"
_REPETITION = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_GROUP = re.compile(r"\((?:\?(?:([:=!>]|<[=!])|<([a-zA-Z][a-zA-Z0-9]*)>|([idmsuxU]*)(?:-([idmsux]*))?([:)])))?")
_SIMPLE = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f", "a": r"\a", "e": r"\x1b"}
_ANCHORS = {"A": r"\A", "z": r"\Z", "Z": _LAST, "b": r"\b", "B": r"\B", "G": r"\G", "R": _LINE_END, "X": r"\X"}


def bad(reason: str, position: int, pattern: str) -> ExpressionError:
    """The error for a pattern that Java would not take."""
    return ExpressionError(
        f"the regular expression '{pattern[:200]}' cannot be read at character {position + 1}: {reason}",
        kind="PatternSyntaxException",
    )


class Translator:
    """Reads one pattern from left to right. Case is ignored for ASCII only unless `(?u)` says otherwise, so that letters are written in both cases."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST:
            raise ExpressionError(
                f"the regular expression has {len(pattern):,} characters; at most {LONGEST:,} are allowed"
            )
        self.pattern = pattern
        self.at = 0
        self.flags = frozenset[str]()
        self.open: list[frozenset[str]] = []
        self.groups = 0
        self.out: list[str] = []
        self.quoting = False
        self.total = len(re.findall(r"(?<!\\)\((?!\?)|\(\?<[a-zA-Z]", pattern))

    def translate(self) -> str:
        """The pattern for the engine. Raises ExpressionError."""
        while self.at < len(self.pattern):
            self.out.append(self._next())
        if self.open:
            raise bad("a group is not closed", len(self.pattern), self.pattern)
        return "".join(self.out)

    def _next(self) -> str:
        char = self.pattern[self.at]
        if char == "\\":
            return self._escape()
        if char == "[":
            return self.char_class(0)
        if char == "(":
            return self._group()
        if char == "{":
            return self._repetition()
        self.at += 1
        if char == ")":
            if not self.open:
                raise bad("there is a ')' without a '('", self.at - 1, self.pattern)
            self.flags = self.open.pop()
            return ")"
        if "x" in self.flags and (char.isspace() or char == "#"):
            if char == "#":
                end = self.pattern.find("\n", self.at)
                self.at = len(self.pattern) if end < 0 else end + 1
            return ""
        return self._plain(char)

    def _plain(self, char: str) -> str:
        unix = "d" in self.flags
        if char == ".":
            return "(?s:.)" if "s" in self.flags else r"[^\n]" if unix else f"[^{_ENDS}]"
        if char == "$":
            if "m" in self.flags:
                return r"(?=\n|\Z)" if unix else _LINE_LAST
            return r"(?=\n?\Z)" if unix else _LAST
        if char == "^":
            if "m" not in self.flags:
                return r"\A"
            return r"(?:\A|(?<=\n)(?!\Z))" if unix else _LINE_FIRST
        return char if char in "*+?|" else self._letter(char)

    def _both_cases(self) -> bool:
        return "i" in self.flags and not {"u", "U"} & self.flags

    def _letter(self, char: str) -> str:
        either = either_case(char) if self._both_cases() else escaped(char)
        return f"[{either}]" if len(either) == 2 else either

    def _repetition(self) -> str:
        found = _REPETITION.match(self.pattern, self.at)
        if not found:
            raise bad("a '{' that repeats nothing must be written '\\{'", self.at, self.pattern)
        counts = [int(one) for one in found.groups() if one]
        if max(counts) > MOST or any(len(one or "") > 6 for one in found.groups()):
            raise bad(f"a repetition of more than {MOST:,} times", self.at, self.pattern)
        if len(counts) == 2 and counts[0] > counts[1]:
            raise bad("a repetition whose least is more than its most", self.at, self.pattern)
        self.at = found.end()
        return found[0]

    def _group(self) -> str:
        found = _GROUP.match(self.pattern, self.at)
        if not found or (found[0] == "(" and self.pattern[self.at + 1 : self.at + 2] == "?"):
            raise bad("Java has no such group", self.at, self.pattern)
        kind, name, on, off, end = found.groups()
        if len(self.open) >= DEEPEST:
            raise bad(f"groups nest more than {DEEPEST} deep", self.at, self.pattern)
        self.at = found.end()
        if end == ")":
            return self._switch(on, off or "")
        self.open.append(self.flags)
        if end == ":":
            return f"(?:{self._switch(on, off or '')}"
        if kind:
            return f"(?{kind}"
        self.groups += 1
        return f"(?P<{name}>" if name else "("

    def _switch(self, on: str, off: str) -> str:
        before = self._folded()
        self.flags = (self.flags | frozenset(on)) - frozenset(off)
        after = self._folded()
        return "" if before == after else "(?i)" if after else "(?-i)"

    def _folded(self) -> bool:
        """Whether the engine itself must ignore case: by Unicode's rules."""
        return "i" in self.flags and not self._both_cases()

    def _escape(self) -> str:
        start, rest = self.at, self.pattern[self.at + 1 : self.at + 2]
        if rest == "Q":
            return "".join(map(self._letter, self.quoted()))
        if rest in _ANCHORS and rest:
            self.at += 2
            return _ANCHORS[rest]
        if rest == "k":
            found = re.compile(r"\\k<([a-zA-Z][a-zA-Z0-9]*)>").match(self.pattern, start)
            if not found:
                raise bad("expected '\\k<name>'", start, self.pattern)
            self.at = found.end()
            return f"(?i:(?P={found[1]}))" if "i" in self.flags else f"(?P={found[1]})"
        if rest in tuple("123456789"):
            return self._reference()
        literal = self.literal()
        return literal if len(literal) > 1 else self._letter(literal)

    def _reference(self) -> str:
        self.at += 1
        number = int(self.pattern[self.at])
        self.at += 1
        while (digit := self.pattern[self.at : self.at + 1]) and digit in "0123456789":
            if number * 10 + int(digit) > self.total:
                break
            number, self.at = number * 10 + int(digit), self.at + 1
        if number > self.groups:
            return "(?!)"  # a group that has not been seen yet never matches in Java
        return f"(?i:\\{number})" if "i" in self.flags else f"(?:\\{number})"

    def quoted(self) -> str:
        """The text between \\Q and \\E."""
        end = self.pattern.find("\\E", self.at)
        text = self.pattern[self.at + 2 : len(self.pattern) if end < 0 else end]
        self.at = len(self.pattern) if end < 0 else end + 2
        return text

    def literal(self) -> str:
        """What an escape stands for: a class such as `\\d`, or one character as it is."""
        start, pattern = self.at, self.pattern
        char = pattern[start + 1 : start + 2]
        self.at += 2
        if char in ("p", "P"):
            found = re.compile(r"\{([^}]*)\}|([A-Z])").match(pattern, self.at)
            if not found:
                raise bad("expected a property such as '\\p{Alpha}'", start, pattern)
            self.at = found.end()
            named = property_class(char, found[1] or found[2], self.flags)
            if named is None:
                raise bad(f"the property '{found[1]}' is not supported; there are {PROPERTIES}", start, pattern)
            return named
        if char in PREDEFINED and char:
            return f"\\{char}" if "U" in self.flags and char in "dDsSwW" else PREDEFINED[char]
        if char in ("x", "u", "0", "c"):
            return self._numbered(char)
        if char in _SIMPLE and char:
            return {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}[char]
        if not char or (char.isascii() and char.isalnum()):
            raise bad(f"Java has no escape '\\{char}'", start, pattern)
        return char

    def _numbered(self, char: str) -> str:
        forms = {
            "x": r"([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\}",
            "u": r"([0-9a-fA-F]{4})",
            "0": r"([0-3][0-7]{2}|[0-7]{1,2})",
            "c": r"([\x00-\x7f])",
        }
        found = re.compile(forms[char]).match(self.pattern, self.at)
        if not found:
            raise bad(f"the escape '\\{char}' is not complete", self.at - 2, self.pattern)
        self.at = found.end()
        if char == "c":
            return chr(ord(found[1]) ^ 64)
        number = int(next(one for one in found.groups() if one), 8 if char == "0" else 16)
        if number > 0x10FFFF:
            raise bad("there is no such character", self.at, self.pattern)
        return chr(number)

    def char_class(self, depth: int) -> str:
        """A class in brackets, with classes inside it and `&&` between its parts."""
        start = self.at
        if depth > DEEPEST:
            raise bad(f"classes nest more than {DEEPEST} deep", start, self.pattern)
        self.at += 1
        negated = self.pattern[self.at : self.at + 1] == "^"
        self.at += negated
        parts: list[str] = [""]
        while True:
            char = self.pattern[self.at : self.at + 1]
            if not char:
                raise bad("a '[' is not closed", start, self.pattern)
            if char == "]" and "".join(parts):
                self.at += 1
                break
            if self.pattern.startswith("&&", self.at):
                self.at += 2
                parts.append("")
            elif char == "[":
                parts[-1] += self.char_class(depth + 1)
            else:
                parts[-1] += self._member()
        inside = "&&".join(f"[{part}]" for part in parts if part) if len(parts) > 1 else parts[0]
        return f"[{'^' if negated else ''}{inside}]"

    def _member(self) -> str:
        first = self._single()
        if self.quoting or len(first) != 1:
            return "".join(map(self._inside, first)) if self.quoting else first
        after = self.pattern[self.at + 1 : self.at + 2]
        if self.pattern[self.at : self.at + 1] == "-" and after not in ("]", "[", ""):
            self.at += 1
            last = self._single()
            if len(last) != 1 or last < first:
                raise bad("the range ends before it begins", self.at, self.pattern)
            return range_of(first, last, both=self._both_cases())
        return self._inside(first)

    def _inside(self, char: str) -> str:
        return either_case(char) if self._both_cases() else escaped(char)

    def _single(self) -> str:
        self.quoting = self.pattern.startswith("\\Q", self.at)
        if self.quoting:
            return self.quoted()
        if self.pattern[self.at] == "\\":
            return self.literal()
        self.at += 1
        char = self.pattern[self.at - 1]
        return "" if "x" in self.flags and char.isspace() else char
