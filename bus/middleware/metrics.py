"""Counts what becomes of messages.

Separate so that whoever shows numbers reads them here, and the handler knows nothing of it.
"""

import threading
import time
from collections import Counter, defaultdict

from gennaker.bus.middleware.call import Again, Buried, Call, Handle, Verdict

_lock = threading.Lock()
#: By queue and what became of it: `handled`, `retried`, `buried`.
messages: Counter[tuple[str, str]] = Counter()
#: Seconds spent in handlers, by queue.
seconds: defaultdict[str, float] = defaultdict(float)


def so_far() -> tuple[dict[tuple[str, str], int], dict[str, float]]:
    """Both counts as they are now, of one moment."""
    with _lock:
        return dict(messages), dict(seconds)


def counted(handle: Handle) -> Handle:
    """Count every call and the time it took."""

    def call(given: Call) -> Verdict:
        began = time.perf_counter()
        verdict = handle(given)
        what = "retried" if isinstance(verdict, Again) else "buried" if isinstance(verdict, Buried) else "handled"
        with _lock:
            messages[given.queue, what] += 1
            seconds[given.queue] += time.perf_counter() - began
        return verdict

    return call
