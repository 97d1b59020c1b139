"""What must exist once exists once: one HTTP client, one YAML reader, one place for each subprocess, no shell, no second evaluator."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = sorted(path for folder in ("bus", "config", "core", "plugins") for path in (ROOT / folder).rglob("*.py"))

#: Module to the files (or folders) that may import it; an empty tuple means nobody.
CHOKE_POINTS: dict[str, tuple[str, ...]] = {
    # The outbound client checks addresses; the command line calls the daemon that its user names.
    "httpx": ("core/outbound/", "core/cli/client.py"),
    "httpcore": ("core/outbound/",),
    "requests": (),
    "aiohttp": (),
    "urllib3": (),
    "urllib.request": (),
    "http.client": (),
    "smtplib": (),
    "ftplib": (),
    "telnetlib": (),
    # Everything that is YAML goes through the bounded reader.
    "yaml": ("config/yaml_reader.py",),
    "subprocess": ("core/processes/",),
    "multiprocessing": (),
    "pty": (),
    "pickle": (),
    "marshal": (),
    "shelve": (),
    # Archives are opened by their one reader.
    "tarfile": ("core/archive.py",),
    "zipfile": ("core/archive.py",),
    "gzip": ("core/archive.py",),
    "bz2": (),
    "lzma": (),
    "shutil": (),
    "xml": (),
    "jinja2": (),
    "code": (),
    "codeop": (),
    # Secrets and logging.
    "structlog": ("core/log.py",),
    "prometheus_client": ("core/metrics.py",),
    # SQL is in the store, and nowhere else.
    "alembic": ("core/store/",),
    "sqlite3": ("core/store/",),
    "psycopg": ("core/store/",),
}
#: Calls that are never right here.
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "os.fork",
    "yaml.load",
    "yaml.unsafe_load",
}


def name(path: Path) -> str:
    """A file as its path in the repository."""
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, wherever in it; `from a import b` may mean a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_goes_round_a_choke_point() -> None:
    round_it = [
        f"{name(path)} imports {module}"
        for path in CODE
        for module in imported(ast.parse(path.read_text()))
        for guarded, places in CHOKE_POINTS.items()
        if (module == guarded or module.startswith(f"{guarded}.")) and not name(path).startswith(places or ("none",))
    ]
    assert not round_it


def test_a_choke_point_that_is_gone_round_would_be_seen() -> None:
    tree = ast.parse("def f():\n    from urllib import request\n    import httpx._client as x\n")
    assert set(imported(tree)) == {"urllib", "urllib.request", "httpx._client"}


def test_nothing_is_evaluated_and_no_shell_is_run() -> None:
    wrong = []
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            shell = any(one.arg == "shell" for one in node.keywords)
            if called in FORBIDDEN_CALLS or shell:
                wrong.append(f"{name(path)}:{node.lineno} {called}")
    assert not wrong


def test_imports_are_absolute_and_under_the_one_name() -> None:
    wrong = []
    for path in CODE:
        tree = ast.parse(path.read_text())
        relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
        bare = [one for one in imported(tree) if one.partition(".")[0] in {"bus", "config", "core", "plugins", "tests"}]
        wrong += [f"{name(path)}: {one}" for one in [*relative, *bare]]
    assert not wrong


def test_no_rule_is_switched_off_for_a_whole_file() -> None:
    marks = ("# mypy: ignore", "# ruff: noqa", "# type: ignore\n", "# noqa\n")
    assert not [f"{name(path)}: {mark.strip()}" for path in CODE for mark in marks if mark in path.read_text()]
