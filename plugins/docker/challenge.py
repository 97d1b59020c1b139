"""Reads how a registry wants to be asked: the header `WWW-Authenticate` of a 401.

Separate because it is pure, and the first text of a stranger in the conversation about a password.
"""

import re

from msgspec import Struct

_LONGEST = 4096
_SCHEME = re.compile(r"(?:^|,)\s*(Bearer|Basic)\s+", re.IGNORECASE)
_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z_]+)="([^"]*)"')


class Challenge(Struct, frozen=True, kw_only=True):
    """One way to sign in."""

    #: `bearer` or `basic`.
    scheme: str
    realm: str = ""
    service: str = ""


def challenges(header: str) -> dict[str, Challenge]:
    """The ways that a header offers, by scheme."""
    header = header[:_LONGEST]
    found: dict[str, Challenge] = {}
    for start in _SCHEME.finditer(header):
        parameters: dict[str, str] = {}
        at = start.end()
        while one := _PARAMETER.match(header, at):
            parameters[one[1].lower()] = one[2]
            at = one.end()
        scheme = start[1].lower()
        found.setdefault(
            scheme,
            Challenge(scheme=scheme, realm=parameters.get("realm", ""), service=parameters.get("service", "")),
        )
    return found
