"""`gennaker config`: what it prints and how it exits."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from gennaker.core.main import main

Run = Callable[..., Result]
CANARY = "canary-hunter22"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `gennaker config …` with a home folder of its own."""
    monkeypatch.setenv("GENNAKER_HOME", str(tmp_path))
    monkeypatch.delenv("GENNAKER_CONFIG", raising=False)
    return lambda *words: CliRunner().invoke(main, ["config", *words])


def test_a_right_configuration_is_said_to_be_right(run: Run) -> None:
    result = run("check")
    assert (result.exit_code, result.output) == (
        0,
        "The configuration is right (there is no file; the defaults hold).\n",
    )


def test_each_mistake_is_one_line_and_the_exit_code_is_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gennaker.yaml").write_text("server:\n  prt: 1\n  port: x\n")
    result = run("check")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert "gennaker.yaml:2: server.prt: is not a known key (did you mean 'port'?)" in lines[0]
    assert "gennaker.yaml:3: server.port: is 'x'; expected a whole number" in lines[1]


def test_a_section_of_a_plugin_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gennaker.yaml").write_text("plugins:\n  flwo: {}\n")
    result = run("check")
    assert result.exit_code == 2
    assert "gennaker.yaml:2: plugins.flwo: no such plugin is installed (did you mean 'flow'?)" in result.stderr


def test_show_has_every_key_with_its_place_and_no_secret(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gennaker.yaml").write_text(
        f"server:\n  tokens: [{{name: ci, token: {CANARY}}}]\nbus:\n  url: amqp://u:{CANARY}@host\n"
        f"plugins: {{flow: {{enabled: false, password: {CANARY}}}}}\n"
    )
    for form in ("table", "json", "yaml"):
        result = run("show", "-o", form)
        assert result.exit_code == 0
        assert CANARY not in result.output
        assert "amqp://u:***@host" in result.output
    table = run("show").output
    assert f"{tmp_path}/gennaker.yaml:4" in next(line for line in table.splitlines() if line.startswith("bus.url"))
    assert next(line for line in table.splitlines() if line.startswith("server.port")).split() == [
        "server.port",
        "8084",
        "default",
    ]


def test_schema_is_json(run: Run) -> None:
    document = msgspec.json.decode(run("schema").output)
    assert document["properties"]["server"]


def test_init_writes_a_file_that_is_right_and_never_over_another(run: Run, tmp_path: Path) -> None:
    assert run("init").exit_code == 0
    assert run("check").exit_code == 0
    text = (tmp_path / "gennaker.yaml").read_text()
    assert run("init", "-").output == text
    again = run("init")
    assert again.exit_code == 2
    assert "is there already; --force writes over it" in again.stderr
    (tmp_path / "gennaker.yaml").write_text("broken: [")
    assert run("init", "--force").exit_code == 0
    assert (tmp_path / "gennaker.yaml").read_text() == text


def test_init_says_when_it_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("init", str(tmp_path / "file" / "x.yaml"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
