"""The root of the command line: what is imported when, and how errors are told."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from gennaker.config.problems import ConfigError, Problem
from gennaker.core.cli.root import FAILED, REFUSED, UNREACHABLE, USAGE, LazyGroup, exit_code, told
from gennaker.core.errors import GennakerError, InvalidRequest, NotFound, Refused, Unavailable
from gennaker.core.main import MODULES, main


def test_help_lists_every_command_and_the_exit_codes() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name, (_, line) in MODULES.items():
        assert f"  {name}" in result.output
        assert line in result.output
    assert "Exit codes: 0 done" in result.output


def test_help_imports_neither_the_store_nor_http_nor_a_command() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from gennaker.core.main import main;"
        "CliRunner().invoke(main, ['--help']);"
        "print([m for m in ('httpx','sqlalchemy','fastapi','rich','pika','kombu','gennaker.core.cli.pipeline')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", MODULES)
def test_every_command_of_the_table_is_in_its_module(name: str) -> None:
    assert isinstance(getattr(import_module(MODULES[name][0]), name.replace("-", "_")), click.Command)


def test_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.startswith("gennaker 0.")


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["pipline"])
    assert result.exit_code == USAGE
    assert "No such command 'pipline'" in result.output


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotFound("x"), REFUSED), (Refused("x"), REFUSED), (Unavailable("x"), UNREACHABLE), (GennakerError("x"), FAILED)],
)
def test_an_error_has_the_exit_code_of_its_status(error: GennakerError, code: int) -> None:
    answer = told(error)
    assert answer is not None
    assert (answer.message, answer.code) == ("x", code)


def test_several_problems_are_told_one_per_line() -> None:
    answer = told(InvalidRequest("two things", problems=("a is wrong", "b is wrong")))
    assert answer is not None
    assert answer.message == "a is wrong\nb is wrong"


def test_a_wrong_configuration_is_wrong_usage() -> None:
    answer = told(ConfigError([Problem(file="g.yaml", line=3, key="server.prt", message="is not known")]))
    assert answer is not None
    assert (answer.message, answer.code) == ("g.yaml:3: server.prt: is not known", USAGE)


def test_a_mistake_in_the_program_is_not_hidden() -> None:
    assert told(ZeroDivisionError()) is None

    @click.command()
    def breaks() -> None:
        raise ZeroDivisionError

    group = LazyGroup(name="x", modules={})
    group.add_command(breaks)
    assert isinstance(CliRunner().invoke(group, ["breaks"]).exception, ZeroDivisionError)


def test_server_errors_fail_and_client_errors_are_refusals() -> None:
    assert [exit_code(status) for status in (400, 404, 401, 500, 502, 503)] == [
        REFUSED,
        REFUSED,
        REFUSED,
        FAILED,
        UNREACHABLE,
        UNREACHABLE,
    ]


def test_control_characters_in_an_error_do_not_reach_the_terminal(gennaker: Any, server: Any) -> None:
    server.on("GET", "/applications", {"message": "evil \x1b[31m"}, status=400)
    result = gennaker("application", "list")
    assert result.exit_code == REFUSED
    assert "\x1b" not in result.stderr
    assert "evil \\x1b[31m" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_GENNAKER_COMPLETE" in result.output


def test_a_plugin_can_add_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "plugins.d"
    folder.mkdir()
    (folder / "greeter.py").write_text(
        "import click\nfrom gennaker.core.hookspecs import hookimpl\n\n\n"
        "@click.command()\ndef greet():\n    click.echo('good day')\n\n\n"
        "@hookimpl\ndef gennaker_commands():\n    return [greet]\n"
    )
    monkeypatch.setenv("GENNAKER_HOME", str(tmp_path))
    result = CliRunner().invoke(main, ["greet"])
    assert result.output == "good day\n"


def test_a_broken_configuration_does_not_hide_that_a_command_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gennaker.yaml").write_text("servr: {}\n")
    monkeypatch.setenv("GENNAKER_HOME", str(tmp_path))
    result = CliRunner().invoke(main, ["greet"])
    assert result.exit_code == USAGE
    assert "No such command 'greet'" in result.output


@pytest.mark.parametrize(("typed", "offered"), [("gennaker pipel", "pipeline"), ("gennaker execution jud", "judge")])
def test_a_shell_completes_commands(typed: str, offered: str) -> None:
    words = typed.split()
    asked = {"_GENNAKER_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    result = CliRunner(env=asked).invoke(main, prog_name="gennaker")
    assert f"plain,{offered}" in result.output.splitlines()
