"""Errors as Gate tells them: `{timestamp, status, error, message, exception}`.

Separate because this is the one place that turns what went wrong into an HTTP answer.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from gennaker.core.errors import GennakerError, InvalidRequest, InvalidTemplate, NotAuthenticated, Unavailable
from gennaker.core.view import to_bytes

_LOG = logging.getLogger("gennaker.gate")

Handler = Callable[[Request, Any], Awaitable[Response]]


class StatusError(GennakerError):
    """An error that Gate tells with a status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def told(
    status: int,
    message: str,
    *,
    exception: str | None = None,
    headers: dict[str, str] | None = None,
    errors: Sequence[str] = (),
) -> Response:
    """An answer in Gate's error shape; `errors` are the single problems, if there are such."""
    body: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": status,
        "error": HTTPStatus(status).phrase,
        "message": message,
    }
    if exception:
        body["exception"] = exception
    if errors:
        body["errors"] = errors
    return Response(to_bytes(body), status, headers=headers, media_type="application/json")


def error_response(error: GennakerError) -> Response:
    """An expected error."""
    headers: dict[str, str] = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Basic realm="Gennaker", charset="UTF-8"'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "1"
    message = str(error)
    errors: Sequence[str] = ()
    if isinstance(error, InvalidTemplate):
        errors = error.problems
    elif isinstance(error, InvalidRequest) and len(error.problems) > 1:
        message = "; ".join(error.problems)
    exception = None if isinstance(error, StatusError) else type(error).__name__
    return told(error.status, message, exception=exception, headers=headers, errors=errors)


async def _expected(_request: Request, error: GennakerError) -> Response:
    return error_response(error)


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    return told(400, "; ".join(_problem(problem) for problem in error.errors()), exception="InvalidRequest")


async def _by_status(request: Request, error: HTTPException) -> Response:
    message = str(error.detail)
    if error.status_code in (404, 405):
        message = f"There is nothing at {request.method} {request.url.path}; see /docs for what there is"
    return told(error.status_code, message, headers=dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return told(500, "This went wrong in Gennaker itself; its log has the details", exception="InternalError")


def _problem(problem: dict[str, Any]) -> str:
    place = " ".join(str(part) for part in problem["loc"])
    value = f", not {problem['input']!r:.80}" if problem["type"] != "missing" else ""
    return f"{place}: {problem['msg'][:1].lower()}{problem['msg'][1:]}{value}"


def install(app: FastAPI) -> None:
    """Have an application tell its errors so."""
    handlers: dict[type[Exception], Handler] = {
        GennakerError: _expected,
        RequestValidationError: _invalid,
        HTTPException: _by_status,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
