"""Time that passes when a test says so.

Separate because everything in the kit reads the same clock.
"""


class Clock:
    """Epoch milliseconds; begins at 2030-01-01 and never goes back."""

    def __init__(self, now: int = 1_893_456_000_000) -> None:
        self._now = now

    def __call__(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += round(seconds * 1000)

    def reach(self, instant: int) -> None:
        """Let time pass until an instant, if it is not over yet."""
        self._now = max(self._now, instant)
