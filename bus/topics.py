"""Which facts a subscriber gets: AMQP's topic patterns, for transports that have no topic exchange of their own.

Separate because every transport must route alike: `*` is exactly one word, `#` any number of words, words are parted by dots.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache


@lru_cache(maxsize=4096)
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern such as `stage.*` as a regular expression that matches a whole type."""
    words = ["" if word == "#" else r"[^.]*" if word == "*" else re.escape(word) for word in pattern.split(".")]
    # Every word takes its dot with it, so that `#` may take none at all.
    return re.compile("".join(rf"{word}\." if word else r"(?:[^.]*\.)*" for word in words))


def matches(patterns: Iterable[str], type_: str) -> bool:
    """One of the patterns takes facts of this type."""
    return any(expression(pattern).fullmatch(f"{type_}.") for pattern in patterns)


class Routes:
    """Which destinations take which types; remembers what it found, for types are few and facts many."""

    def __init__(self) -> None:
        self._patterns: dict[str, tuple[str, ...]] = {}
        self._found: dict[str, tuple[str, ...]] = {}

    def add(self, destination: str, patterns: Sequence[str]) -> None:
        """A destination takes these patterns as well."""
        self._patterns[destination] = tuple(dict.fromkeys((*self._patterns.get(destination, ()), *patterns)))
        self._found = {}

    def remove(self, destination: str) -> None:
        """A destination takes nothing any more."""
        self._patterns.pop(destination, None)
        self._found = {}

    def of(self, type_: str) -> tuple[str, ...]:
        """The destinations of facts of this type."""
        found = self._found
        if (known := found.get(type_)) is None:
            known = tuple(name for name, patterns in list(self._patterns.items()) if matches(patterns, type_))
            if len(found) < 10_000:
                found[type_] = known
        return known
