"""A metric that a page names is one that is told."""

import re
from pathlib import Path

from gennaker.core import metrics

ROOT = Path(__file__).parents[2]


def test_every_metric_that_the_operations_page_names_exists() -> None:
    text = metrics.text().decode()
    named = re.findall(r"`(gennaker_\w+)`", (ROOT / "docs" / "operations.md").read_text())
    assert named
    assert [name for name in named if f"# TYPE {name} " not in text] == []
