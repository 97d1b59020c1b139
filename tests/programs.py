"""Images of the cloud `local` for tests: tiny web servers."""

import json
import socket
import sys
from pathlib import Path

#: A web server that answers each request with its version; `/slow` takes a second.
APP = """
import os, socketserver, time
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        if b"/slow" in line:
            time.sleep(1)
        body = VERSION
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def make_image(folder: Path, name: str, code: str = APP, version: str = "", **manifest: object) -> Path:
    """An image as a folder."""
    path = folder / name
    path.mkdir(parents=True)
    (path / "app.py").write_text(code.replace("VERSION", repr((version or name).encode())))
    told = {"name": name, "command": [sys.executable, "app.py"], "health": {"path": "/"}, **manifest}
    (path / "image.json").write_text(json.dumps(told))
    return path
