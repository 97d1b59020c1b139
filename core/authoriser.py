"""Who is calling, and whether they may: the one place that decides it.

Separate and pure (headers in, identity out) so that every door, HTTP today and others later, asks the same judge.

Scopes contain each other: `admin` ⊃ `run` ⊃ `read`. `read` sees; `run` starts stored pipelines, stops, pauses and answers them;
`admin` says what may run: definitions, ad-hoc tasks, inline pipelines, dead letters.

Without any credential configured everybody is `anonymous` and may do all, on loopback only, and then two more things are looked at:
the `Host` header must name this machine (a web page whose name was re-bound to 127.0.0.1 names another), and a browser's request from
another origin may change nothing. The latter holds for Basic credentials too, because browsers send them unasked.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from gennaker.config.settings import Server
from gennaker.core.errors import InvalidRequest, NotAllowed, NotAuthenticated

Scope = Literal["read", "run", "admin"]

ANONYMOUS = "anonymous"
_CONTAINS: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "run": frozenset({"read", "run"}),
    "admin": frozenset({"read", "run", "admin"}),
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LONGEST_USER = 256

Headers = Mapping[str, str]


class Identity(Struct, frozen=True, kw_only=True):
    """The caller, as far as we believe them."""

    user: str
    scopes: frozenset[str]
    #: Nobody had to say who they are.
    anonymous: bool = False

    def may(self, scope: Scope) -> bool:
        """Whether the scope is among theirs."""
        return scope in self.scopes


class Credential(Struct, frozen=True, kw_only=True):
    """A secret that proves who is calling: an API token, or a password together with its user."""

    user: str
    secret: str
    scopes: tuple[str, ...] = ("read",)

    def __repr__(self) -> str:
        return f"Credential(user={self.user!r})"


class Authoriser:
    """Judges every request. `host` is the address that the daemon is bound to."""

    def __init__(
        self, *, tokens: Iterable[Credential] = (), passwords: Iterable[Credential] = (), host: str = "127.0.0.1"
    ) -> None:
        self._tokens = [(_digest(known.secret), _identity(known)) for known in tokens]
        self._passwords = [(_digest(f"{known.user}:{known.secret}"), _identity(known)) for known in passwords]
        self._host = host.strip("[]").lower()

    @classmethod
    def of(cls, server: Server) -> "Authoriser":
        """The judge that the section `server` of the configuration asks for. A token without a user acts under its own name."""
        return cls(
            tokens=[Credential(user=t.user or t.name, secret=t.token, scopes=t.scopes) for t in server.tokens],
            passwords=[Credential(user=b.user, secret=b.password, scopes=b.scopes) for b in server.basic],
            host=server.host,
        )

    @property
    def authenticated(self) -> bool:
        """Callers have to prove who they are."""
        return bool(self._tokens or self._passwords)

    @property
    def open(self) -> bool:
        """Everybody may come in: nothing is configured, and only this machine can reach us."""
        return not self.authenticated and is_loopback(self._host)

    def identify(self, method: str, headers: Headers) -> Identity:
        """Who is calling. `headers` are looked up by lower-case names.

        Raises NotAuthenticated without a valid credential, NotAllowed for what a foreign web page may have sent.
        """
        if self.open:
            self._check_host(headers.get("host", ""))
            check_origin(method, headers)
            everybody = Identity(user=ANONYMOUS, scopes=_CONTAINS["admin"], anonymous=True)
            return _on_behalf(everybody, headers)
        if token := _token(headers):
            known = _find(self._tokens, token)
        elif pair := _basic(headers):
            check_origin(method, headers)
            known = _find(self._passwords, pair)
        elif "authorization" in headers:
            raise NotAuthenticated("the Authorization header is neither `Bearer <token>` nor `Basic <user:password>`")
        else:
            raise NotAuthenticated("no credentials: send `Authorization: Bearer <token>` or Basic authentication")
        if known is None:
            raise NotAuthenticated("the credentials are not known here")
        return _on_behalf(known, headers)

    def _check_host(self, host: str) -> None:
        name = _name_of(host)
        if name != self._host and not is_loopback(name):
            raise NotAllowed(
                f"the Host header names {name or 'nothing'!r}, not this machine: without authentication only "
                "localhost may be called; configure `server.tokens` or `server.basic` to be called by other names"
            )


def require(identity: Identity, scope: Scope) -> None:
    """Raises NotAllowed unless the caller has the scope."""
    if not identity.may(scope):
        raise NotAllowed(f"{identity.user} may not do this: it needs the scope `{scope}`")


def is_loopback(host: str) -> bool:
    """Whether an address or name (no port, no brackets) can only mean this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def check_origin(method: str, headers: Headers) -> None:
    """Raises NotAllowed when a web page of another origin asks for a change."""
    if method.upper() in _SAFE_METHODS:
        return
    origin = headers.get("origin")
    if origin is None:
        foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    else:
        foreign = _place_of(origin) != headers.get("host", "").lower()
    if foreign:
        raise NotAllowed(f"a web page from {origin or 'another site'} may not change anything here")


def _place_of(origin: str) -> str | None:
    """Host and port of an origin; None for `null` and nonsense."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _identity(known: Credential) -> Identity:
    scopes: frozenset[str] = frozenset()
    for scope in known.scopes:
        scopes |= _CONTAINS.get(scope, frozenset())
    return Identity(user=known.user, scopes=scopes)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _find(known: list[tuple[bytes, Identity]], secret: str) -> Identity | None:
    """Every entry is compared, each in constant time: how long it takes tells nothing."""
    wanted, found = _digest(secret), None
    for digest, identity in known:
        if hmac.compare_digest(digest, wanted):
            found = identity
    return found


def _token(headers: Headers) -> str | None:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    return headers.get("x-spinnaker-token") or None


def _basic(headers: Headers) -> str | None:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotAuthenticated("the Basic credentials are not base64 of `user:password`") from error


def _on_behalf(identity: Identity, headers: Headers) -> Identity:
    """The same rights under the name in X-SPINNAKER-USER, for those who may do everything anyway."""
    user = headers.get("x-spinnaker-user", "").strip()
    if not user or not identity.may("admin"):
        return identity
    if len(user) > _LONGEST_USER or not user.isprintable():
        raise InvalidRequest(f"a user is at most {_LONGEST_USER} printable characters", "header X-SPINNAKER-USER")
    return Identity(user=user, scopes=identity.scopes, anonymous=identity.anonymous)


def _name_of(host: str) -> str:
    """The name or address in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if host.count(":") == 1 else host.lower()
