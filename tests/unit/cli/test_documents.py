"""What README and docs say about the command line is true, and nothing is left out."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gennaker.core.cli import root
from gennaker.core.engine.requests import check_pipeline
from gennaker.core.main import main

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
CLI = (ROOT / "docs" / "cli.md").read_text()


def shell_lines() -> Iterator[tuple[str, str]]:
    """Every line in a shell block that runs the program."""
    for document in DOCUMENTS:
        for block in re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", document.read_text(), re.M | re.S):
            for line in block.replace("\\\n", " ").splitlines():
                plain = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
                if plain.startswith("gennaker "):
                    yield document.name, plain


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group that can be run."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize(("document", "line"), sorted(set(shell_lines())))
def test_every_command_in_the_documents_parses(document: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    words = words[: next((i for i, word in enumerate(words) if word in (">", "|", "&&", ";", "<", "&")), len(words))]
    context: click.Context = main.make_context("gennaker", list(words))
    while isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None, f"{document}: {line}"
        context = command.make_context(name, rest, parent=context)


def test_every_command_is_in_the_reference() -> None:
    missing = [path for path, _ in commands(main, "gennaker") if path not in CLI]
    assert missing == []


def test_every_command_says_what_it_does() -> None:
    assert [path for path, command in commands(main, "gennaker") if not command.get_short_help_str()] == []


def test_the_exit_codes_are_those_of_the_program() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", CLI, re.M)]
    assert codes == [
        root.OK,
        root.FAILED,
        root.USAGE,
        root.UNREACHABLE,
        root.REFUSED,
        root.TIMED_OUT,
        root.CHANGES,
        130,
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("name", ["README.md", "docs/pipelines.md"])
def test_every_pipeline_shown_is_valid(name: str) -> None:
    shown = re.findall(r"^```json\n(.*?)^```", (ROOT / name).read_text(), re.M | re.S)
    assert shown
    for text in shown:
        assert check_pipeline(json.loads(text)) == ((), ())
