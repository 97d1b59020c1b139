"""Where a URL leads: what decides whether an account's credentials may go there.

Separate because programs read strange URLs in different ways. Here only a plain beginning is understood, everything else is refused,
so that what was compared is what is called.
"""

import re
from base64 import b64encode
from typing import NamedTuple

from gennaker.core.errors import InvalidRequest

_ORIGIN = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(?=[/?#]|\Z)")
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port; equal ones may have the same credentials."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as people write them."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def origin(url: str) -> Origin:
    """The origin of an absolute URL. Raises InvalidRequest for anything else, and for a URL with a user in it."""
    found = _ORIGIN.match(url)
    if found is None:
        raise InvalidRequest(
            f"{url[:200]!r} is not a plain URL; expected https://host/… (or http), without a user in it"
        )
    scheme, host, port = found.groups()
    return Origin(scheme, host.lower(), int(port) if port else _PORTS[scheme])


def basic(user: str, password: str) -> str:
    """The `Authorization` of HTTP basic authentication."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
