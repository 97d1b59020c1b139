"""What is different between two definitions, place by place.

Separate because people read it: the items of a list are paired by what names them, so that a stage put in between is one difference.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gennaker.core.services import Json

#: What names an item in a list of objects; the first that all have, and no two the same.
_NAMES = ("refId", "id", "name")


class Change(Struct, frozen=True, kw_only=True):
    """One difference."""

    #: Such as `stages[refId=2].waitTime`.
    path: str
    what: Literal["added", "removed", "changed", "moved"]
    before: Any = None
    after: Any = None


def changes(before: Json, after: Json) -> tuple[Change, ...]:
    """Every difference, in the order of the keys."""
    return tuple(_objects(before, after, ""))


def digest(content: Json) -> str:
    """The same for equal definitions, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:32]


def _objects(before: Json, after: Json, path: str) -> Iterator[Change]:
    for key in sorted(before.keys() | after.keys()):
        place = f"{path}.{key}" if path else key
        if key not in after:
            yield Change(path=place, what="removed", before=before[key])
        elif key not in before:
            yield Change(path=place, what="added", after=after[key])
        else:
            yield from _values(before[key], after[key], place)


def _values(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _objects(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Change(path=path, what="changed", before=before, after=after)


def _lists(before: list[Any], after: list[Any], path: str) -> Iterator[Change]:
    name = next((name for name in _NAMES if _named_by(name, before) and _named_by(name, after)), None)
    old, new = _by(name, before), _by(name, after)
    for key in new:
        if key not in old:
            yield Change(path=f"{path}[{key}]", what="added", after=new[key])
        else:
            yield from _values(old[key], new[key], f"{path}[{key}]")
    for key in old:
        if key not in new:
            yield Change(path=f"{path}[{key}]", what="removed", before=old[key])
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield Change(path=path, what="moved", before=list(old), after=list(new))


def _named_by(name: str, items: list[Any]) -> bool:
    names = [item.get(name) for item in items if isinstance(item, dict)]
    good = all(isinstance(each, str | int) for each in names) and len(names) == len(items)
    return good and len({str(each) for each in names}) == len(items)


def _by(name: str | None, items: list[Any]) -> dict[str, Any]:
    return {(f"{name}={item[name]}" if name else str(number)): item for number, item in enumerate(items)}
