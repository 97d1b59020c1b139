"""The live log of a build: bounded, free of secrets, told every second; silence is told of too.

Separate because a build may say nothing for minutes, or more than anybody wants to keep.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

from gennaker.core.redact import SHORTEST, Redactor, redactor

#: Lines and characters of a log, without its end; characters of a line.
MOST_LINES, MOST_TEXT, LONGEST = 2_000, 256 * 1024, 1_000
#: Lines of the end that are kept of a log that is too long.
LAST_LINES = 100
_EVERY_S, _ALIVE_S = 1.0, 15.0


class Log:
    """The log of one build. `tell` is `Run.progress`. Used as a context: at its end everything is told."""

    def __init__(self, tell: Callable[[Sequence[str]], None], secrets: Iterable[str] = ()) -> None:
        self._tell = tell
        # A secret of several lines comes as several lines.
        parts = {part.strip() for secret in secrets for part in (secret, *secret.splitlines())}
        self._redactor = Redactor(part for part in parts if len(part) >= SHORTEST)
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._lines = self._text = self._left_out = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="bakery-log", daemon=True)

    def __enter__(self) -> "Log":
        self._tell(())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        with self._lock:
            if left := self._left_out - len(self._last):
                self._waiting.append(f"… {left} lines were left out …")
            self._waiting += self._last
        self._send()

    def add(self, *lines: str) -> None:
        """Put lines into the log."""
        for line in lines:
            clean = self.clean(line)
            clean = clean if len(clean) <= LONGEST else f"{clean[:LONGEST]}…"
            with self._lock:
                if self._lines < MOST_LINES and self._text + len(clean) <= MOST_TEXT:
                    self._lines += 1
                    self._text += len(clean)
                    self._waiting.append(clean)
                else:
                    self._left_out += 1
                    self._last.append(clean)

    def clean(self, text: str) -> str:
        """A text without secrets, those of this build too."""
        return self._redactor.text(redactor.text(text))

    def _beat(self) -> None:
        silent = 0.0
        while not self._ended.wait(_EVERY_S):
            silent = 0.0 if self._send() else silent + _EVERY_S
            if silent >= _ALIVE_S:
                self._tell(())
                silent = 0.0

    def _send(self) -> bool:
        with self._lock:
            lines, self._waiting = self._waiting, []
        if lines:
            self._tell(lines)
        return bool(lines)
