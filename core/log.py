"""Logging for the whole program: structured lines on standard error, without secrets.

Separate because the form of a line, the redactor and the execution that a line belongs to are the same for everything, our own code
and the libraries'. Nothing is written before `configure`, save warnings, by the standard library's last resort.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import Processor

from gennaker.config.settings import Logging
from gennaker.core.redact import Redactor, redactor

_Line = MutableMapping[str, Any]
#: Libraries that say too much at `info`.
_QUIET = ("httpcore", "httpx", "pika", "amqp", "kombu", "alembic", "sqlalchemy", "uvicorn.access", "asyncio")

#: Facts of the current thread or task: one variable, because the worker sets it for every call.
_about: ContextVar[dict[str, Any]] = ContextVar("about")


def _add_about(_logger: Any, _method: str, line: _Line) -> _Line:
    for key, value in _about.get({}).items():
        line.setdefault(key, value)
    return line


_SHARED: tuple[Processor, ...] = (
    _add_about,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
)

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=False,
)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: `log.get(__name__)`. Facts are keywords: `logger.info("stage finished", status=…)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def about(**facts: Any) -> Iterator[None]:
    """Put facts (`execution=…, stage=…`) on every line that is written inside, by whatever code, on this thread or task."""
    token = _about.set({**_about.get({}), **facts})
    try:
        yield
    finally:
        _about.reset(token)


def configure(settings: Logging, *, stream: TextIO | None = None, hide: Redactor = redactor) -> None:
    """Send all logging to `stream` (standard error) in the configured form. May be called again."""
    stream = stream or sys.stderr
    terminal = stream.isatty()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redaction(hide),
                *_renderers(settings, terminal=terminal),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.DEBUG if settings.level == "debug" else logging.WARNING)
    logging.captureWarnings(True)


def _renderers(settings: Logging, *, terminal: bool) -> list[Processor]:
    if settings.format == "console" or (settings.format == "auto" and terminal):
        plain = structlog.dev.plain_traceback
        console = structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=plain, timestamp_key="time")
        return [_printable, console]
    return [structlog.processors.EventRenamer("message"), _json]


def _redaction(hide: Redactor) -> Processor:
    def redacted(_logger: Any, _method: str, line: _Line) -> _Line:
        cleaned: _Line = hide.value(line)
        return cleaned

    return redacted


def _printable(_logger: Any, _method: str, line: _Line) -> _Line:
    """Nothing that a caller sent may steer the terminal of whoever reads the log."""
    return {key: _escaped(value, lines=key == "exception") for key, value in line.items()}


def _escaped(value: Any, *, lines: bool) -> Any:
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(c if c.isprintable() or (lines and c in "\n\t") else repr(c)[1:-1] for c in value)


def _json(_logger: Any, _method: str, line: _Line) -> str:
    first = {key: line[key] for key in ("time", "level", "message") if key in line}
    return msgspec.json.encode({**first, **line}, enc_hook=str).decode()
