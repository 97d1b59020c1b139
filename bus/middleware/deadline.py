"""What has expired is not handled any more.

Separate because the sender decides how long its event matters: CloudEvents' extension `expirytime` (RFC 3339).
"""

import logging
import time

from gennaker.bus.middleware.call import Call, Done, Handle, Verdict
from gennaker.bus.wire import milliseconds

_log = logging.getLogger("gennaker.bus")


def in_time(handle: Handle) -> Handle:
    """Pass on what has not expired."""

    def call(given: Call) -> Verdict:
        expiry = milliseconds(given.event.extensions.get("expirytime", ""))
        if expiry and time.time() * 1000 > expiry:
            _log.info("%s: %s %s had expired", given.queue, given.event.type, given.event.id)
            return Done()
        return handle(given)

    return call
