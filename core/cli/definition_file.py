"""Reads definitions that people keep in files: JSON or YAML, one object or a list of them, `-` for standard input.

Separate because pipelines, applications and parameters are read alike, and a mistake in a file is told with its line.
"""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from gennaker.config.yaml_reader import MAX_BYTES, read_text
from gennaker.core.cli.root import USAGE, Told
from gennaker.core.services import Json


def read_all(path: str) -> list[Json]:
    """Every object in a file. Raises Told (usage) naming file and line, and ConfigError for wrong YAML."""
    text = _text(path)
    value = _json(text, path) if text.lstrip()[:1] in ("{", "[") else read_text(text, path).value
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            place = f"{path}: item {index}" if isinstance(value, list) else path
            raise Told(f"{place}: holds {_kind(item)}; expected an object such as {{'name': …}}", USAGE)
    return items


def read_one(path: str) -> Json:
    """The one object in a file."""
    items = read_all(path)
    if len(items) != 1:
        raise Told(f"{path}: holds {len(items)} objects; expected one", USAGE)
    return items[0]


def _text(path: str) -> str:
    try:
        with sys.stdin.buffer if path == "-" else Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Told(f"{path}: cannot be read ({error.strerror})", USAGE) from error
    if len(data) > MAX_BYTES:
        raise Told(f"{path}: is larger than {MAX_BYTES} bytes", USAGE)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Told(f"{path}: is not UTF-8 text (byte {error.start})", USAGE) from error


def _json(text: str, path: str) -> Any:
    def refuse(word: str) -> NoReturn:
        raise Told(f"{path}: holds {word}, which is no JSON number", USAGE)

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise Told(f"{path}:{error.lineno}:{error.colno}: is not JSON: {error.msg}", USAGE) from error
    except RecursionError as error:
        raise Told(f"{path}: is nested too deeply", USAGE) from error


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")
