"""What is wrong with a configuration, told so that it can be put right without reading code.

Separate because the reader, the checks and the plugins' own sections all report in the same form.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True):
    """One wrong key or value."""

    #: The file, or `environment variable NAME`, or `command line`.
    file: str
    #: 1-based; None where there are no lines.
    line: int | None = None
    #: Dotted, with indices in brackets: `server.tokens[0].scopes`. Empty for the document as a whole.
    key: str = ""
    message: str
    #: What would have been right; may be empty.
    expected: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        parts = [place, self.key, self.message] if self.key else [place, self.message]
        text = ": ".join(part for part in parts if part)
        return f"{text}; expected {self.expected}" if self.expected else text


class ConfigError(Exception):
    """The configuration cannot be used. `problems` has every mistake that was found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint ` (did you mean 'x'?)`, or nothing when no known word is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
