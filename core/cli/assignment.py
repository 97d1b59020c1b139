"""`KEY=VALUE` on the command line, where VALUE is a text, and `KEY:=JSON` for everything else.

Separate because parameters of a pipeline and variables of a template are given in the same way.
"""

from typing import Any

import click
import msgspec


def assignment(text: str, option: str) -> tuple[str, Any]:
    """Key and value. Raises click.BadParameter naming the option."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip(":"):
        raise click.BadParameter(f"{text!r}; expected KEY=VALUE or KEY:=JSON", param_hint=option)
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"{text!r}: what follows := is not JSON ({error})", param_hint=option) from error
