"""The git protocol over the one outbound HTTP client.

Separate because here the library for git is used: it speaks the protocol (versions 0 and 2), and what it wants to send goes through our
client, which checks addresses and bounds sizes. It is imported at the first call.
"""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from gennaker.core.artifacts.account import checked
from gennaker.core.artifacts.hosts import Hosts
from gennaker.core.errors import GennakerError, NotFound, Refused
from gennaker.core.services import Http

if TYPE_CHECKING:
    from dulwich.client import AbstractHttpGitClient

#: The largest answer of a server, in bytes.
MAX_BYTES = 64 * 1024 * 1024
_TIMEOUT_S = 120.0
_REFS = "/info/refs?service=git-upload-pack"
_SERVICE = "/git-upload-pack"
_HEX = frozenset("0123456789abcdef")


class Response(Struct, kw_only=True):
    """An answer as the library reads it."""

    status: int
    content_type: str
    redirect_location: str

    def close(self) -> None:
        """Nothing is open."""


class Remote:
    """One repository. Its credentials go with calls to the account's hosts only, wherever the server redirects to."""

    def __init__(self, url: str, hosts: Hosts, credentials: Mapping[str, str], http: Http) -> None:
        self._url = url
        self._hosts = hosts
        self._credentials = credentials
        self._http = http

    def fetch(self, version: str) -> tuple[bytes, bytes]:
        """The id of the object that a branch, tag or commit names (empty: the default branch), and a pack with all of it and no history.

        Raises NotFound, Refused, Unavailable, and what the outbound client raises.
        """
        chosen: list[bytes] = []
        pack = BytesIO()

        def wants(refs: Mapping[Any, Any], **_: Any) -> list[Any]:
            chosen.append(self._chosen(refs, version))
            return chosen

        def ask(client: "AbstractHttpGitClient") -> None:
            from dulwich.object_store import ObjectStoreGraphWalker

            nothing = ObjectStoreGraphWalker([], lambda _: [])
            client.fetch_pack("", cast(Any, wants), nothing, pack.write, depth=1, ref_prefix=_prefixes(version))

        self._ask(ask, version or "its default branch")
        if not pack.tell():
            raise NotFound(f"{self._url} sends nothing for {version or 'its default branch'}")
        return chosen[0], pack.getvalue()

    def branches_and_tags(self) -> list[str]:
        """The names of the branches and then of the tags. Raises as `fetch` does."""
        found: list[bytes] = []
        self._ask(lambda client: found.extend(client.get_refs("").refs), "its branches")
        names = [name.decode("utf-8", "replace") for name in sorted(found) if not name.endswith(b"^{}")]
        return [
            name.removeprefix(kind) for kind in ("refs/heads/", "refs/tags/") for name in names if name.startswith(kind)
        ]

    def _chosen(self, refs: Mapping[Any, Any], version: str) -> bytes:
        for name in _names(version):
            if name in refs:
                return bytes(refs[name])
        if len(version) == 40 and set(version) <= _HEX:
            return version.encode()
        what = f"no branch or tag {version!r}" if version else "no default branch"
        raise NotFound(f"{self._url} has {what} (a commit is named by all its 40 digits)")

    def _ask(self, call: Callable[["AbstractHttpGitClient"], None], what: str) -> None:
        try:
            from dulwich.errors import GitProtocolError, HangupException
        except ImportError as error:
            raise Refused(
                "git repositories need dulwich, which is not installed: pip install 'gennaker[git]'"
            ) from error
        try:
            call(self._client())
        except GennakerError:
            raise
        except HangupException as error:
            raise Refused(f"{self._url}: the server hangs up when asked for {what}; does it have that?") from error
        except GitProtocolError as error:
            raise Refused(f"{self._url}: asked for {what}, the server says: {error}") from error
        except (ValueError, AssertionError, KeyError, IndexError, TypeError) as error:
            raise Refused(f"{self._url}: the server does not speak git as expected ({error})") from error

    def _client(self) -> "AbstractHttpGitClient":
        from dulwich.client import AbstractHttpGitClient

        send = self._send

        class Client(AbstractHttpGitClient):
            def _http_request(
                self,
                url: str,
                headers: dict[str, str] | None = None,
                data: bytes | Iterator[bytes] | None = None,
                raise_for_status: bool = True,
            ) -> tuple[Any, Callable[[int], bytes]]:
                return send(url, headers or {}, data)

        return Client(self._url, thin_packs=False)

    def _send(
        self, url: str, headers: dict[str, str], data: bytes | Iterator[bytes] | None
    ) -> tuple[Response, Callable[[int], bytes]]:
        """Make a call of the library's: the two that a fetch consists of, and no other that a server may lead to."""
        if not url.endswith((_REFS, _SERVICE)):
            raise Refused(f"{self._url}: the server leads to {url}, which is not followed")
        sent = {name: value for name, value in headers.items() if name.lower() != "content-length"}
        if self._hosts.has(url):
            sent |= self._credentials
        content = data if data is None or isinstance(data, bytes) else b"".join(data)
        method = "GET" if content is None else "POST"
        answer = checked(
            self._http.request(method, url, headers=sent, content=content, timeout=_TIMEOUT_S, max_bytes=MAX_BYTES)
        )
        kind = answer.headers.get("content-type", "")
        if not kind.startswith("application/x-git-upload-pack-"):
            raise Refused(f"{self._url} is no git repository (it answers {kind or 'without a type'})")
        moved = answer.url if answer.url != url else ""
        return Response(status=answer.status, content_type=kind, redirect_location=moved), BytesIO(answer.body).read


def _names(version: str) -> list[bytes]:
    """What a version may mean, in the order in which it is looked for."""
    if not version:
        return [b"HEAD"]
    if version.startswith("refs/"):
        return [version.encode()]
    return [f"refs/heads/{version}".encode(), f"refs/tags/{version}".encode()]


def _prefixes(version: str) -> list[bytes]:
    return [*_names(version), b"HEAD"]
