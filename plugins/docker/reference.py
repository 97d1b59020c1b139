"""Reads the names of images: `host/repository:tag`, `host/repository@sha256:…`, and Docker Hub's short ones.

Separate because it is pure, and decides to which host a name leads.
"""

import re

from msgspec import Struct

from gennaker.core.errors import InvalidRequest

#: The host of Docker Hub in names, and what else people write for it.
HUB = "docker.io"
_HUBS = frozenset({HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_LONGEST = 512
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


class Reference(Struct, frozen=True, kw_only=True):
    """What a name says. Without tag and digest it names the repository as a whole."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Host and repository."""
        return f"{self.host}/{self.repository}"

    @property
    def version(self) -> str:
        """What to ask the registry for: the digest if there is one, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def host_of(address: str) -> str:
    """The host (with its port) of a registry's address as names have it: Docker Hub has one name here."""
    host = address.rpartition("://")[2].rstrip("/").lower()
    return HUB if host in _HUBS else host


def parse(text: str) -> Reference:
    """What a text names. Raises InvalidRequest with what is wrong in it."""
    if len(text) > _LONGEST:
        raise _wrong(text, f"is longer than {_LONGEST} characters")
    rest, at, digest = text.removeprefix("oci://").partition("@")
    if at and not DIGEST.fullmatch(digest):
        raise _wrong(text, "has no digest after the @; expected sha256: and 64 hexadecimal digits")
    host, rest = _divided(rest)
    repository, colon, tag = rest.partition(":")
    if colon and not TAG.fullmatch(tag):
        raise _wrong(text, "has no tag after the colon; expected letters, digits and _ . -")
    if host != HUB and not _HOST.fullmatch(host):
        raise _wrong(text, f"has {host!r} where the registry's host belongs")
    if host == HUB and "/" not in repository:
        repository = f"library/{repository}"
    if not REPOSITORY.fullmatch(repository):
        raise _wrong(text, "has no repository; expected host/repository:tag, the repository in small letters")
    return Reference(host=host, repository=repository, tag=tag, digest=digest)


def _divided(text: str) -> tuple[str, str]:
    """The host and the rest: the first step is a host when it looks like one, as Docker does it."""
    first, slash, rest = text.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return host_of(first), rest
    return HUB, text


def _wrong(text: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"{text[:200]!r} {what}", "reference")
