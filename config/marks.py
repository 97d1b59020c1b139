"""Finds the values of fields that are marked secret (`writeOnly` in their schema), in our sections and in plugins'.

Separate because a redactor needs the values, wherever a section declares them.
"""

from typing import Any

from msgspec import Struct, inspect, structs

from gennaker.config.mask import passwords


def secret_values(section: Struct) -> set[str]:
    """The secrets in a section and in those inside it; of a URL, its password."""
    found: set[str] = set()
    for one in structs.fields(section):
        value = getattr(section, one.name)
        info = inspect.type_info(one.type)
        extra = info.extra_json_schema if isinstance(info, inspect.Metadata) else None
        if (extra or {}).get("writeOnly") and isinstance(value, str):
            found |= passwords(value) if "://" in value else {value} - {""}
        found |= _inside(value)
    return found


def _inside(value: Any) -> set[str]:
    if isinstance(value, Struct):
        return secret_values(value)
    if isinstance(value, (list, tuple)):
        return set().union(*(_inside(one) for one in value))
    return set()
