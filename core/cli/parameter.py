"""Parameters as the command line takes them: `KEY=VALUE`, or `KEY:=JSON` for what is not a text."""

from typing import Any

import click
import msgspec


def parameter(text: str, option: str = "--param") -> tuple[str, Any]:
    """Name and value. Raises BadParameter."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip(":"):
        raise click.BadParameter(f"{text!r}; expected KEY=VALUE or KEY:=JSON", param_hint=option)
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"{text!r}: what follows := is not JSON ({error})", param_hint=option) from error
