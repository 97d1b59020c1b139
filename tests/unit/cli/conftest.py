"""A daemon that answers what a test says, over real HTTP, and the command line run against it."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from click.testing import CliRunner, Result

from gennaker.core.main import main

ERROR = {"timestamp": 0, "error": "Not Found", "message": "not there"}


class Call:
    """One request that arrived."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method = method
        self.raw_path = parts.path
        self.path = unquote(parts.path)
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.headers = headers
        self.body = json.loads(body) if body else None


class Server:
    """Answers by method and path; a list of answers is given one by one, its last again and again."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        self.calls: list[Call] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                call = Call(self.command, self.path, dict(self.headers), self.rfile.read(size))
                outer.calls.append(call)
                status, body = outer.next(call)
                data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def on(self, method: str, path: str, *bodies: Any, status: int = 200) -> None:
        self.answers.setdefault((method, path), []).extend((status, body) for body in bodies or (None,))

    def next(self, call: Call) -> tuple[int, Any]:
        prepared = self.answers.get((call.method, call.path))
        if not prepared:
            return 404, {**ERROR, "status": 404}
        return prepared.pop(0) if len(prepared) > 1 else prepared[0]

    def made(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


class Gennaker:
    """The command line, run in this process."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(self, *args: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Result:
        given = {"GENNAKER_SERVER": self.server.url, "GENNAKER_TOKEN": "", "COLUMNS": "200", **(env or {})}
        return CliRunner(env=given).invoke(main, list(args), input=stdin)


@pytest.fixture
def gennaker(server: Server) -> Gennaker:
    return Gennaker(server)


@pytest.fixture
def stage() -> Callable[..., dict[str, Any]]:
    """Makes a stage as the daemon shows it."""
    return _stage


@pytest.fixture
def execution() -> Callable[..., dict[str, Any]]:
    """Makes an execution as the daemon shows it."""
    return _execution


def _stage(ref: str, status: str, type_: str = "wait", **more: Any) -> dict[str, Any]:
    return {"id": f"S{ref}", "refId": ref, "name": f"stage {ref}", "type": type_, "status": status, "round": 0, **more}


def _execution(status: str, *stages: dict[str, Any], sequence: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": "E1",
        "type": "PIPELINE",
        "application": "shop",
        "name": "ship",
        "status": status,
        "sequence": sequence,
        "buildTime": 1_000,
        "startTime": 1_000,
        **({"endTime": 4_500} if status not in ("RUNNING", "NOT_STARTED", "PAUSED") else {}),
        "trigger": {"type": "manual", "parameters": {}},
        "authentication": {"user": "ann"},
        "stages": list(stages),
        **more,
    }
