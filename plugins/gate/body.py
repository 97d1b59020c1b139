"""Request bodies: never more than the limit, always JSON, every mistake with its place.

Separate because a body is refused before any handler sees it.
"""

from typing import Annotated, Any, TypeAlias

import msgspec
from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gennaker.core.errors import InvalidRequest
from gennaker.core.services import Json
from gennaker.plugins.gate.errors import StatusError, error_response

#: So much of a body that is too large is read and thrown away, so that the client gets to read the answer.
_DRAINED = 128 * 1024 * 1024
#: A body above so many bytes is decoded in a thread, so that nobody else waits for it.
_LARGE = 256 * 1024
#: Whoever walks through a body must get to its bottom.
_DEEPEST = 200
_TOO_DEEP = f"the body is nested too deeply: more than {_DEEPEST} levels"


class BodyLimit:
    """ASGI middleware: 413 for a body above `limit` bytes, by its declared length or as it arrives."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limit:
            if int(declared) <= _DRAINED and headers.get(b"expect", b"").lower() != b"100-continue":
                await _drain(receive)
            await error_response(self._too_large())(scope, receive, send)
            return
        seen = 0

        async def counting() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self._limit:
                    if message.get("more_body"):
                        await _drain(receive)
                    raise self._too_large()
            return message

        await self._app(scope, counting, send)

    def _too_large(self) -> StatusError:
        return StatusError(
            413, f"The request body is larger than {self._limit} bytes; `server.max_body` in the configuration sets it"
        )


async def _drain(receive: Receive) -> None:
    seen = 0
    while seen < _DRAINED:
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


async def any_json(request: Request) -> Any:
    """The decoded body; None when it is empty. Raises InvalidRequest with line and column."""
    content = await request.body()
    if len(content) > _LARGE:
        return await run_in_threadpool(decode, content)
    return decode(content)


def decode(content: bytes) -> Any:
    """JSON that everything behind the gate can handle; None for nothing. Raises InvalidRequest with the place of what is wrong."""
    if not content.strip():
        return None
    try:
        value = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"the body is not JSON: {_with_place(str(error), content)}") from error
    except RecursionError as error:
        raise InvalidRequest(_TOO_DEEP) from error
    if content.count(b"[") + content.count(b"{") > _DEEPEST and _deeper_than(value, _DEEPEST):
        raise InvalidRequest(_TOO_DEEP)
    if b"\\u0000" in content:
        _refuse_nul(value, "the body")
    return value


async def an_object(body: Annotated[Any, Depends(any_json)]) -> Json:
    """The body as a JSON object. Raises InvalidRequest for another value or none."""
    if not isinstance(body, dict):
        raise InvalidRequest(f"the body must be a JSON object, not {_kind(body)}")
    return body


async def maybe_object(body: Annotated[Any, Depends(any_json)]) -> Json:
    """The body as a JSON object, empty when there is none. Raises InvalidRequest for another value."""
    if body is None:
        return {}
    return await an_object(body)


async def a_list(body: Annotated[Any, Depends(any_json)]) -> list[Any]:
    """The body as a JSON list. Raises InvalidRequest for another value or none."""
    if not isinstance(body, list):
        raise InvalidRequest(f"the body must be a JSON list, not {_kind(body)}")
    return body


ObjectBody: TypeAlias = Annotated[Json, Depends(an_object)]
MaybeObjectBody: TypeAlias = Annotated[Json, Depends(maybe_object)]
ListBody: TypeAlias = Annotated[list[Any], Depends(a_list)]


def text(body: Json, key: str) -> str:
    """A text of the body that has to be there. Raises InvalidRequest."""
    value = body.get(key)
    if value is None:
        raise InvalidRequest("is missing; expected a text", key)
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(f"must be a text that is not empty, not {_kind(value)}", key)
    return value.strip()


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")


def _with_place(message: str, content: bytes) -> str:
    """msgspec counts bytes; people count lines and columns."""
    reason, found, rest = message.partition(" (byte ")
    offset = int(rest.rstrip(")")) if found and rest.rstrip(")").isdigit() else len(content)
    before = content[:offset]
    line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode(errors="replace")) + 1
    return f"{reason.removeprefix('JSON is malformed: ')} (line {line}, column {column})"


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            item
            for container in level
            if isinstance(container, dict | list)
            for item in (container.values() if isinstance(container, dict) else container)
        ]
    return any(isinstance(item, dict | list) for item in level)


def _refuse_nul(value: Any, place: str) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidRequest("contains the character NUL, which no database keeps", place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_nul(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_nul(key, f"a key of {place}")
            _refuse_nul(item, f"{place}.{key}")
