"""What is imported is required: the base install is what `gennaker up` needs."""

import ast
import configparser
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted(path for folder in ("bus", "config", "core", "plugins") for path in (ROOT / folder).rglob("*.py"))


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    """The table of contents."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def names(requirements: str) -> set[str]:
    """The distributions of a list of requirements."""
    return {normal(re.split(r"[^\w.-]", line.strip())[0]) for line in requirements.splitlines() if line.strip()}


def normal(distribution: str) -> str:
    """A distribution's name in its one spelling."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def imported(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_everything_that_is_imported_is_in_the_base_install(setup: configparser.ConfigParser) -> None:
    required = names(setup["options"]["install_requires"])
    distributions = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in CODE
        for module in imported(path)
        if module not in sys.stdlib_module_names
        and module != "gennaker"
        and not {normal(one) for one in distributions.get(module, ())} & required
    }
    assert not missing


def test_nothing_is_required_that_is_not_imported(setup: configparser.ConfigParser) -> None:
    modules = {module for path in CODE for module in imported(path)}
    distributions = packages_distributions()
    used = {normal(one) for module in modules for one in distributions.get(module, ())}
    assert not names(setup["options"]["install_requires"]) - used


def test_all_has_every_extra_but_what_developers_need(setup: configparser.ConfigParser) -> None:
    extras = set(setup["options.extras_require"]) - {"all", "dev"}
    found = re.search(r"gennaker\[([\w,]+)\]", setup["options.extras_require"]["all"])
    assert found
    assert set(found[1].split(",")) == extras


def test_every_requirement_has_a_least_version(setup: configparser.ConfigParser) -> None:
    lines = [line.strip() for line in setup["options"]["install_requires"].splitlines() if line.strip()]
    assert lines == sorted(lines)
    assert all(">=" in line for line in lines)
