"""A stand-in for `services.http`.

Separate because a plugin's tests should not need the web; what goes over a real wire is the program's own business.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.core.outbound import CallFailed


class WebAnswer(Struct, frozen=True, kw_only=True):
    """What comes back: see `services.HttpAnswer`."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b"{}"
    url: str = ""


class Asked(Struct, frozen=True, kw_only=True):
    """A call that was made."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None


class FakeHttp:
    """Answers as it was told, the last answer for a URL for ever; 200 and `{}` for what it was not told."""

    def __init__(self) -> None:
        #: Every call, in order.
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[WebAnswer | None]] = {}

    def answer(self, method: str, url: str, status: int = 200, body: Any = None, **headers: str) -> None:
        """Queue an answer; `body` is sent as JSON."""
        content = b"" if body is None else msgspec.json.encode(body)
        extra = {key.replace("_", "-").lower(): value for key, value in headers.items()}
        answer = WebAnswer(status=status, headers=extra, body=content, url=url)
        self._answers.setdefault((method, url), []).append(answer)

    def fail(self, method: str, url: str) -> None:
        """Queue a call without an answer."""
        self._answers.setdefault((method, url), []).append(None)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: float = 30.0,
        follow_redirects: bool = True,
        max_bytes: int = 10 * 1024 * 1024,
    ) -> WebAnswer:
        """See `services.Http`. Raises CallFailed where `fail` was told."""
        self.asked.append(Asked(method=method, url=url, headers=headers or {}, content=content))
        waiting = self._answers.get((method, url)) or [WebAnswer(url=url)]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if answer is None:
            raise CallFailed(f"{method} {url}: no answer")
        return answer
