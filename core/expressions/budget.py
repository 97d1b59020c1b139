"""What one evaluation may use up, counted and never timed, so that the same expression always ends in the same way.

Separate because everything that loops or grows asks it first: the evaluator, the Java library, the helper functions.
"""

from typing import Any

from gennaker.core.expressions.errors import LimitReached

#: What one evaluation may do: about so many microseconds of work. A call costs several.
STEPS, CALL = 100_000, 4
#: Characters of one text, and of all texts that one evaluation makes.
CHARACTERS, ALL_CHARACTERS = 1_000_000, 10_000_000
#: Elements of one list or map.
ELEMENTS = 100_000
#: Seconds that regular expressions may run, all together: the one limit that cannot be a count.
SECONDS = 0.5


class Budget:
    """The account of one evaluation."""

    __slots__ = ("characters", "seconds", "steps", "weighed")

    def __init__(self) -> None:
        self.steps = STEPS
        self.characters = ALL_CHARACTERS
        #: Lists and maps that were weighed, by identity: the value, its weight, its depth (`weight.py`).
        self.weighed: dict[int, tuple[Any, int, int]] = {}
        self.seconds = SECONDS

    def spend(self, steps: int = 1) -> None:
        """Use up steps. Raises LimitReached."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitReached(f"needs more than {STEPS:,} steps")

    def text(self, length: int) -> None:
        """Before a text of so many characters is made. Raises LimitReached."""
        if length > CHARACTERS:
            raise LimitReached(f"makes a text of {length:,} characters; at most {CHARACTERS:,} are allowed")
        self.characters -= length
        if self.characters < 0:
            raise LimitReached(f"makes more than {ALL_CHARACTERS:,} characters of text")

    def elements(self, count: int) -> None:
        """Before a list or map of so many elements is made. Raises LimitReached."""
        if count > ELEMENTS:
            raise LimitReached(f"makes a collection of {count:,} elements; at most {ELEMENTS:,} are allowed")
        self.spend(count)
