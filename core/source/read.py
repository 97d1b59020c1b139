"""From files to definitions, each checked and with its place; every problem is told, not only the first.

Separate because it is pure: the same files give the same answer, whoever asks. A file with a problem gives none of its definitions, so
that what runs is never half of what somebody wrote.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, MutableMapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from msgspec import Struct

from gennaker.config.problems import ConfigError, Problem
from gennaker.config.yaml_reader import MAX_DEPTH, Path_, dotted
from gennaker.core.services import Json
from gennaker.core.source.document import Document, documents
from gennaker.core.source.kinds import Kind, kind_of
from gennaker.core.source.tree import SUFFIXES, Tree

#: Problems of one file that are told.
_MOST = 20


class Item(Struct, frozen=True, kw_only=True):
    """A definition that is right."""

    kind: Kind
    definition: Json
    file: str
    line: int

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


class Reading(Struct, frozen=True, kw_only=True):
    """What files hold."""

    items: tuple[Item, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: What is tolerated, in the same form.
    warnings: tuple[Problem, ...] = ()

    def unknown(self, file: str) -> bool:
        """Whether nobody can say what a file would hold: it, a folder around it or the whole has a problem."""
        broken = {problem.file for problem in self.problems}
        return "" in broken or any(str(path) in broken for path in (PurePosixPath(file), *PurePosixPath(file).parents))


#: Readings of single files, by path and content.
Known = MutableMapping[tuple[str, bytes], Reading]


class _Found(NamedTuple):
    """An object in a document, at `path`."""

    document: Document
    path: Path_
    value: Any


def read_tree(tree: Tree, known: Known | None = None) -> Reading:
    """The definitions in a tree. With `known`, files that were read before are not read again; it then holds those of this tree."""
    readings: dict[tuple[str, bytes], Reading] = {}
    for file, data in sorted(tree.files.items()):
        key = (file, hashlib.sha256(data).digest())
        readings[key] = (known or {}).get(key) or _read_file(file, data)
    if known is not None:
        known.clear()
        known.update(readings)
    items = [item for reading in readings.values() for item in reading.items]
    problems = [problem for reading in readings.values() for problem in reading.problems]
    if not tree.files and not tree.problems:
        wanted = ", ".join(f"*{suffix}" for suffix in SUFFIXES)
        problems.append(Problem(file="", message="holds no definitions", expected=f"a file such as {wanted}"))
    twice = list(_twice(items))
    bad = {problem.file for problem in twice}
    return Reading(
        items=tuple(item for item in items if item.file not in bad),
        problems=(*tree.problems, *problems, *twice),
        warnings=tuple(warning for reading in readings.values() for warning in reading.warnings),
    )


def _read_file(file: str, data: bytes) -> Reading:
    try:
        whole = [document for document in documents(file, data) if document.value is not None]
    except ConfigError as error:
        return Reading(problems=error.problems[:_MOST])
    items: list[Item] = []
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for each in (each for document in whole for each in _objects(document)):
        problems += _problems(file, each, items, warnings)
    if not whole:
        message = "holds nothing"
        problems.append(
            Problem(file=file, line=1, message=message, expected="a pipeline; remove the file to remove it")
        )
    return Reading(items=() if problems else tuple(items), problems=tuple(problems[:_MOST]), warnings=tuple(warnings))


def _objects(document: Document) -> Iterator[_Found]:
    """A document holds one object, or a list of them."""
    if isinstance(document.value, list):
        yield from (_Found(document, (number,), value) for number, value in enumerate(document.value))
    else:
        yield _Found(document, (), document.value)


def _problems(file: str, found: _Found, items: list[Item], warnings: list[Problem]) -> list[Problem]:
    """What is wrong with an object; when nothing is, it is one of the items."""
    document, path, value = found

    def told(where: str, message: str, expected: str = "") -> Problem:
        key = ".".join(part for part in (dotted(path), where) if part)
        return Problem(file=file, line=document.line(key), key=key, message=message, expected=expected)

    if not isinstance(value, dict):
        return [told("", f"holds {_shown(value)}", "a pipeline: an object such as {name: …, stages: […]}")]
    kind = kind_of(value)
    odd = [told(dotted(place), message, expected) for place, message, expected in _unstorable(value, ())]
    if odd:
        return odd
    definition = kind.in_folder(value, PurePosixPath(file).parent.name)
    wrong, tolerated = kind.check(definition)
    for text in tolerated:
        where, _, message = text.partition(": ")
        warnings.append(told(where, message))
    if not wrong:
        items.append(Item(kind=kind, definition=definition, file=file, line=document.line(dotted(path))))
    return [told(one.where, one.message) for one in wrong]


def _unstorable(value: Any, path: Path_) -> Iterator[tuple[Path_, str, str]]:
    """Values that cannot be stored as JSON."""
    if len(path) > MAX_DEPTH:
        yield path, "is nested too deeply", f"at most {MAX_DEPTH} levels"
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not _encodable(key):
                yield path, f"has the key {key!r}, which is no text", "whole characters"
            else:
                yield from _unstorable(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _unstorable(inner, (*path, number))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"is {value}, which JSON cannot hold", "a number"
    elif isinstance(value, str) and not _encodable(value):
        yield path, f"is {_shown(value)}, which is no text", "whole characters"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _twice(items: list[Item]) -> Iterator[Problem]:
    """What two definitions may not share, told at each of the places."""
    places: defaultdict[tuple[str, ...], list[Item]] = defaultdict(list)
    for item in items:
        places["name", item.kind.name, *item.kind.key(item.definition)].append(item)
        if item.definition.get("id"):
            places["id", item.kind.name, item.definition["id"]].append(item)
    for (what, *_), sharing in places.items():
        for item in sharing if len(sharing) > 1 else ():
            others = ", ".join(other.place for other in sharing if other is not item)
            shared = item.definition["id"] if what == "id" else item.kind.label(item.definition)
            message = f"{shared!r} is also in {others}"
            yield Problem(file=item.file, line=item.line, key=what, message=message, expected="each once")


def _shown(value: Any) -> str:
    names = {list: "a list", type(None): "nothing", bool: "true or false"}
    text = names.get(type(value)) or repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
