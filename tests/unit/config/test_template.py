"""The file that `config init` writes, the schema, and the marks of secrets: all made from the settings, so none lags behind."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from gennaker.config import load
from gennaker.config.marks import secret_values
from gennaker.config.schema import schema
from gennaker.config.settings import SECRET, SECTIONS, Settings
from gennaker.config.template import template


class Section(Struct, frozen=True, kw_only=True):
    """A plugin's own keys."""

    limit: Annotated[int, Meta(ge=1, description="how many")] = 3
    names: list[str] = msgspec.field(default_factory=lambda: ["a", "b"])
    url: Annotated[str, Meta(extra_json_schema=SECRET)] = "http://u:hunter22@host"


class Needing(Struct, frozen=True, kw_only=True):
    """A plugin with a key that has no default."""

    account: str


def test_the_file_with_every_key_is_read_as_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "gennaker.yaml"
    file.write_text(template({"flow": Section}))
    written = load(file, home=tmp_path, environ={})
    plain = load(
        None, home=tmp_path / "x" / "..", environ={"GENNAKER_HOME": str(tmp_path), "GENNAKER_CONFIG": "/dev/null"}
    )
    for name in SECTIONS:
        if name != "database":
            assert getattr(written, name) == getattr(plain, name)
    assert written.roles == plain.roles
    assert written.plugin("flow", Section) == Section()


def test_the_file_has_every_key_with_its_description() -> None:
    text = template({"flow": Section, "needing": Needing})
    for type_ in (*SECTIONS.values(), Section):
        for one in msgspec.structs.fields(type_):
            assert f"  {one.encode_name}: " in text
    assert "  limit: 3" in text
    assert "# how many [a whole number, at least 1]" in text
    assert "# account:   (required)" in text


def test_the_schema_has_every_key_and_refuses_others() -> None:
    document: dict[str, Any] = schema({"flow": Section})
    assert set(document["properties"]) == {*SECTIONS, "home", "plugins_dir", "roles", "plugins"}
    assert document["additionalProperties"] is False
    for name, type_ in SECTIONS.items():
        section = document["$defs"][type_.__name__]
        assert document["properties"][name] == {"$ref": f"#/$defs/{type_.__name__}"}
        assert section["additionalProperties"] is False
        assert set(section["properties"]) == {one.encode_name for one in msgspec.structs.fields(type_)}
        assert all(key.get("description") for key in section["properties"].values())
    flow = document["properties"]["plugins"]["properties"]["flow"]
    assert set(flow["properties"]) == {"enabled", "limit", "names", "url"}
    assert document["properties"]["home"]["description"]


def test_every_key_of_the_settings_is_described() -> None:
    own = {one.name for one in msgspec.structs.fields(Settings)} - {"plugins", "file", "origins", "secrets"}
    assert own == {*SECTIONS, "home", "plugins_dir", "roles"}


def test_the_values_of_marked_fields_are_found_wherever_they_are() -> None:
    settings = msgspec.convert({"tokens": [{"name": "a", "token": "abcdefgh"}]}, SECTIONS["server"])
    assert secret_values(settings) == {"abcdefgh"}
    assert secret_values(Section()) == {"hunter22"}
    assert secret_values(Needing(account="x")) == set()
