"""The configuration's JSON Schema, for editors and for those who generate files.

Separate because it is made from the types, with the sections of the plugins that are there.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.config.settings import SECTIONS, Settings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FOLDERS = ("home", "plugins_dir")


def schema(plugins: Mapping[str, type[Struct]]) -> dict[str, Any]:
    """The schema of the file; `plugins` has the type of each plugin's section."""
    own = list(SECTIONS.values())
    types = [*own, *plugins.values(), _roles()]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    sections = dict(zip(SECTIONS, schemas, strict=False))
    of_plugins = dict(zip(plugins, schemas[len(own) :], strict=False))
    folders = {one.name: one.type for one in msgspec.structs.fields(Settings) if one.name in _FOLDERS}
    descriptions = {name: msgspec.inspect.type_info(type_) for name, type_ in folders.items()}
    return {
        "$schema": _DIALECT,
        "title": "gennaker.yaml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{name: {"type": "string", **_extra(info)} for name, info in descriptions.items()},
            "roles": schemas[-1],
            **sections,
            "plugins": {
                "type": "object",
                "description": "a section for each plugin; `enabled: false` leaves a plugin out",
                "properties": {name: _with_enabled(one, components) for name, one in of_plugins.items()},
                "additionalProperties": {"type": ["object", "null"]},
            },
        },
        "$defs": components,
    }


def _roles() -> Any:
    return next(one.type for one in msgspec.structs.fields(Settings) if one.name == "roles")


def _extra(info: msgspec.inspect.Type) -> dict[str, Any]:
    return dict(info.extra_json_schema or {}) if isinstance(info, msgspec.inspect.Metadata) else {}


def _with_enabled(section: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """A plugin's schema with the one key that is ours."""
    own = components[section["$ref"].removeprefix("#/$defs/")]
    enabled = {"type": "boolean", "default": True, "description": "false leaves the plugin out"}
    return {**own, "properties": {"enabled": enabled, **own.get("properties", {})}, "additionalProperties": False}
