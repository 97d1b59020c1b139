"""Small questions about the shape of JSON, each answered with a problem that names its place.

Separate because the template and the configuration that uses it are asked the same ones.
"""

from collections.abc import Iterator
from typing import Any

from gennaker.core.check import Problem
from gennaker.core.services import Json

#: Whoever walks through a template must get to its bottom.
DEEPEST = 100
_RULES = ("first", "last", "before", "after")
_NAMES = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}


def kind(value: Any) -> str:
    """What people call a value of this type."""
    return "nothing" if value is None else _NAMES.get(type(value), type(value).__name__)


def deeper_than(value: Any, levels: int) -> bool:
    """Whether objects and lists are nested more deeply than so many levels."""
    level = [value]
    for _ in range(levels):
        inside = [each for each in level if isinstance(each, dict | list)]
        level = [item for each in inside for item in (each.values() if isinstance(each, dict) else each)]
    return any(isinstance(each, dict | list) for each in level)


def objects(holder: Json, key: str, where: str) -> Iterator[Problem]:
    """A key that, when it is there, holds a list of objects."""
    value = holder.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        yield Problem(where=f"{where}{key}", message=f"expected a list of objects, found {kind(value)}")
        return
    for i, each in enumerate(value):
        if not isinstance(each, dict):
            yield Problem(where=f"{where}{key}[{i}]", message=f"expected an object, found {kind(each)}")


def typed(holder: Json, key: str, type_: type, where: str) -> Iterator[Problem]:
    """A key that, when it is there, holds a value of one type."""
    value = holder.get(key)
    if value is not None and not isinstance(value, type_):
        yield Problem(where=f"{where}{key}", message=f"expected {_NAMES[type_]}, found {kind(value)}")


def stages(holder: Json, where: str) -> Iterator[Problem]:
    """The stages of a template or configuration: types, refIds that are there and different, requisites, one rule of injection."""
    found = [each for each in holder.get("stages") or () if isinstance(each, dict)]
    linear = not any("refId" in each or "inject" in each for each in found)
    seen: dict[str, int] = {}
    for i, stage in enumerate(found):
        place = f"{where}stages[{i}]"
        if not isinstance(stage.get("type"), str) or not stage["type"]:
            yield Problem(where=f"{place}.type", message="the type of the stage is missing")
        yield from _ref(stage, place, seen, i, linear=linear)
        requisites = stage.get("requisiteStageRefIds")
        if requisites is not None and not refs(requisites):
            message = f"expected a list of refIds, found {kind(requisites)}"
            yield Problem(where=f"{place}.requisiteStageRefIds", message=message)
        if stage.get("inject") is not None:
            yield from _injection(stage["inject"], f"{place}.inject")


def refs(value: Any) -> bool:
    """Whether this is a list of refIds."""
    return isinstance(value, list) and all(isinstance(each, str | int) and not isinstance(each, bool) for each in value)


def rules_of(inject: Json) -> list[str]:
    """The rules that an injection asks for; false and empty ones do not count."""
    return [rule for rule in _RULES if inject.get(rule) not in (None, False, [])]


def _ref(stage: Json, place: str, seen: dict[str, int], index: int, *, linear: bool) -> Iterator[Problem]:
    ref = stage.get("refId")
    if ref is None and linear:
        return
    if not isinstance(ref, str | int) or isinstance(ref, bool) or ref == "":
        yield Problem(
            where=f"{place}.refId", message=f"expected the stage's refId, found {kind(ref) if ref else 'nothing'}"
        )
    elif str(ref) in seen:
        yield Problem(where=f"{place}.refId", message=f"'{ref}' is used by stages[{seen[str(ref)]}] already")
    else:
        seen[str(ref)] = index


def _injection(inject: Any, place: str) -> Iterator[Problem]:
    if not isinstance(inject, dict):
        yield Problem(where=place, message=f"expected one of first, last, before, after, found {kind(inject)}")
        return
    if unknown := inject.keys() - set(_RULES):
        message = f"there is no rule {', '.join(sorted(unknown))}; expected one of first, last, before, after"
        yield Problem(where=place, message=message)
    asked = rules_of(inject)
    if len(asked) != 1:
        found = " and ".join(asked) or "none"
        yield Problem(where=place, message=f"expected exactly one of first, last, before, after, found {found}")
    for rule in asked:
        value = inject[rule]
        if rule in ("first", "last") and value is not True:
            yield Problem(where=f"{place}.{rule}", message=f"expected true, found {kind(value)}")
        if rule in ("before", "after") and not refs(value):
            yield Problem(where=f"{place}.{rule}", message=f"expected a list of refIds, found {kind(value)}")
