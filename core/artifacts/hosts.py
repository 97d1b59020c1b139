"""Which addresses an account's credentials are for.

Separate because every account that has credentials needs the same rule: what a pipeline names is a stranger's text, and a credential goes
to the hosts that the operator wrote down and to no other. (A redirect to another host loses it in the outbound client.)
"""

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from gennaker.core.errors import InvalidRequest, Refused

_PORTS = {"http": 80, "https": 443}


def web_address(url: str, where: str = "artifact.reference") -> SplitResult:
    """The parts of an http(s) URL that can be read in one way only. Raises InvalidRequest for anything else."""
    shown = repr(url if len(url) <= 100 else f"{url[:97]}…")
    if not url.isprintable() or any(character in url for character in ' \\"<>^`{|}'):
        raise InvalidRequest("has characters that no URL has; expected an http or https URL", where)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidRequest(f"{shown} is no URL ({error})", where) from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise InvalidRequest(f"{shown} was given, expected an http or https URL", where)
    if "@" in parts.netloc:
        raise InvalidRequest("has a user name in front of its host: give credentials to an artifact account", where)
    return parts


def origin(entry: str) -> tuple[str, str, int]:
    """Scheme, host and port that an entry of an account's `hosts` means: `git.example.com` (https), `http://127.0.0.1:8080`.

    Raises ValueError for what is none.
    """
    try:
        parts = web_address(entry if "://" in entry else f"https://{entry}", "hosts")
    except InvalidRequest as error:
        raise ValueError(f"{entry!r} is no host such as git.example.com or http://127.0.0.1:8080") from error
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]


class Hosts:
    """The hosts of an account. Empty means any, which only an account without credentials may have."""

    def __init__(self, account: str, entries: Iterable[str]) -> None:
        self._account = account
        self._entries = tuple(entries)
        self._origins = {origin(entry) for entry in self._entries}

    def has(self, url: str) -> bool:
        """Whether a URL is at one of them."""
        return not self._origins or origin(url) in self._origins

    def check(self, url: str, where: str = "artifact.reference") -> SplitResult:
        """The parts of a URL that is at one of them. Raises InvalidRequest for what is no URL, Refused for another host."""
        parts = web_address(url, where)
        if not self.has(url):
            listed = ", ".join(self._entries)
            told = f"{parts.scheme}://{parts.netloc} is not a host of the artifact account {self._account!r} ({listed})"
            raise Refused(told)
        return parts
