"""Each of the 24 delivery rules has at least one test that names it."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def named() -> dict[int, set[str]]:
    """Rule to the tests that name it."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for rule, rest in re.findall(r"def test_rule_(\d\d)_(\w+)", path.read_text()):
            found[int(rule)].add(f"{path.name}:{rest}")
    return found


@pytest.mark.parametrize("rule", range(1, 25))
def test_a_delivery_rule_is_named_by_a_test(named: dict[int, set[str]], rule: int) -> None:
    assert named[rule], f"no test is called test_rule_{rule:02}_…"


def test_no_test_names_a_rule_that_does_not_exist(named: dict[int, set[str]]) -> None:
    assert set(named) <= set(range(1, 25))
