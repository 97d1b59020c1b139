"""Tables, JSON and YAML."""

import json
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner

from gennaker.core.cli import output

APPLICATIONS = [
    {"name": "shop", "email": "a@b.de", "description": "sells", "updateTs": "1700000000000", "extra": {"a": [1]}},
    {"name": "till", "email": None},
]


def test_a_table_has_a_line_per_row_and_no_colours_where_there_is_no_terminal(gennaker: Any, server: Any) -> None:
    server.on("GET", "/applications", APPLICATIONS)
    lines = gennaker("application", "list").output.splitlines()
    assert lines[0].split() == ["NAME", "EMAIL", "DESCRIPTION", "CHANGED"]
    assert lines[1].split()[:3] == ["shop", "a@b.de", "sells"]
    assert lines[2] == "till"


@pytest.mark.parametrize("place", [("-o", "json", "application", "list"), ("application", "list", "-o", "json")])
def test_json_holds_everything_wherever_the_option_stands(gennaker: Any, server: Any, place: tuple[str, ...]) -> None:
    server.on("GET", "/applications", APPLICATIONS)
    assert json.loads(gennaker(*place).stdout) == APPLICATIONS


def test_the_option_that_comes_last_holds(gennaker: Any, server: Any) -> None:
    server.on("GET", "/applications", APPLICATIONS)
    assert gennaker("-o", "yaml", "application", "list", "-o", "json").stdout.startswith("[")


def test_yaml_holds_everything(gennaker: Any, server: Any) -> None:
    server.on("GET", "/applications", APPLICATIONS)
    assert msgspec.yaml.decode(gennaker("application", "list", "-o", "yaml").stdout) == APPLICATIONS


def test_an_unknown_form_is_wrong_usage(gennaker: Any) -> None:
    result = gennaker("application", "list", "-o", "xml")
    assert result.exit_code == 2
    assert "'table', 'json', 'yaml'" in result.stderr


def test_one_object_is_shown_by_key(gennaker: Any, server: Any) -> None:
    server.on("GET", "/applications/shop", {"name": "shop", "attributes": APPLICATIONS[0]})
    lines = gennaker("application", "get", "shop").output.splitlines()
    assert lines[0].split() == ["name", "shop"]
    assert lines[-1].split() == ["extra", '{"a":[1]}']


def test_a_cell_cannot_steer_the_terminal(gennaker: Any, server: Any) -> None:
    server.on("GET", "/applications", [{"name": "a\x1b]0;b\nc"}])
    assert gennaker("application", "list").output.splitlines()[1] == "a\\x1b]0;b c"


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [(0, 1_234, "1.2s"), (0, 65_000, "1m 05s"), (0, 3_720_000, "1h 02m"), (None, 5, ""), (5, 1, "0.0s")],
)
def test_durations_are_short(start: int | None, end: int, shown: str) -> None:
    assert output.duration(start, end) == shown


def test_a_time_that_is_none_is_shown_as_it_is() -> None:
    assert output.moment("soon") == "soon"
    assert output.moment(10**30) == str(10**30)
    assert output.moment(None) == ""


def test_truth_is_yes_or_no() -> None:
    assert (output.text(True), output.text(False)) == ("yes", "no")


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", ""), ("TERM", "dumb")])
def test_a_terminal_without_colours_gets_none(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.terminal()
    monkeypatch.setenv(variable, value)
    assert not output.terminal()


def test_on_a_terminal_statuses_have_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "terminal", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    @click.command()
    @click.pass_context
    def command(ctx: click.Context) -> None:
        output.show(ctx, [{"id": "x", "status": "SUCCEEDED"}], ("id", "status"))

    printed = CliRunner().invoke(command, color=True).output
    assert "\x1b[32mSUCCEEDED" in printed


def test_no_color_takes_colours_off_everywhere(gennaker: Any) -> None:
    assert "\x1b" not in gennaker("doctor", env={"NO_COLOR": "1"}).output
