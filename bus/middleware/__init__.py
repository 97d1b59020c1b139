"""What happens around every handler, outermost first: this tuple is the whole of it."""

from functools import reduce

from gennaker.bus.middleware.call import Handle, Middleware
from gennaker.bus.middleware.dead_letter import buried
from gennaker.bus.middleware.deadline import in_time
from gennaker.bus.middleware.logging import logged
from gennaker.bus.middleware.metrics import counted
from gennaker.bus.middleware.retry import retried

MIDDLEWARE: tuple[Middleware, ...] = (logged, counted, buried, retried, in_time)


def around(handle: Handle) -> Handle:
    """A handler with all of the middleware around it."""
    return reduce(lambda inner, middleware: middleware(inner), reversed(MIDDLEWARE), handle)
