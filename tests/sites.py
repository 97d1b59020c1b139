"""A real HTTP server on loopback that answers what a test tells it to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Site:
    """Answers in order of what was queued for a path, the last of them for ever; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answers: dict[str, list[tuple[int, bytes, dict[str, str]]]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {key.lower(): value for key, value in self.headers.items()}
                site.asked.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
                waiting = site._answers.get(self.path, [(404, b"", {})])
                code, answer, extra = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                self.send_response(code)
                for key, value in {"Content-Length": str(len(answer)), **extra}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = _answer

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.02), daemon=True)
        self._thread.start()

    def answer(self, path: str, code: int = 200, body: Any = b"", **headers: str) -> None:
        """Queue an answer; a body that is no bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        extra = {key.replace("_", "-"): value for key, value in headers.items()}
        self._answers.setdefault(path, []).append((code, data, extra))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
