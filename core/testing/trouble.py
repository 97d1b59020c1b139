"""What can go wrong between the engine and a worker, by a seed.

Separate so that a failing seed says everything: the same seed makes the same trouble again.
"""

import random

from msgspec import Struct

#: An attempt is lost at most this often, so that it is never given up (rule 8).
_MOST_LOSSES = 2


class Trouble(Struct, frozen=True, kw_only=True):
    """Probabilities between 0 and 1."""

    seed: int = 0
    #: Work is delivered twice, and both answers arrive (the second call says `again`).
    duplicate: float = 0.0
    #: The worker dies after the call: its answer never arrives, and the call is made again later.
    crash: float = 0.0
    #: The worker dies before the call.
    lost: float = 0.0
    #: What is under way arrives in any order.
    reorder: bool = False


class Fate:
    """Decides what happens to each delivery, in order."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._random = random.Random(trouble.seed)
        self._losses: dict[object, int] = {}

    def next_of(self, count: int) -> int:
        """Which of so many messages arrives now."""
        return self._random.randrange(count) if self._trouble.reorder else 0

    def duplicated(self) -> bool:
        """This work is delivered twice."""
        return self._random.random() < self._trouble.duplicate

    def crashed(self, call: object) -> bool:
        """The answer to this call is lost."""
        return self._lose(call, self._trouble.crash)

    def lost(self, call: object) -> bool:
        """This call is never made."""
        return self._lose(call, self._trouble.lost)

    def _lose(self, call: object, probability: float) -> bool:
        if self._random.random() >= probability or self._losses.get(call, 0) >= _MOST_LOSSES:
            return False
        self._losses[call] = self._losses.get(call, 0) + 1
        return True
