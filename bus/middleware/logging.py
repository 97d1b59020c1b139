"""One line for each message: what it was, what became of it, how long it took.

Separate so that nothing inside has to log.
"""

import logging
import time

from gennaker.bus.middleware.call import Again, Buried, Call, Handle, Verdict

_log = logging.getLogger("gennaker.bus")


def logged(handle: Handle) -> Handle:
    """Log every call: quietly what went well, with a warning what did not."""

    def call(given: Call) -> Verdict:
        began = time.perf_counter()
        verdict = handle(given)
        took = 1000 * (time.perf_counter() - began)
        what = f"{given.queue}: {given.event.type} {given.event.id}"
        match verdict:
            case Again():
                _log.warning(
                    "%s failed, delivery %d, again in %.1f s: %s", what, given.deliveries, verdict.delay, verdict.reason
                )
            case Buried():
                _log.error("%s is with the dead letters: %s", what, verdict.reason)
            case _:
                _log.debug("%s handled in %.1f ms", what, took)
        return verdict

    return call
