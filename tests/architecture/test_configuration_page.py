"""The page about the configuration has every key, with its default, what it accepts and what it is for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.config import load
from gennaker.config.expected import expected
from gennaker.config.settings import ROLES, SECTIONS, BasicUser, Settings, Token
from gennaker.config.template import default, describe, shown

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"


def row(key: str, value: Any, type_: Any) -> str:
    """One line of a table."""
    given = "required" if value is msgspec.NODEFAULT else f"`{shown(value)}`"
    return f"| `{key}` | {given} | {expected(type_)} | {describe(type_)} |"


def rows(type_: type[Struct], prefix: str = "") -> Iterator[str]:
    """The lines of a section."""
    for one in msgspec.structs.fields(type_):
        yield row(prefix + one.name, msgspec.NODEFAULT if one.required else default(one), one.type)


def keys() -> Iterator[str]:
    """The lines of the first table."""
    own = {one.name: one.type for one in msgspec.structs.fields(Settings)}
    for name, value in (("home", ""), ("plugins_dir", "")):
        yield f"| `{name}` | `{shown(value)}` | the path of a folder | {describe(own[name])} |"
    yield row("roles", list(ROLES), own["roles"])
    for name, type_ in SECTIONS.items():
        yield from rows(type_, f"{name}.")


def test_the_page_has_every_key_and_no_other() -> None:
    tables = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    references = [line for line in tables if line.startswith("| `secret:")]
    assert [line for line in tables if line not in references] == [*keys(), *rows(Token), *rows(BasicUser)]


def test_the_example_of_the_page_is_a_right_configuration(tmp_path: Path) -> None:
    text = PAGE.read_text().partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "secret").write_text("amqp://u:p@host")
    file = tmp_path / "gennaker.yaml"
    file.write_text(
        text.replace("/run/secrets/", f"{tmp_path}/").replace("/ops", "/secret").replace("/amqp", "/secret")
    )
    environ = {"CI_TOKEN": "abcdefgh", "DATABASE_URL": "postgresql://u:p@host/db"}
    settings = load(file, home=tmp_path, environ=environ)
    assert settings.server.authenticated
    assert settings.outbound.allow == ("10.1.0.0/16",)
