"""Nothing grows without limit, and every file says what it is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = sorted(path for folder in ("bus", "config", "core", "plugins") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES, PARAMETERS = 400, 600, 50, 8
VAGUE = {"util", "utils", "helper", "helpers", "common", "base", "manager", "misc", "impl", "stuff", "tools", "lib"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    """A file as its path in the repository."""
    return str(path.relative_to(ROOT))


def words(identifier: str) -> set[str]:
    """The lower-case words of a snake_case or CamelCase name."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def functions(paths: list[Path]) -> Iterator[tuple[str, Function]]:
    """Every function with its place."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield f"{name(path)}:{node.lineno} {node.name}", node


def decorated_by(node: Function | ast.ClassDef, *decorators: str) -> bool:
    """Whether a decorator's text has one of the words."""
    return any(word in ast.unparse(one) for one in node.decorator_list for word in decorators)


def test_a_file_is_short_enough_to_be_read() -> None:
    sizes = {name(path): len(path.read_text().splitlines()) for path in CODE}
    assert not {path: lines for path, lines in sizes.items() if lines > FILE_LINES}


def test_a_file_of_tests_is_short_enough_to_be_read() -> None:
    sizes = {name(path): len(path.read_text().splitlines()) for path in TESTS}
    assert not {path: lines for path, lines in sizes.items() if lines > TEST_FILE_LINES}


def test_functions_are_short() -> None:
    sizes = {place: (node.end_lineno or node.lineno) - node.lineno + 1 for place, node in functions(CODE)}
    assert not {place: lines for place, lines in sizes.items() if lines > FUNCTION_LINES}


def test_functions_take_few_parameters_by_position() -> None:
    """Keyword-only parameters name themselves where they are given; those of routes and commands are the outside's."""
    given = {
        place: len(node.args.posonlyargs) + len(node.args.args)
        for place, node in functions(CODE)
        if not decorated_by(node, "router.", "click.", "command")
    }
    assert not {place: count for place, count in given.items() if count > PARAMETERS}


def test_names_say_what_a_thing_is() -> None:
    """Whole files, folders and classes: what a library calls its own is not ours to choose."""
    vague = []
    for path in CODE:
        names = [path.stem, *path.relative_to(ROOT).parent.parts]
        names += [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
        vague += [f"{name(path)}: {one}" for one in names if words(one) & VAGUE]
    assert not vague


def test_a_module_begins_by_saying_what_it_is_for() -> None:
    silent = [
        name(path) for path in CODE if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_what_is_public_is_described() -> None:
    missing = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.parse(path.read_text()).body
        if isinstance(node, Function | ast.ClassDef)
        and not node.name.startswith("_")
        and not decorated_by(node, "overload")
        and not ast.get_docstring(node)
    ]
    assert not missing


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"#.*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
    found = [
        f"{name(path)}:{number}"
        for path in [*CODE, *TESTS]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert not found


def test_no_code_is_commented_out() -> None:
    code = re.compile(
        r"^\s*# ?(?:from \S+ import |import \w+$|def \w+\(|class \w+[(:]|return\b.*[()]|if .*:$|for .* in .*:$|\w+ = \w+\()"
    )
    found = [
        f"{name(path)}:{number}"
        for path in CODE
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if code.match(line)
    ]
    assert not found


def test_the_engine_can_be_read_in_an_hour() -> None:
    lines = [line for path in (ROOT / "core" / "engine").glob("*.py") for line in path.read_text().splitlines()]
    assert len([line for line in lines if line.strip()]) <= 2000


def test_a_test_is_named_by_a_sentence() -> None:
    short = [place for place, node in functions(TESTS) if node.name.startswith("test_") and node.name.count("_") < 2]
    assert not short
