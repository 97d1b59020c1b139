"""The one HTTP client against a server of our own: what it refuses, what it follows, what it gives up."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gennaker.core.outbound import Blocked, CallFailed, Outbound

Respond = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A server whose pages are functions; remembers the headers of each request."""

    def __init__(self) -> None:
        self.pages: dict[str, Respond] = {}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                site.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                site.pages[self.path](self)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.port = self.server.server_address[1]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def page(body: bytes = b"ok", status: int = 200, **headers: str) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def other() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def http() -> Outbound:
    return Outbound(["127.0.0.0/8"])


def test_an_answer_has_status_headers_body_and_the_url_that_answered(site: Site, http: Outbound) -> None:
    site.pages["/x"] = page(b"hello", 404, X_Thing="1")
    answer = http.request("POST", site.url("/x"), headers={"X-Key": "k"}, content=b"body")
    assert (answer.status, answer.body, answer.url) == (404, b"hello", site.url("/x"))
    assert answer.headers["x-thing"] == "1"
    method, _, headers, body = site.seen[0]
    assert (method, headers["x-key"], body) == ("POST", "k", b"body")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::1]", "0"],
)
def test_no_spelling_of_this_machine_is_called_and_the_error_names_the_key(site: Site, host: str) -> None:
    site.pages["/"] = page()
    with pytest.raises(Blocked, match=r"outbound\.allow"):
        Outbound().request("GET", site.url("/", host))
    assert site.seen == []


def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def answer(host: str, *args: object, **kwargs: object) -> object:
        return real("169.254.169.254" if host == "under_score.example" else host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(Blocked, match=r"under_score\.example is 169\.254\.169\.254, a link-local address"):
        Outbound().request("GET", "http://under_score.example/latest/meta-data")


def test_a_name_is_resolved_once_so_a_second_answer_cannot_lead_elsewhere(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = socket.getaddrinfo, []

    def rebinding(host: str, *args: object, **kwargs: object) -> object:
        asked.append(host)
        first = asked.count("rebind.example") == 1
        return real(("127.0.0.1" if first else "127.0.0.2") if host == "rebind.example" else host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    site.pages["/"] = page()
    assert Outbound(["127.0.0.1/32"]).request("GET", site.url("/", "rebind.example")).status == 200
    assert asked.count("rebind.example") == 1
    with pytest.raises(Blocked, match=r"127\.0\.0\.2"):
        Outbound(["127.0.0.1/32"]).request("GET", site.url("/", "rebind.example"))


def test_of_two_addresses_only_the_permitted_one_is_connected_to(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def both(host: str, *args: object, **kwargs: object) -> object:
        if host != "two.example":
            return real(host, *args, **kwargs)  # type: ignore[arg-type]
        return real("127.0.0.2", *args, **kwargs) + real("127.0.0.1", *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    site.pages["/"] = page()
    assert Outbound(["127.0.0.1/32"]).request("GET", site.url("/", "two.example")).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://x/",
        "//x/y",
        "x",
        "http://",
        "http:///x",
        "http://0177.0.0.1/",
    ],
)
def test_only_http_and_https_with_a_host_are_called(http: Outbound, url: str) -> None:
    with pytest.raises(CallFailed) as raised:
        http.request("GET", url)
    assert not raised.value.retryable


def test_a_redirect_is_followed_and_may_be_left_alone(site: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"", 302, Location="/b")
    site.pages["/b"] = page(b"there")
    assert http.request("GET", site.url("/a")).body == b"there"
    assert http.request("GET", site.url("/a"), follow_redirects=False).status == 302


def test_a_redirect_to_an_inner_address_is_refused(site: Site) -> None:
    site.pages["/a"] = page(b"", 302, Location="http://169.254.169.254/latest/meta-data")
    with pytest.raises(Blocked, match=r"169\.254\.169\.254 a link-local address"):
        Outbound(["127.0.0.0/8"]).request("GET", site.url("/a"))


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://"])
def test_a_redirect_to_something_else_than_http_is_refused(site: Site, http: Outbound, location: str) -> None:
    site.pages["/a"] = page(b"", 302, Location=location)
    with pytest.raises(CallFailed):
        http.request("GET", site.url("/a"))


def test_credentials_stay_with_the_host_they_were_given_for(site: Site, other: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"", 302, Location=other.url("/b"))
    other.pages["/b"] = page()
    headers = {"Authorization": "Bearer abcdefgh", "X-Api-Key": "k", "Cookie": "a=b", "Accept": "text/plain"}
    http.request("GET", site.url("/a"), headers=headers)
    sent = other.seen[0][2]
    assert sent["accept"] == "text/plain"
    assert not {"authorization", "x-api-key", "cookie"} & set(sent)


def test_credentials_of_the_url_are_sent_to_its_host_only(site: Site, other: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"", 302, Location=f"http://u:p@127.0.0.1:{other.port}/b")
    other.pages["/b"] = page()
    answer = http.request("GET", f"http://user:pass@127.0.0.1:{site.port}/a")
    assert site.seen[0][2]["authorization"] == "Basic dXNlcjpwYXNz"
    assert "authorization" not in other.seen[0][2]
    assert "@" not in answer.url


def test_the_same_host_keeps_credentials_and_body_through_a_redirect(site: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"", 307, Location="/b")
    site.pages["/b"] = page()
    http.request("POST", site.url("/a"), headers={"Authorization": "Bearer abcdefgh"}, content=b"{}")
    method, _, headers, body = site.seen[1]
    assert (method, headers["authorization"], body) == ("POST", "Bearer abcdefgh", b"{}")


def test_see_other_asks_without_the_body(site: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"", 303, Location="/b")
    site.pages["/b"] = page()
    http.request("POST", site.url("/a"), content=b"{}")
    assert (site.seen[1][0], site.seen[1][3]) == ("GET", b"")


def test_a_body_is_not_carried_to_another_host(site: Site, other: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"", 307, Location=other.url("/b"))
    with pytest.raises(CallFailed, match="another host"):
        http.request("POST", site.url("/a"), content=b"secret")
    assert other.seen == []


def test_redirects_that_never_end_are_given_up(site: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"", 302, Location="/a")
    with pytest.raises(CallFailed, match="more than 10 redirects"):
        http.request("GET", site.url("/a"))


def test_an_answer_that_is_too_large_is_given_up(site: Site, http: Outbound) -> None:
    site.pages["/a"] = page(b"x" * 5000)
    with pytest.raises(CallFailed, match="larger than 4000 bytes"):
        http.request("GET", site.url("/a"), max_bytes=4000)


def test_a_packed_answer_is_measured_unpacked(site: Site, http: Outbound) -> None:
    site.pages["/a"] = page(gzip.compress(b"\0" * 30_000_000), Content_Encoding="gzip")
    with pytest.raises(CallFailed, match="larger than"):
        http.request("GET", site.url("/a"), max_bytes=1_000_000)


def test_a_server_that_speaks_too_slowly_is_given_up_in_time(site: Site, http: Outbound) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(40):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)

    site.pages["/a"] = drip
    start = time.monotonic()
    with pytest.raises(CallFailed, match=r"within 0\.3 s") as raised:
        http.request("GET", site.url("/a"), timeout=0.3)
    assert time.monotonic() - start < 1.5
    assert raised.value.retryable


def test_nobody_listening_may_be_tried_again(http: Outbound) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(CallFailed) as raised:
            http.request("GET", f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert raised.value.retryable


def test_a_server_that_does_not_speak_http_is_no_crash(http: Outbound) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\x00\x01 not http\r\n\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(CallFailed):
            http.request("GET", f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding", "Connection"])
def test_headers_that_steer_the_connection_cannot_be_set(http: Outbound, name: str) -> None:
    with pytest.raises(CallFailed, match=name):
        http.request("GET", "http://127.0.0.1:1/", headers={name: "x"})


@pytest.mark.parametrize(("method", "headers"), [("GET", {"X": "a\r\nHost: b"}), ("GET / HTTP/1.1\r\nX:", {})])
def test_nothing_can_be_smuggled_into_the_request(
    site: Site, http: Outbound, method: str, headers: dict[str, str]
) -> None:
    with pytest.raises(CallFailed):
        http.request(method, site.url("/"), headers=headers)
    assert site.seen == []


def test_a_proxy_of_the_environment_does_not_go_round_the_check(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", site.url(""))
    monkeypatch.setenv("HTTP_PROXY", site.url(""))
    with pytest.raises(Blocked):
        Outbound(["127.0.0.1/32"]).request("GET", "http://10.255.255.1/", timeout=1)
    assert site.seen == []


def test_the_error_shows_no_credentials_of_the_url(http: Outbound) -> None:
    with pytest.raises(CallFailed) as raised:
        http.request("GET", "http://user:hunter22@127.0.0.1:1/?token=abcdefgh")
    assert "hunter22" not in str(raised.value)
    assert "abcdefgh" not in str(raised.value)
