"""What is imported is required: the base install is what `gennaker up` needs."""

import ast
import configparser
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
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


#: Read by the standard library, which finds it by its name: the zones of `zoneinfo` where the system has none.
DATA = {"tzdata"}


def names(requirements: str) -> set[str]:
    """The distributions of a list of requirements."""
    return {normal(re.split(r"[^\w.-]", line.strip())[0]) for line in requirements.splitlines() if line.strip()}


def normal(distribution: str) -> str:
    """A distribution's name in its one spelling."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def imported(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, anywhere in it."""
    yield from _imported(ast.walk(ast.parse(path.read_text())))


def imported_at_once(path: Path) -> set[str]:
    """The names that a file imports when it is itself imported: outside of functions and of what is for type checkers only."""
    return set(_imported(_at_once(ast.parse(path.read_text()))))


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    checkers = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    if not checkers and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for child in ast.iter_child_nodes(node):
            yield from _at_once(child)


def _imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def foreign(module: str) -> bool:
    """Whether a module is neither Python's nor ours."""
    return module not in sys.stdlib_module_names and module != "gennaker"


#: Looks through everything that is installed: once is enough.
installed = cache(packages_distributions)


def distributions_of(module: str) -> set[str]:
    """The distributions that bring a module."""
    return {normal(one) for one in installed().get(module, ())}


@pytest.fixture(scope="module")
def optional(setup: configparser.ConfigParser) -> set[str]:
    """What the extras for users add."""
    extras = setup["options.extras_require"]
    return {one for extra in extras if extra not in ("all", "dev") for one in names(extras[extra])}


def test_everything_that_is_imported_is_in_the_base_install(
    setup: configparser.ConfigParser, optional: set[str]
) -> None:
    """But for the client of an outside system, which a plugin imports in its functions only and an extra installs."""
    required = names(setup["options"]["install_requires"])
    missing = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in CODE
        for module in imported(path)
        if foreign(module)
        and not distributions_of(module) & required
        and not (path.is_relative_to(ROOT / "plugins") and distributions_of(module) & optional)
    }
    assert not missing


def test_what_an_extra_installs_is_imported_in_functions_only(optional: set[str]) -> None:
    for path in (ROOT / "plugins").rglob("*.py"):
        assert not {
            module for module in imported_at_once(path) if foreign(module) and distributions_of(module) & optional
        }


def test_an_import_at_once_is_told_from_one_in_a_function() -> None:
    text = "import a\nif TYPE_CHECKING:\n    import b\nclass C:\n    import c\ndef f():\n    import d\n"
    assert set(_imported(_at_once(ast.parse(text)))) == {"a", "c"}


def test_nothing_is_required_that_is_not_imported(setup: configparser.ConfigParser) -> None:
    modules = {module for path in CODE for module in imported(path)}
    distributions = installed()
    used = {normal(one) for module in modules for one in distributions.get(module, ())}
    assert not names(setup["options"]["install_requires"]) - used - DATA


def test_all_has_every_extra_but_what_developers_need(setup: configparser.ConfigParser) -> None:
    extras = set(setup["options.extras_require"]) - {"all", "dev"}
    found = re.search(r"gennaker\[([\w,]+)\]", setup["options.extras_require"]["all"])
    assert found
    assert set(found[1].split(",")) == extras


def test_every_requirement_has_a_least_version(setup: configparser.ConfigParser) -> None:
    lines = [line.strip() for line in setup["options"]["install_requires"].splitlines() if line.strip()]
    assert lines == sorted(lines)
    assert all(">=" in line for line in lines)
