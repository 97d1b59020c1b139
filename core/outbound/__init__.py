"""The one HTTP client of the program: whatever a pipeline names is called through here and nowhere else.

Separate because a URL in a pipeline is text from a stranger: it must not reach the machine's own services, the private network or a
cloud's metadata service. Addresses are checked when the connection is made, not in the text of the URL, so no spelling, redirect or
changing DNS answer goes round it. `outbound.allow` opens ranges.
"""

from gennaker.core.outbound.client import Answer, Outbound
from gennaker.core.outbound.errors import Blocked, CallFailed

__all__ = ["Answer", "Blocked", "CallFailed", "Outbound"]
