"""bus/README.md names a test for each of its rules."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "bus/README.md").read_text()))
    text = "".join(path.read_text() for path in (ROOT / "tests/contracts/bus").glob("test_*.py"))

    assert len(named) > 25
    assert named <= set(re.findall(r"def (test_\w+)", text))
