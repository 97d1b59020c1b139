"""Keep what was read from texts, as much as a fixed weight allows.

Separate because trees of expressions are far bigger than their texts: a count of entries would bound nothing.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

#: The weight of one generation: parts of trees, and texts in units of 64 characters.
WEIGHT = 50_000


class TextCache(Generic[T]):
    """Values by text, in two generations: what is used moves to the young one; when that is full, the old one is dropped.

    Safe between threads without a lock: the worst that can happen is that something is made twice.
    """

    def __init__(self, make: Callable[[str], T], weigh: Callable[[T], int], most: int = WEIGHT) -> None:
        self._make, self._weigh, self._most = make, weigh, most
        self._young: dict[str, T] = {}
        self._old: dict[str, T] = {}
        self._weight = 0

    def get(self, text: str) -> T:
        """The value for a text, made when it is not there."""
        found = self._young.get(text)
        return self._older(text) if found is None else found

    def _older(self, text: str) -> T:
        found = self._old.get(text)
        if found is None:
            found = self._make(text)
        self._weight += 1 + (len(text) >> 6) + self._weigh(found)
        if self._weight > self._most:
            self._old, self._young, self._weight = self._young, {}, 0
        self._young[text] = found
        return found
