"""The one reader of YAML (and so of JSON): plain data only, bounded, and it remembers the line of everything.

Separate because YAML is where unsafe tags, alias bombs, silently doubled keys and surprising scalars come in; nothing else in the
program imports a YAML library. Scalars follow YAML 1.2's core schema: `no`, `on`, `12:30` and dates are text, `true` and `false` are
booleans. Merge keys are not read.
"""

import re
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from msgspec import Struct

from gennaker.config.problems import ConfigError, Problem

if TYPE_CHECKING:
    from yaml import SafeLoader as _FastBase
else:
    _FastBase = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: Bytes of text that are read at most.
MAX_BYTES = 4 * 1024 * 1024
#: Values that a document may have once its aliases are written out.
MAX_VALUES = 200_000
MAX_DEPTH = 60
_LONGEST_NUMBER = 400
#: Values that a large document may have however short it is.
_LEAST = 1000

T = TypeVar("T")
Path_ = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


class Document(Struct, frozen=True, kw_only=True):
    """What was read."""

    value: Any
    #: Path of each value to its line, from 1.
    lines: dict[Path_, int]


class _Loader(yaml.SafeLoader):
    """Composes nodes only; which plain scalar means what is decided here."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's attribute)


class _FastLoader(_FastBase):
    """The same with libyaml."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's attribute)


for _one in (_Loader, _FastLoader):
    _one.add_implicit_resolver(f"{_TAG}plain", re.compile(r"[\s\S]*"), None)


def dotted(path: Path_) -> str:
    """A path as people write it: `server.tokens[0].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(path: Path, *, limit: int = MAX_BYTES) -> Document:
    """The document in a file. Raises ConfigError, also for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        message = f"cannot be read ({error.strerror})"
        raise ConfigError([Problem(file=str(path), message=message, expected="a readable YAML file")]) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError([Problem(file=str(path), line=line, message="is not text", expected="UTF-8")]) from error
    return read_text(text, str(path), limit=limit)


def read_text(text: str, name: str, *, limit: int = MAX_BYTES) -> Document:
    """The document in a text; `name` is what problems call it. An empty text is None. Raises ConfigError."""
    node = _composed(lambda: yaml.compose(text, Loader=_Loader), text, name, limit)
    return Document(value=None, lines={}) if node is None else _Builder(name, MAX_VALUES).build(node)


def read_large(text: str, name: str, *, limit: int) -> Document:
    """The document in a text that a program wrote and that may be large, read several times as fast where libyaml is in PyYAML.

    Its values may be as many as its characters can write without aliases. Problems are told in fewer words. Raises ConfigError.
    """
    node = _composed(lambda: yaml.compose(str(text), Loader=_FastLoader), text, name, limit)
    return Document(value=None, lines={}) if node is None else _Builder(name, _LEAST + len(text) // 2).build(node)


def read_documents(text: str, name: str, *, limit: int = MAX_BYTES) -> list[Document]:
    """The documents in a text, divided by `---`; the limits hold for all of them together. Raises ConfigError."""
    nodes = _composed(lambda: list(yaml.compose_all(text, Loader=_Loader)), text, name, limit)
    builder = _Builder(name, MAX_VALUES)
    return [Document(value=None, lines={}) if node is None else builder.build(node) for node in nodes]


def _composed(compose: Callable[[], T], text: str, name: str, limit: int) -> T:
    if len(text.encode("utf-8", "surrogatepass")) > limit:
        raise ConfigError([Problem(file=name, message="is too large", expected=f"at most {limit} bytes")])
    try:
        return compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.count("\n")) + 1 if mark else None  # what is not closed is told behind the end
        message = " ".join(part for part in (error.context, error.problem) if part)
        if "nesting depth" in message:
            raise ConfigError([_too_deep(name, line)]) from error
        raise ConfigError([Problem(file=name, line=line, message=f"is not YAML: {message}")]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError([Problem(file=name, message=f"is not YAML: {error}")]) from error
    except RecursionError as error:
        raise ConfigError([_too_deep(name)]) from error


def _too_deep(name: str, line: int | None = None) -> Problem:
    return Problem(file=name, line=line, message="is nested too deeply", expected=f"at most {MAX_DEPTH} levels")


class _Builder:
    """Turns nodes into plain data and collects the problems; of several documents, it counts the values of all."""

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        self.most = most
        self.problems: list[Problem] = []
        self.lines: dict[Path_, int] = {}
        self.count = 0

    def build(self, node: yaml.Node) -> Document:
        self.lines = {}
        value = self.value(node, (), 0)
        if self.problems:
            raise ConfigError(self.problems)
        return Document(value=value, lines=self.lines)

    def value(self, node: yaml.Node, path: Path_, depth: int) -> Any:
        self.count += 1
        if self.count > self.most:
            self.stop(node, path, "has too many values", f"at most {self.most}, with every alias written out")
        if depth > MAX_DEPTH:
            self.stop(node, path, "is nested too deeply", f"at most {MAX_DEPTH} levels, and no alias to what holds it")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self.mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path)
        return self.problem(node, path, f"tag {node.tag.replace(_TAG, '!!')} is not allowed", "plain data without tags")

    def mapping(self, node: yaml.MappingNode, path: Path_, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key: Hashable = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key, str):
                self.problem(key_node, path, "a key is not a word", "text before the colon")
            elif key == "<<" and not key_node.style:
                self.problem(key_node, path, "merge keys (<<) are not read", "the keys written out")
            elif key in found:
                first = self.lines[(*path, key)]
                self.problem(key_node, (*path, key), f"is there twice (first in line {first})", "each key once")
            else:
                self.lines[(*path, key)] = key_node.start_mark.line + 1
                found[key] = self.value(value_node, (*path, key), depth + 1)
        return found

    def scalar(self, node: yaml.ScalarNode, path: Path_) -> Any:
        if node.tag == f"{_TAG}plain":
            return plain(node.value)
        if node.tag == f"{_TAG}str":
            return node.value
        return self.problem(node, path, f"tag {node.tag.replace(_TAG, '!!')} is not allowed", "plain data without tags")

    def problem(self, node: yaml.Node, path: Path_, message: str, expected: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(file=self.name, line=line, key=dotted(path), message=message, expected=expected))

    def stop(self, node: yaml.Node, path: Path_, message: str, expected: str) -> None:
        self.problem(node, path, message, expected)
        raise ConfigError(self.problems)


def plain(text: str) -> Any:
    """What an unquoted scalar means: null, boolean, number or text."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INT.fullmatch(text):
        return int(text[2:], 8) if text.startswith("0o") else int(text, 16) if text.startswith("0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return _SPECIAL.get(text.lower(), text)
