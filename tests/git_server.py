"""A real git server on loopback: git's own, behind a small HTTP server; for tests of more than one folder."""

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class GitServer:
    """Serves the repositories in a folder; remembers the headers of each request. `versions=False`: only the oldest protocol."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions = True
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        #: Path to where it redirects.
        self.moved: dict[str, str] = {}
        #: Path to a ready answer: content type and body.
        self.answers: dict[str, tuple[str, bytes]] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.asked.append((self.command, self.path, headers))
                body = self.rfile.read(int(headers.get("content-length", 0)))
                if self.path in server.moved:
                    self._write(302, {"Location": server.moved[self.path]}, b"")
                elif self.path in server.answers:
                    kind, content = server.answers[self.path]
                    self._write(200, {"Content-Type": kind}, content)
                else:
                    self._cgi(headers, body)

            def _cgi(self, headers: dict[str, str], body: bytes) -> None:
                path, _, query = self.path.partition("?")
                variables = {
                    "GIT_PROJECT_ROOT": str(server.root),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": headers.get("content-type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "GIT_PROTOCOL": headers.get("git-protocol", "") if server.versions else "",
                }
                done = subprocess.run(
                    ["git", "http-backend"],
                    input=body,
                    env={**os.environ, **variables},
                    capture_output=True,
                    check=False,
                )
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                found = dict(line.split(": ", 1) for line in head.decode().splitlines())
                self._write(int(found.pop("Status", "200").split()[0]), found, content)

            def _write(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = _answer

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.02), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, as somebody at a fixed time."""
    who = {
        **{f"GIT_{role}_{what}": "ada" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        **{f"GIT_{role}_DATE": "2026-01-01T00:00:00Z" for role in ("AUTHOR", "COMMITTER")},
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    done = subprocess.run(["git", *words], cwd=folder, env={**os.environ, **who}, capture_output=True, check=True)
    return done.stdout.decode().strip()
