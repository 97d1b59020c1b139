"""Secret references: where they lead, what is said when they lead nowhere, and that their values are never shown."""

from pathlib import Path

import pytest

from gennaker.config import ConfigError, load
from gennaker.config.mask import mask_url

CANARY = "canary-hunter22"


def settings_of(tmp_path: Path, text: str, **environ: str):  # type: ignore[no-untyped-def]
    """Load a text."""
    file = tmp_path / "gennaker.yaml"
    file.write_text(text)
    return load(file, home=tmp_path, environ=environ)


def test_a_secret_comes_from_a_variable_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(CANARY + "\n")
    text = "bus: {url: 'secret:env:BUS'}\nserver: {basic: [{user: u, password: 'secret:file:pw'}]}"
    settings = settings_of(tmp_path, text, BUS="amqp://u:pw@host")
    assert settings.bus.url == "amqp://u:pw@host"
    assert settings.server.basic[0].password == CANARY
    assert {CANARY, "amqp://u:pw@host"} <= settings.secrets


def test_a_number_may_be_a_secret(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "server: {port: 'secret:env:P'}", P="9000").server.port == 9000


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("secret:env:NOPE", "the environment variable NOPE is not set; expected NOPE to be set and not empty"),
        ("secret:file:nope", "nope cannot be read (No such file or directory); expected a readable file"),
        ("secret:file:empty", "empty is empty"),
        ("secret:file:big", "big is too large"),
        ("secret:file:binary", "binary is not text"),
        ("secret:vault:x", "secret:vault: is not a kind of secret; expected secret:env:NAME or secret:file:/path"),
        ("secret:env:", "secret:env: is not a kind of secret"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_its_line(tmp_path: Path, reference: str, message: str) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "big").write_text("x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError) as raised:
        settings_of(tmp_path, f"bus:\n  url: '{reference}'\n")
    (problem,) = raised.value.problems
    assert (problem.line, problem.key) == (2, "bus.url")
    assert message in str(problem)


def test_a_secret_that_does_not_fit_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        settings_of(
            tmp_path,
            "server: {host: 'secret:env:H', port: 'secret:env:P'}\nroles: ['secret:env:H']",
            P=CANARY,
            H=CANARY,
        )
    assert CANARY not in str(raised.value)
    assert "has a secret value that does not fit" in str(raised.value)


def test_no_setting_shows_its_secret_when_it_is_printed(tmp_path: Path) -> None:
    text = f"""
server: {{tokens: [{{name: ci, token: {CANARY}}}], basic: [{{user: u, password: {CANARY}}}]}}
database: {{url: 'postgresql://u:{CANARY}@db/x'}}
bus: {{url: 'amqp://u:{CANARY}@mq'}}
"""
    settings = settings_of(tmp_path, text)
    shown = repr((settings, settings.server, settings.database, settings.bus, settings.logging))
    assert CANARY not in shown
    assert CANARY in settings.secrets


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("amqp://guest:guest@host:5672/x", "amqp://guest:***@host:5672/x"),
        ("postgresql+psycopg://u:p@ss/w@h/db", "postgresql+psycopg://u:***@h/db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("http://host:8084/a", "http://host:8084/a"),
        ("redis://:pw@host", "redis://:***@host"),
    ],
)
def test_the_password_of_a_url_is_masked(url: str, masked: str) -> None:
    assert mask_url(f"at {url} now") == f"at {masked} now"
