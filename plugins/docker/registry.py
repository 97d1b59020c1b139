"""A conversation with one registry: signs in when it is asked to, reads manifests, blobs and lists, and checks digests.

Separate because this is the protocol. The password goes to the registry's own origin and to its token service, if that is the same
origin or the one that the account names; what the registry says about it changes nothing.
"""

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from gennaker.core.artifacts.account import MAX_BYTES, checked
from gennaker.core.artifacts.hosts import origin, web_address
from gennaker.core.artifacts.web_file import credentials
from gennaker.core.errors import InvalidRequest, Refused, Unavailable
from gennaker.core.services import Http, HttpAnswer, Json
from gennaker.plugins.docker.challenge import Challenge, challenges
from gennaker.plugins.docker.reference import HUB, REPOSITORY, TAG, host_of
from gennaker.plugins.docker.settings import Account

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFEST_BYTES = 4 * 1024 * 1024
_PAGE_BYTES = 4 * 1024 * 1024
_TOKEN_BYTES = 64 * 1024
#: Pages of a list that are read at most, names that are asked for on one, and names at most of a registry that gives more.
_PAGES, _PER_PAGE, _NAMES = 100, 100, 50_000
_TIMEOUT_S = 60.0
_HUB_ADDRESS = "https://registry-1.docker.io"
_HUB_TOKENS = "https://auth.docker.io"


class Registry:
    """The registry of an account, for one use: a token that it gave is kept that long and no longer."""

    def __init__(self, account: Account, http: Http) -> None:
        self._account = account
        self._http = http
        hub = host_of(account.address) == HUB
        given = account.address if "://" in account.address else f"https://{account.address}"
        self._address = _HUB_ADDRESS if hub else given.rstrip("/")
        self._origin = origin(self._address)
        named = (self._address, account.token_service, _HUB_TOKENS if hub else "")
        self._token_services = {origin(one) for one in named if one}
        self._password = credentials(account.username, account.password)
        #: The headers to sign with, by scope.
        self._signed: dict[str, dict[str, str]] = {}

    def manifest(self, repository: str, version: str) -> tuple[bytes, str]:
        """A manifest or index as it is stored, and its digest, which was checked. Raises NotFound, Refused, Unavailable."""
        answer = self._get(f"/v2/{repository}/manifests/{version}", _pull(repository), _MANIFEST_BYTES, MANIFESTS)
        told = version if ":" in version else answer.headers.get("docker-content-digest", "")
        digest = told or f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        return verified(answer.body, digest, f"the manifest {version} of {repository}"), digest

    def blob(self, repository: str, digest: str, size: int) -> bytes:
        """The content with a digest and a size. Raises as `manifest` does."""
        what = f"the blob {digest} of {repository}"
        if size > MAX_BYTES:
            raise Refused(f"{what} has {size} bytes; expected at most {MAX_BYTES}")
        answer = self._get(f"/v2/{repository}/blobs/{digest}", _pull(repository), size)
        return verified(answer.body, digest, what)

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, in the registry's order."""
        found = self._list(f"/v2/{repository}/tags/list?n={_PER_PAGE}", _pull(repository), "tags")
        return [one for one in found if TAG.fullmatch(one)]

    def repositories(self) -> list[str]:
        """All repositories that the registry tells of."""
        found = self._list(f"/v2/_catalog?n={_PER_PAGE}", "registry:catalog:*", "repositories")
        return [one for one in found if REPOSITORY.fullmatch(one)]

    def _list(self, path: str, scope: str, key: str) -> list[str]:
        found: list[str] = []
        for page in self._pages(path, scope):
            names = page.get(key)
            found += [one for one in names if isinstance(one, str)] if isinstance(names, list) else []
            if len(found) > _NAMES:
                raise Refused(f"{self._address}{path}: the list has more than {_NAMES} names")
        return found

    def _pages(self, path: str, scope: str) -> Iterator[Json]:
        for _ in range(_PAGES):
            answer = self._get(path, scope, _PAGE_BYTES)
            yield _json(answer.body, answer.url)
            following = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
            if not following:
                return
            url = urljoin(f"{self._address}{path}", following)
            if not self._is_ours(url):
                raise Refused(f"{self._address} continues its list on another host ({url[:200]}); expected its own")
            parts = urlsplit(url)
            path = f"{parts.path}?{parts.query}"
        raise Refused(f"{self._address}{path}: the list has more than {_PAGES} pages of {_PER_PAGE}")

    def _get(self, path: str, scope: str, max_bytes: int, accept: tuple[str, ...] = ()) -> HttpAnswer:
        """Ask, and once more when the registry wants to know who asks."""
        url = self._address + path
        headers = {"Accept": ", ".join(accept)} if accept else {}
        headers |= self._signed.get(scope, {})
        answer = self._http.request("GET", url, headers=headers, timeout=_TIMEOUT_S, max_bytes=max_bytes)
        if answer.status == 401 and scope not in self._signed and self._is_ours(answer.url):
            self._signed[scope] = self._sign_in(answer, scope)
            headers |= self._signed[scope]
            answer = self._http.request("GET", url, headers=headers, timeout=_TIMEOUT_S, max_bytes=max_bytes)
        return checked(answer)

    def _is_ours(self, url: str) -> bool:
        try:
            return origin(url) == self._origin
        except ValueError:
            return False

    def _sign_in(self, answer: HttpAnswer, scope: str) -> dict[str, str]:
        """The headers that a 401 asks for."""
        offered = challenges(answer.headers.get("www-authenticate", ""))
        if bearer := offered.get("bearer"):
            return credentials(token=self._token(bearer, scope))
        if "basic" in offered and self._password:
            return self._password
        if "basic" in offered:
            raise Refused(f"{self._address} wants a user and a password; the account {self._account.name!r} has none")
        raise Refused(f"{self._address} does not say how to sign in; expected WWW-Authenticate with Bearer or Basic")

    def _token(self, challenge: Challenge, scope: str) -> str:
        """A token to read with. The scope is ours: a registry cannot ask the token service for more."""
        try:
            parts = web_address(challenge.realm, "WWW-Authenticate")
        except InvalidRequest as error:
            raise Refused(f"{self._address} names a token service that is none: {error.message}") from error
        service = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme != "https" and self._address.startswith("https:"):
            raise Refused(f"{self._address} sends to {service} for tokens; expected https")
        if self._password and origin(service) not in self._token_services:
            raise Refused(
                f"{self._address} sends to {service} for tokens, and the password of the account {self._account.name!r} "
                f"is not for that host; set its token_service to {service} if it is"
            )
        query = urlencode({"service": challenge.service, "scope": scope} if challenge.service else {"scope": scope})
        url = f"{challenge.realm}{'&' if '?' in challenge.realm else '?'}{query}"
        answer = checked(
            self._http.request("GET", url, headers=self._password, timeout=_TIMEOUT_S, max_bytes=_TOKEN_BYTES)
        )
        told = _json(answer.body, service)
        token = told.get("token") or told.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
            raise Refused(f"{service} gave no token; expected JSON with the key token")
        return token


def verified(data: bytes, digest: str, what: str) -> bytes:
    """The data, if it has a digest (`sha256:…`). Raises Refused."""
    algorithm, _, wanted = digest.partition(":")
    if algorithm not in ("sha256", "sha512"):
        raise Refused(f"{what}: {algorithm[:20]!r} is not a digest that is checked here; expected sha256 or sha512")
    found = hashlib.new(algorithm, data).hexdigest()
    if found != wanted:
        raise Refused(f"{what} is not what it should be: its {algorithm} is {found}, expected {wanted[:128]}")
    return data


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"


def _json(data: bytes, where: str) -> Json:
    try:
        value: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unavailable(f"{where} answered with something that is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unavailable(f"{where} answered with something else than an object")
    return value
