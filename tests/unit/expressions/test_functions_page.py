"""The page of functions lists what there is."""

from pathlib import Path

from gennaker.core.expressions.functions import STANDARD

PAGE = Path(__file__).parents[3] / "docs" / "expression-functions.md"


def test_the_page_lists_every_function_and_no_other() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `#")]
    assert rows == [f"| `{one.signature}` | {one.description} |" for one in STANDARD.values()]
