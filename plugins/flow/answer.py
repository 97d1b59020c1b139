"""What an HTTP answer means to a webhook: what is kept of it, and how far the work behind it is.

Separate because these rules are pure; `webhook` makes the calls. Source: Orca's webhook tasks (reference §5.1).
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from gennaker.core.model.status import Status
from gennaker.core.redact import redactor
from gennaker.core.services import HttpAnswer

#: Codes that are tried again besides any 5xx.
RETRIED = (429,)
_MISSING = object()


class Verdict(Struct, frozen=True, kw_only=True):
    """How far the work is, and what is told of it at `webhook.monitor`."""

    status: Status
    told: dict[str, Any] = {}


def kept(answer: HttpAnswer) -> dict[str, Any]:
    """What an answer leaves in the context; headers that name a secret are hidden."""
    code = answer.status
    name = HTTPStatus(code).name if code in HTTPStatus._value2member_map_ else str(code)
    found = {"statusCode": name, "statusCodeValue": code, "headers": redactor.value(dict(answer.headers))}
    body = body_of(answer)
    return found if body is None else {**found, "body": body}


def body_of(answer: HttpAnswer) -> Any:
    """The body as JSON where it is JSON, as text otherwise; None when there is none."""
    if not answer.body.strip():
        return None
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return answer.body.decode("utf-8", "replace")


def retried(code: int, more: Sequence[int]) -> bool:
    """Whether a code may be another one next time."""
    return code >= 500 or code in RETRIED or code in more


def status_url(resolution: str | None, path: str, url: str, answer: HttpAnswer) -> str:
    """Where the progress can be read. Raises ValueError that names the field to look at."""
    if resolution == "getMethod":
        return url
    if resolution == "locationHeader":
        found: Any = answer.headers.get("location")
        if not found:
            raise ValueError("statusUrlResolution is locationHeader, but the answer has no Location header")
    elif resolution == "webhookResponse":
        found = at_path(path, body_of(answer), "statusUrlJsonPath")
        if not isinstance(found, str):
            raise ValueError(
                f"statusUrlJsonPath {path!r} finds {_what(found)} in the answer, expected the text of a URL"
            )
    else:
        raise ValueError(
            "to wait for completion, statusUrlResolution must be getMethod, locationHeader or webhookResponse"
        )
    absolute = urlsplit(urljoin(url, str(found)))
    base = urlsplit(url)
    if absolute.hostname == base.hostname and absolute.port == base.port:
        absolute = absolute._replace(scheme=base.scheme)
    return absolute.geturl()


def judge(
    body: Any,
    *,
    status_path: str,
    progress_path: str,
    success: Sequence[str],
    canceled: Sequence[str],
    terminal: Sequence[str],
) -> Verdict:
    """How far the work is by the body of a poll."""
    if not status_path:
        return Verdict(status=Status.SUCCEEDED)
    try:
        value = at_path(status_path, body, "statusJsonPath")
        progress = at_path(progress_path, body, "progressJsonPath") if progress_path else _MISSING
    except ValueError as error:
        return Verdict(status=Status.TERMINAL, told={"error": str(error)})
    told: dict[str, Any] = {} if progress in (_MISSING, None) else {"progressMessage": str(progress)}
    if isinstance(value, bool | str):
        word = str(value).strip().upper()
        told["resolvedValue"] = value
        for names, status in ((success, Status.SUCCEEDED), (canceled, Status.CANCELED), (terminal, Status.TERMINAL)):
            if word in {name.strip().upper() for name in names}:
                return Verdict(status=status, told=told)
        return Verdict(status=Status.RUNNING, told=told)
    if isinstance(value, int | float):
        done = value == 100 and isinstance(value, int)
        return Verdict(status=Status.SUCCEEDED if done else Status.RUNNING, told={**told, "percentComplete": value})
    problem = f"statusJsonPath {status_path!r} finds {_what(value)}, expected text, a number or a boolean"
    return Verdict(status=Status.TERMINAL, told={**told, "error": problem})


def at_path(path: str, body: Any, field: str) -> Any:
    """The one value at a JSONPath; None when there is nothing, a list when there is more. Raises ValueError for a path that is none."""
    import jsonpath

    try:
        found = jsonpath.findall(path, body) if isinstance(body, dict | list) else []
    except jsonpath.JSONPathError as error:
        raise ValueError(f"{field} {path!r} is no JSONPath: {error}") from error
    return (found[0] if len(found) == 1 else found) if found else None


def _what(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else repr(value)
