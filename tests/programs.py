"""Images of the cloud `local` for tests: tiny web servers; and the load that they are put under."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LOAD = Path(__file__).parents[1] / "examples/demo/load.py"
#: A web server that answers each request after a moment, with its version.
APP = """
import os, socketserver, time
ANSWER = ("HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nX-Version: VERSION\\r\\nX-Instance: " + os.environ["PORT"] +
    "\\r\\nContent-Length: 2\\r\\n\\r\\nok").encode()
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        time.sleep(0.02)
        self.wfile.write(ANSWER)
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


def make_image(folder: Path, name: str, code: str = APP, **manifest: object) -> Path:
    """An image as a folder."""
    path = folder / name
    path.mkdir(parents=True)
    (path / "app.py").write_text(code.replace("VERSION", name))
    told = {"name": name, "command": [sys.executable, "app.py"], "health": {"path": "/"}, **manifest}
    (path / "image.json").write_text(json.dumps(told))
    return path


class Load:
    """A constant load, in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def end(self) -> Any:
        """What became of all requests: `{total, lost, how, versions}`."""
        self._process.send_signal(signal.SIGTERM)
        out, _ = self._process.communicate(timeout=60)
        return json.loads(out.splitlines()[-1])


@contextlib.contextmanager
def load(port: int, rate: int = 200) -> Iterator[Load]:
    """Put a port under load."""
    process = subprocess.Popen(
        [sys.executable, str(LOAD), str(port), "--rate", str(rate)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Load(process)
    finally:
        process.kill()
        process.communicate()


def until(true: Callable[[], bool], seconds: float = 30.0, what: Callable[[], str] | str = "") -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"never so within {seconds} s: {what() if callable(what) else what}"
        time.sleep(0.05)
