"""Writes a configuration file that has every key, with its default and what it is for.

Separate because `gennaker config init` should never lag behind the settings.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, inspect
from msgspec.structs import FieldInfo

from gennaker.config.expected import expected
from gennaker.config.settings import ROLES, SECTIONS, Settings

_HEAD = """\
# Gennaker's configuration. Every key is here with its default; leave out what you do not change.
# An environment variable wins over the file: GENNAKER_<SECTION>__<KEY>, such as GENNAKER_DATABASE__URL.
# A value may be a reference to a secret: secret:env:NAME or secret:file:/path.
# `gennaker config check` says what is wrong, with the line.
"""
_EXAMPLES = {
    "tokens": "- {name: ci, token: secret:env:CI_TOKEN, scopes: [read, run]}",
    "basic": "- {user: ada, password: secret:file:/run/secrets/ada, scopes: [read, run, admin]}",
    "allow": "- 10.1.0.0/16",
}


def template(plugins: Mapping[str, type[Struct]]) -> str:
    """The text of the file; `plugins` has the type of each plugin's section."""
    own = {one.name: one for one in msgspec.structs.fields(Settings)}
    lines = [_HEAD, f"# {describe(own['home'].type)}", 'home: ""', ""]
    lines += [f"# {describe(own['plugins_dir'].type)}", 'plugins_dir: ""', ""]
    lines += [f"# {describe(own['roles'].type)} [{expected(own['roles'].type)}]", f"roles: {shown(list(ROLES))}", ""]
    for name, type_ in SECTIONS.items():
        lines += [*_section(name, type_, ""), ""]
    lines += ["# A section for each plugin; `enabled: false` leaves a plugin out.", "plugins:"]
    for name, type_ in sorted(plugins.items()):
        lines += _section(name, type_, "  ")
    return "\n".join(lines) + ("\n" if plugins else " {}\n")


def describe(type_: Any) -> str:
    """The description of an annotated type, or nothing."""
    info = inspect.type_info(type_)
    extra = info.extra_json_schema if isinstance(info, inspect.Metadata) else None
    return str((extra or {}).get("description", ""))


def shown(value: Any) -> str:
    """A default as it is written in the file (JSON, which is YAML)."""
    return msgspec.json.encode(value).decode().replace('","', '", "')


def default(one: FieldInfo) -> Any:
    """The default of a field that has one."""
    return one.default if one.default is not msgspec.NODEFAULT else one.default_factory()


def _section(name: str, type_: type[Struct], indent: str) -> Iterator[str]:
    doc = (type_.__doc__ or "").strip().partition("\n")[0]
    if doc:
        yield f"{indent}# {doc}"
    fields = msgspec.structs.fields(type_)
    yield f"{indent}{name}:" + ("" if fields else " {}")
    for one in fields:
        text = describe(one.type)
        yield f"{indent}  # {text + ' ' if text else ''}[{expected(one.type)}]"
        if one.encode_name in _EXAMPLES:
            yield f"{indent}  #   {_EXAMPLES[one.encode_name]}"
        if one.required:
            yield f"{indent}  # {one.encode_name}:   (required)"
        else:
            yield f"{indent}  {one.encode_name}: {shown(default(one))}"
