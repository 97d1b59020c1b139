"""Every row gives what Java 17 gives: the files beside this one hold a call and its result, one a line."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROWS = sorted((Path(__file__).parent / "rows").glob("*.txt"))


def rows() -> list[tuple[str, str]]:
    """Every call with what it gives."""
    lines = [line for path in ROWS for line in path.read_text().splitlines() if not line.startswith("#")]
    return [(call, expected) for call, _, expected in (line.rpartition(" => ") for line in lines)]


@pytest.mark.parametrize(("call", "expected"), rows())
def test_a_call_gives_what_java_gives(call: str, expected: str, shown: Callable[[str], str]) -> None:
    assert shown(call) == expected


def test_there_are_rows_enough() -> None:
    assert len(rows()) >= 1_000
