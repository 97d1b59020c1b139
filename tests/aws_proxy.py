"""Stands between the SDK and moto: what AWS does and moto does not (errors, lost answers, things that need time) is put in here."""

import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct

_KEPT = {
    "content-type",
    "authorization",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
    "accept",
    "smithy-protocol",
}


class Fault(Struct, kw_only=True):
    """What goes wrong with an action, so many times."""

    action: str
    times: int = 1
    #: Refused with this code, without an effect.
    code: str = ""
    message: str = ""
    status: int = 400
    #: Answered so, without an effect.
    canned: str = ""
    #: Takes place, and the answer is lost.
    lost: bool = False
    #: What the answer says instead.
    rewrite: Callable[[bytes], bytes] | None = None
    #: Only what has this in its body.
    having: str = ""


class Proxy:
    """The proxy; `asked` is every action in order, with its parameters."""

    def __init__(self, target: str) -> None:
        #: Where it leads.
        self.target = target
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.faults: list[Fault] = []
        #: Called with each action, before it takes place (False) and before its answer is passed on (True).
        self.around: Callable[[str, bool], None] = lambda _action, _after: None
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                fields = {key: value[0] for key, value in parse_qs(body.decode("latin-1")).items()}
                action = fields.get("Action") or self.headers.get("x-amz-target") or self.path.rpartition("/")[2]
                proxy.asked.append((action, fields))
                fault = proxy.due(action, body.decode("latin-1"))
                if fault and fault.code:
                    self.answer(fault.status, "text/xml", refusal(fault, self.headers.get("authorization", "")))
                    return
                if fault and fault.canned:
                    self.answer(200, "text/xml", fault.canned.encode())
                    return
                proxy.around(action, False)
                headers = {key: value for key, value in self.headers.items() if key.lower() in _KEPT}
                request = urllib.request.Request(target + self.path, body, headers, method="POST")
                try:
                    with urllib.request.urlopen(request, timeout=30) as told:
                        status, kind, data = told.status, told.headers.get("content-type", ""), told.read()
                except urllib.error.HTTPError as error:
                    status, kind, data = error.code, error.headers.get("content-type", ""), error.read()
                proxy.around(action, True)
                if fault and fault.lost:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.answer(status, kind, fault.rewrite(data) if fault and fault.rewrite else data)

            def answer(self, status: int, kind: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=lambda: self._server.serve_forever(0.02), daemon=True).start()

    def fail(self, action: str, code: str, message: str = "said AWS", **more: Any) -> None:
        """Have an action refused."""
        self.faults.append(Fault(action=action, code=code, message=message, **more))

    def can(self, action: str, answer: str, **more: Any) -> None:
        """Have an action answered without an effect."""
        self.faults.append(Fault(action=action, canned=answer, **more))

    def lose(self, action: str, **more: Any) -> None:
        """Have an action's answer lost after its effect."""
        self.faults.append(Fault(action=action, lost=True, **more))

    def rewrite(self, action: str, old: str, new: str, **more: Any) -> None:
        """Have an action's answer say something else."""
        swap = lambda data: data.replace(old.encode(), new.encode())  # noqa: E731
        self.faults.append(Fault(action=action, rewrite=swap, **more))

    def due(self, action: str, body: str) -> Fault | None:
        """The fault of this call, if any."""
        for fault in self.faults:
            if fault.action == action and fault.times > 0 and fault.having in body:
                fault.times -= 1
                return fault
        return None

    def count(self, action: str) -> int:
        """How often an action was asked for."""
        return sum(one == action for one, _ in self.asked)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def refusal(fault: Fault, authorization: str) -> bytes:
    """The error in the form of the service that was called."""
    error = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
    if "/ec2/" in authorization:
        return f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>".encode()
    return f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()
