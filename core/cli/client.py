"""The daemon as commands see it: HTTP on Gate's paths, each failure one sentence with an exit code.

Separate because it is the only place of the command line that speaks HTTP.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from getpass import getuser
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click
import msgspec

from gennaker.core.cli.root import FAILED, UNREACHABLE, Told, exit_code
from gennaker.core.services import Json

if TYPE_CHECKING:
    from httpx import Response

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_SERVER = "http://127.0.0.1:8084"
#: A task of the daemon ended so.
_GOOD = frozenset({"SUCCEEDED", "STOPPED", "SKIPPED"})
_OVER = _GOOD | {"TERMINAL", "FAILED_CONTINUE", "CANCELED"}


class Unreachable(Told):
    """Nobody answers; the same call may work later."""

    def __init__(self, message: str) -> None:
        super().__init__(message, UNREACHABLE)


class Answered(Told):
    """The daemon answered with an error; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, exit_code(status))
        self.status = status


def remote_options(command: F) -> F:
    """Give a command `--server` and `--token`; the last ones given on the line hold."""
    for name, variable, line in (
        ("token", "GENNAKER_TOKEN", "API token of the daemon"),
        ("server", "GENNAKER_SERVER", f"Address of the daemon (default {DEFAULT_SERVER})"),
    ):
        command = click.option(
            f"--{name}", expose_value=False, callback=_remember, help=f"{line}; also {variable}.", metavar=name.upper()
        )(command)
    return command


def _remember(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta[f"gennaker.{parameter.name}"] = value


def daemon(ctx: click.Context) -> Daemon:
    """The daemon that the options and the environment name; closed with the command."""
    server = ctx.meta.get("gennaker.server") or os.environ.get("GENNAKER_SERVER") or DEFAULT_SERVER
    token = ctx.meta.get("gennaker.token") or os.environ.get("GENNAKER_TOKEN") or ""
    client = Daemon(server, token)
    ctx.call_on_close(client.close)
    return client


class Daemon:
    """Calls to one daemon. Paths are given as segments, which are quoted here."""

    def __init__(self, server: str, token: str = "", *, timeout: float = 60.0) -> None:
        import httpx

        self.server = server.rstrip("/")
        try:
            url = httpx.URL(self.server)
        except httpx.InvalidURL as error:
            raise click.UsageError(f"--server {server!r} is no address: {error}") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise click.UsageError(f"--server {server!r} is no address; it looks like {DEFAULT_SERVER}")
        headers = {"X-SPINNAKER-USER-ORIGIN": "gennaker"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        elif not url.userinfo:
            headers["X-SPINNAKER-USER"] = _login()
        local = url.host in ("localhost", "::1") or url.host.startswith("127.")
        # A proxy set for the outside must not be asked for what runs on this machine.
        self._http = httpx.Client(base_url=self.server, headers=headers, timeout=timeout, trust_env=not local)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, *path: str, **params: object) -> Any:
        """Read; raises Answered, Unreachable."""
        return self.call("GET", *path, params=params)

    def find(self, *path: str, **params: object) -> Any:
        """Read what may not be there: None for 404."""
        try:
            return self.get(*path, **params)
        except Answered as error:
            if error.status == 404:
                return None
            raise

    def call(
        self,
        method: str,
        *path: str,
        params: Mapping[str, object] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Make one call and return its decoded answer, None when it is empty. Raises Answered, Unreachable."""
        answer = self._send(method, path, params or {}, body, headers or {})
        place = f"{method} {answer.url.path}"
        if answer.status_code >= 300:
            raise _refusal(answer.status_code, answer.content, place)
        return _decoded(answer.content, f"{place} at {self._place()}")

    def save(self, *path: str, body: object) -> list[str]:
        """Save something; what the daemon warns of. Raises Answered, Unreachable."""
        answer = self._send("POST", path, {}, body, {})
        if answer.status_code >= 300:
            raise _refusal(answer.status_code, answer.content, f"POST {answer.url.path}")
        told = answer.headers.get("X-Gennaker-Warnings", "")
        try:
            found = msgspec.json.decode(told) if told else []
        except msgspec.DecodeError:
            found = [told]
        return [str(each) for each in found] if isinstance(found, list) else [str(found)]

    def content(self, method: str, *path: str, body: object = None) -> bytes:
        """Make one call and return what it answers as it is. Raises Answered, Unreachable."""
        answer = self._send(method, path, {}, body, {})
        if answer.status_code >= 300:
            raise _refusal(answer.status_code, answer.content, f"{method} {answer.url.path}")
        return answer.content

    def health(self) -> tuple[Json, str]:
        """What the daemon says of itself, whether it is well or not, and its clock as an HTTP date."""
        answer = self._send("GET", ("health",), {}, None, {})
        if answer.status_code not in (200, 503):
            raise _refusal(answer.status_code, answer.content, "GET /health")
        return _decoded(answer.content, f"GET /health at {self._place()}") or {}, answer.headers.get("Date", "")

    def _send(
        self, method: str, path: Sequence[str], params: Mapping[str, object], body: object, headers: Mapping[str, str]
    ) -> Response:
        import httpx

        url = "/" + "/".join(quote(segment, safe="") for segment in path)
        wanted = {name: str(value) for name, value in params.items() if value not in (None, "")}
        content = None if body is None else msgspec.json.encode(body)
        sent = {"Content-Type": "application/json"} if content is not None else {}
        try:
            return self._http.request(method, url, params=wanted, content=content, headers={**sent, **headers})
        except httpx.ConnectError as error:
            raise Unreachable(
                f"no daemon answers at {self._place()} ({error}); start one with `gennaker up`, or name yours with "
                "--server or GENNAKER_SERVER"
            ) from error
        except httpx.TransportError as error:
            raise Unreachable(
                f"the daemon at {self._place()} did not answer {method} {url}: {_named(error)}"
            ) from error

    def task(self, description: str, application: str, job: Json, *, limit: float = 60.0) -> Json:
        """Run an ad-hoc task of one job and wait for its end. Raises Told when it fails or takes longer than `limit` seconds."""
        body = {"application": application, "description": description, "job": [job]}
        ref = str(self.call("POST", "tasks", body=body)["ref"]).rsplit("/", 1)[-1]
        until = time.monotonic() + limit
        pause = 0.02
        while True:
            task: Json = self.get("tasks", ref)
            if task.get("status") in _OVER:
                break
            if time.monotonic() > until:
                raise Told(
                    f"{description}: not finished after {limit:.0f} s; see `gennaker execution why {ref}`", FAILED
                )
            time.sleep(pause)
            pause = min(pause * 2, 1.0)
        if task["status"] not in _GOOD:
            reasons = [error for stage in task.get("execution", {}).get("stages", []) for error in errors_of(stage)]
            raise Told(f"{description}: {task['status']}" + "".join(f"\n{reason}" for reason in reasons), FAILED)
        return task

    def _place(self) -> str:
        return str(self._http.base_url.copy_with(userinfo=b"")).rstrip("/")


def errors_of(part: Json) -> list[str]:
    """What a failed stage says, from Spinnaker's exception shape."""
    exception = part.get("context", {}).get("exception") or {}
    details = exception.get("details") or {}
    found = details.get("errors") or [details.get("error")]
    return [str(error) for error in found if error]


def _login() -> str:
    try:
        return getuser()
    except (OSError, KeyError):
        return "anonymous"


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _decoded(content: bytes, place: str) -> Any:
    if not content:
        return None
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise Told(f"{place} answered something that is not JSON; is it a Gennaker daemon?", FAILED) from error


def _refusal(status: int, content: bytes, call: str) -> Told:
    try:
        body = msgspec.json.decode(content)
        message = body.get("message") or body.get("error") if isinstance(body, dict) else None
    except msgspec.DecodeError:
        message = None
    message = str(message or f"{call} answered {status}")
    if exit_code(status) == UNREACHABLE:
        return Unreachable(message)
    return Answered(f"{message}; give a token with --token or GENNAKER_TOKEN" if status == 401 else message, status)
