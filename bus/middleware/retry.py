"""What failed is tried again, ever more slowly, a few times.

Separate because how often and how long is decided here for all subscribers. Stage work has its own retry in the engine (rule 11).
"""

import random

from gennaker.bus.middleware.call import Again, Call, Handle, Rejected, Verdict

#: Deliveries before a message is given up: the last comes some ten minutes after the first.
ATTEMPTS = 10
_FIRST_DELAY = 1.0
_LONGEST_DELAY = 300.0


def retried(handle: Handle) -> Handle:
    """Turn an exception into another delivery after a back-off with jitter; the last one goes through."""

    def call(given: Call) -> Verdict:
        try:
            return handle(given)
        except Rejected:
            raise
        except Exception as error:
            if given.deliveries >= ATTEMPTS:
                raise
            return Again(backoff(given.deliveries), f"{type(error).__name__}: {error}")

    return call


def backoff(deliveries: int) -> float:
    """Seconds to wait after this delivery: doubling, bounded, and never the same for two."""
    return min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(deliveries - 1, 30)) * random.uniform(0.5, 1.0)
