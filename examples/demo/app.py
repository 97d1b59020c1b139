"""A tiny web application: each answer tells its version; `/health` is 500 when HEALTHY is no."""

import os
import socketserver
import time

VERSION = os.environ["VERSION"]
HEALTHY = os.environ["HEALTHY"] == "yes"


class Handler(socketserver.StreamRequestHandler):
    """Answers one request."""

    def handle(self) -> None:
        """Work a little, then answer."""
        path = self.rfile.readline().decode().partition(" ")[2].partition(" ")[0]
        while self.rfile.readline().strip():
            pass
        time.sleep(0.01)
        status = "500 Broken" if path == "/health" and not HEALTHY else "200 OK"
        body = f"Hello from {VERSION}\n"
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\nX-Version: {VERSION}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write((head + body).encode())


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512


Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
