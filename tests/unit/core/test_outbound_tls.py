"""The one HTTP client over TLS: the socket goes to a checked address, the certificate is checked for the name."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from gennaker.core.outbound import Blocked, CallFailed, Outbound
from gennaker.core.outbound.transport import CheckedBackend


class Handler(BaseHTTPRequestHandler):
    """Answers `secure`, or leads from TLS to plain HTTP."""

    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/down" else 200)
        self.send_header("location", "http://localhost/")
        self.send_header("content-length", "6")
        self.end_headers()
        self.wfile.write(b"secure")

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Is told of clients that do not trust it, and does not mind."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs certificates; known to nobody outside these tests."""
    return trustme.CA()


@pytest.fixture
def port(authority: trustme.CA) -> Iterator[int]:
    """The port of a server with a certificate for `localhost` only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbound:
    """A client on a system that trusts the authority."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return Outbound(["127.0.0.0/8", "::1/128"])


def test_a_certificate_that_the_system_trusts_is_accepted(port: int, trusting: Outbound) -> None:
    assert trusting.request("GET", f"https://localhost:{port}/").body == b"secure"


def test_an_unknown_certificate_is_refused(port: int) -> None:
    with pytest.raises(CallFailed, match="certificate"):
        Outbound(["127.0.0.0/8", "::1/128"]).request("GET", f"https://localhost:{port}/")


def test_a_certificate_for_another_name_is_refused(port: int, trusting: Outbound) -> None:
    with pytest.raises(CallFailed, match="certificate"):
        trusting.request("GET", f"https://127.0.0.1:{port}/")


def test_a_redirect_from_tls_to_plain_http_is_not_followed(port: int, trusting: Outbound) -> None:
    with pytest.raises(CallFailed, match="from https to http"):
        trusting.request("GET", f"https://localhost:{port}/down")


def test_no_call_goes_to_a_socket_file() -> None:
    with pytest.raises(Blocked):
        CheckedBackend((), 0.0).connect_unix_socket("/run/docker.sock")
