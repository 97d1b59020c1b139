"""Makes the connections: resolves a name, checks each address, connects to the one that was checked, and keeps to a deadline.

Separate because this is below HTTP: the host name stays what TLS verifies, the socket goes to the checked address.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from gennaker.core.outbound.address import Network, refusal
from gennaker.core.outbound.errors import Blocked

#: Bytes read at once; small, so that what is packed cannot unpack to much between two checks of the size.
CHUNK = 16 * 1024

_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.TimeoutException: httpx.TimeoutException,
    httpcore.NetworkError: httpx.NetworkError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.ProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
}


class CheckedBackend(httpcore.NetworkBackend):
    """Opens sockets to permitted addresses only, and gives none of them more time than is left until `deadline` (monotonic)."""

    def __init__(self, allowed: tuple[Network, ...], deadline: float) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first permitted address that answers. Raises Blocked when no address is permitted."""
        error: Exception | None = None
        for address in self._permitted(host, port):
            try:
                left = remaining(self._deadline)
                stream = self._backend.connect_tcp(address, port, timeout=left, socket_options=socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
        raise error or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """No URL leads to a socket file."""
        raise Blocked(f"{path} is a socket file, not an address")

    def _permitted(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as failure:
            raise httpcore.ConnectError(f"the name {host} cannot be resolved ({failure})") from failure
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        refused = {address: kind for address in addresses if (kind := refusal(address, self._allowed))}
        permitted = [address for address in addresses if address not in refused]
        if refused and not permitted:
            address, kind = next(iter(refused.items()))
            where = address if address == host.strip("[]") else f"{host} is {address},"
            raise Blocked(
                f"{where} {kind}: it is not called unless outbound.allow in the configuration has a range that holds it, "
                f"such as {address.partition('%')[0]}/{128 if ':' in address else 32}"
            )
        return permitted


class _TimedStream(httpcore.NetworkStream):
    """A connection on which no wait outlives the call's deadline, however slowly the other side speaks."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(min(max_bytes, CHUNK), remaining(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, remaining(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, remaining(self._deadline))
        return _TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class CheckedTransport(httpx.BaseTransport):
    """httpx over `CheckedBackend`, for one call: nothing is kept open, no proxy of the environment is used."""

    def __init__(self, context: ssl.SSLContext, allowed: tuple[Network, ...], deadline: float) -> None:
        backend = CheckedBackend(allowed, deadline)
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend, max_keepalive_connections=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body of the answer is read as it comes."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        raw = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        try:
            answer = self._pool.handle_request(raw)
        except tuple(_ERRORS) as error:
            raise _told(error, request) from error
        assert isinstance(answer.stream, Iterable)
        stream = _Body(answer.stream, request)
        return httpx.Response(answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes], request: httpx.Request) -> None:
        self._stream = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except tuple(_ERRORS) as error:
            raise _told(error, self._request) from error

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


def remaining(deadline: float) -> float:
    """Seconds left until a monotonic instant. Raises a time-out when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left


def _told(error: Exception, request: httpx.Request) -> httpx.TransportError:
    kind = next(theirs for ours, theirs in _ERRORS.items() if isinstance(error, ours))
    return kind(str(error), request=request)
