"""The form of log lines, and that nothing secret or dangerous is in them."""

import io
import logging
import warnings
from collections.abc import Iterator

import msgspec
import pytest

from gennaker.config.settings import Logging
from gennaker.core import log
from gennaker.core.redact import Redactor


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def configured(**settings: str) -> io.StringIO:
    stream = io.StringIO()
    log.configure(msgspec.convert(settings, Logging), stream=stream, hide=Redactor(["canary-value"]))
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_its_facts_where_nobody_looks() -> None:
    stream = configured()
    log.get("gennaker.x").info("stage finished", status="SUCCEEDED")
    (line,) = lines(stream)
    assert list(line)[:3] == ["time", "level", "message"]
    assert line["message"] == "stage finished"
    assert (line["level"], line["logger"], line["status"]) == ("info", "gennaker.x", "SUCCEEDED")


def test_lines_of_libraries_have_the_same_form() -> None:
    stream = configured()
    logging.getLogger("library").warning("%s went wrong", "it", extra={"code": 7})
    (line,) = lines(stream)
    assert (line["message"], line["logger"], line["code"]) == ("it went wrong", "library", 7)


def test_warnings_are_logged() -> None:
    stream = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", stacklevel=1)
        logging.captureWarnings(False)
    assert "old" in str(lines(stream)[0]["message"])


def test_facts_about_an_execution_are_on_every_line_inside() -> None:
    stream = configured()
    with log.about(execution="E1", stage="S1"):
        log.get("gennaker.x").info("inside")
        logging.getLogger("library").warning("inside too")
    log.get("gennaker.x").info("outside")
    first, second, third = lines(stream)
    assert (first["execution"], first["stage"], second["execution"]) == ("E1", "S1", "E1")
    assert "execution" not in third


@pytest.mark.parametrize("format_", ["json", "console"])
def test_no_secret_is_in_a_line_nor_in_a_traceback(format_: str) -> None:
    stream = configured(format=format_)
    try:
        raise ValueError("amqp://u:hunter22@host refused canary-value")
    except ValueError:
        log.get("gennaker.x").exception(
            "it failed with canary-value", password="opensesame", nested={"note": "canary-value"}
        )
    text = stream.getvalue()
    assert "ValueError" in text
    for secret in ("canary-value", "hunter22", "opensesame"):
        assert secret not in text


def test_nothing_that_is_logged_steers_the_terminal_or_forges_a_line() -> None:
    stream = configured(format="console")
    log.get("gennaker.x").info("a\x1b[31mb\n2026 [error] forged", name="c\x1b]0;d\x07\n")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_lines_below_the_level_are_left_out() -> None:
    stream = configured(level="warning")
    log.get("gennaker.x").info("quiet")
    log.get("gennaker.x").warning("loud")
    assert [line["message"] for line in lines(stream)] == ["loud"]


def test_libraries_that_talk_too_much_are_heard_in_debug_only() -> None:
    stream = configured()
    logging.getLogger("pika.adapters").info("chatter")
    assert lines(stream) == []
    stream = configured(level="debug")
    logging.getLogger("pika.adapters").info("chatter")
    assert len(lines(stream)) == 1
