"""A web server on loopback whose pages a test writes, for plugins that fetch.

A folder of tests takes its fixtures into its conftest.py.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from msgspec import Struct

from gennaker.core.outbound import Outbound


class Asked(Struct, frozen=True, kw_only=True):
    """A request that came. Names of headers are in small letters."""

    method: str
    path: str
    headers: dict[str, str]


class Page(Struct, frozen=True, kw_only=True):
    """What is answered."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}


class Website:
    """Answers with what stands in `pages` (by path and query, or by path alone), else 404; remembers what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Page | Callable[[Asked], Page]] = {}
        self.asked: list[Asked] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {key.lower(): value for key, value in self.headers.items()}
                asked = Asked(method=self.command, path=self.path, headers=headers)
                site.asked.append(asked)
                page = site.pages.get(self.path) or site.pages.get(self.path.partition("?")[0]) or Page(status=404)
                answer = page if isinstance(page, Page) else page(asked)
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"

    def page(self, path: str, body: bytes | str = b"", status: int = 200, **headers: str) -> None:
        """Write a page."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Page(body=data, status=status, headers=named)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [one.path for one in self.asked]


@contextmanager
def website() -> Iterator[Website]:
    """A website that runs inside."""
    site = Website()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        thread.join()
        site.server.server_close()


@pytest.fixture
def site() -> Iterator[Website]:
    """The host that an account is for."""
    with website() as site:
        yield site


@pytest.fixture
def other() -> Iterator[Website]:
    """Another host."""
    with website() as site:
        yield site


@pytest.fixture
def http() -> Outbound:
    """The program's client, with the address of the sites opened and no other."""
    return Outbound(["127.0.0.1/32"])
