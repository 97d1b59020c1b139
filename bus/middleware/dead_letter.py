"""Whatever still fails goes to the dead letters: a poison message never blocks its queue, a handler that raises never ends its consumer.

Separate because it is the last net and must not depend on the ones before it.
"""

import traceback

from gennaker.bus.middleware.call import Buried, Call, Handle, Rejected, Verdict


def buried(handle: Handle) -> Handle:
    """Turn an exception into a dead letter with reason and traceback."""

    def call(given: Call) -> Verdict:
        try:
            return handle(given)
        except Rejected as error:
            return Buried(str(error), traceback.format_exc())
        except Exception as error:
            times = f" (delivery {given.deliveries})" if given.deliveries > 1 else ""
            return Buried(f"{type(error).__name__}: {error}{times}", traceback.format_exc())

    return call
