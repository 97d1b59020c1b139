"""Makes one call: follows redirects by its own rules, bounds time and size, and turns every failure into one sentence.

Separate from the transport because this is HTTP. The HTTP library is imported at the first call, so that the daemon starts light.
"""

import ssl
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from gennaker.core.outbound.address import networks
from gennaker.core.outbound.errors import Blocked, CallFailed
from gennaker.core.redact import redactor

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 10
#: What a call to another host keeps of the caller's headers; anything else may be a credential of the first host.
_HARMLESS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
#: Headers that belong to the client itself.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "proxy-authorization"})
_AGENT = "gennaker"


class Answer(Struct, kw_only=True):
    """What came back. Header names are lower-case; `url` is the address that answered, after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Outbound:
    """Implements `services.Http`. Safe for many threads; holds no connection between calls."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allowed = networks(allow)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: float = 30.0,
        follow_redirects: bool = True,
        max_bytes: int = 10 * 1024 * 1024,
    ) -> Answer:
        """Make one call; `timeout` is seconds for all of it, `max_bytes` the largest body once unpacked.

        Raises Blocked (the address is not permitted) and CallFailed (wrong URL, no answer, too slow, too large).
        """
        import httpcore
        import httpx

        deadline = time.monotonic() + timeout
        hidden = redactor.text(url)
        try:
            request = self._first(method, url, headers or {}, content)
            for _ in range(MAX_REDIRECTS + 1):
                answer, following = self._send(request, deadline, follow_redirects, max_bytes)
                if following is None:
                    return answer
                request = following
        except httpx.InvalidURL as error:
            raise CallFailed(f"{hidden!r} is not a URL: {error}", retryable=False) from error
        except (httpx.TimeoutException, httpcore.TimeoutException) as error:
            raise CallFailed(f"{method} {hidden}: no complete answer within {timeout:g} s") from error
        except (httpx.LocalProtocolError, UnicodeError, ValueError) as error:
            raise CallFailed(f"{method} {hidden}: the request cannot be sent: {error}", retryable=False) from error
        except (httpx.HTTPError, ssl.SSLError, OSError) as error:
            raise CallFailed(f"{method} {hidden}: {redactor.text(str(error)) or type(error).__name__}") from error
        except (Blocked, CallFailed) as error:
            error.args = (f"{method} {hidden}: {error.message}",)
            error.message = error.args[0]
            raise
        raise CallFailed(f"{method} {hidden}: more than {MAX_REDIRECTS} redirects", retryable=False)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The system's certificates, and the bundled ones for a system that has none."""
        import certifi

        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context

    def _first(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> "httpx.Request":
        import httpx

        for name in headers:
            if name.lower() in _OURS:
                raise CallFailed(f"the header {name} cannot be set by a caller", retryable=False)
        parsed = _checked(httpx.URL(url))
        given = {"user-agent": _AGENT, "accept": "*/*", "accept-encoding": "identity"}
        given |= {name.lower(): value for name, value in headers.items()}
        if parsed.userinfo and "authorization" not in given:
            auth = httpx.BasicAuth(parsed.username, parsed.password)
            given["authorization"] = next(auth.auth_flow(httpx.Request("GET", parsed))).headers["authorization"]
        return httpx.Request(method, parsed.copy_with(userinfo=b""), headers=given, content=content)

    def _send(
        self, request: "httpx.Request", deadline: float, follow: bool, max_bytes: int
    ) -> "tuple[Answer, httpx.Request | None]":
        """Send one request; the second value is the next one, when the answer is a redirect to follow."""
        from gennaker.core.outbound.transport import CheckedTransport

        transport = CheckedTransport(self._tls, self._allowed, deadline)
        try:
            response = transport.handle_request(request)
            response.request = request
            try:
                following = _redirected(request, response) if follow else None
                body = b"" if following is not None else _body(response, max_bytes)
            finally:
                response.close()
        finally:
            transport.close()
        answer = Answer(status=response.status_code, headers=dict(response.headers), body=body, url=str(request.url))
        return answer, following


def _checked(url: "httpx.URL") -> "httpx.URL":
    if url.scheme not in ("http", "https"):
        raise CallFailed(
            f"only http and https are called, not {url.scheme or 'a URL without a scheme'}", retryable=False
        )
    if not url.host:
        raise CallFailed("the URL has no host", retryable=False)
    return url


def _redirected(request: "httpx.Request", response: "httpx.Response") -> "httpx.Request | None":
    """The request that a redirect asks for: to another host it carries neither credentials nor a body."""
    import httpx

    if response.status_code not in (301, 302, 303, 307, 308) or "location" not in response.headers:
        return None
    url = _checked(request.url.join(response.headers["location"])).copy_with(userinfo=b"")
    if request.url.scheme == "https" and url.scheme == "http":
        raise CallFailed(f"redirected from https to http ({redactor.text(str(url))})", retryable=False)
    method, content = request.method, request.read()
    if response.status_code == 303 or (response.status_code in (301, 302) and method == "POST"):
        method, content = ("HEAD" if method == "HEAD" else "GET"), b""
    headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
    if not content:
        headers.pop("content-type", None)
    if not _same_host(request.url, url):
        if content:
            raise CallFailed(
                f"redirected to another host ({url.host}) with its body, which is not sent there", retryable=False
            )
        headers = {name: value for name, value in headers.items() if name in _HARMLESS} | {
            "accept-encoding": "identity"
        }
    return httpx.Request(method, url, headers=headers, content=content or None)


def _same_host(first: "httpx.URL", second: "httpx.URL") -> bool:
    """The same scheme, host and port; or the same host that asks for https instead of http, both on their usual ports."""
    upgraded = first.scheme == "http" and second.scheme == "https" and first.port is None
    return first.host == second.host and first.port == second.port and (first.scheme == second.scheme or upgraded)


def _body(response: "httpx.Response", max_bytes: int) -> bytes:
    """The unpacked body, read no further than its limit."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > max_bytes:
            raise CallFailed(f"the answer is larger than {max_bytes} bytes", retryable=False)
        parts.append(part)
    return b"".join(parts)
