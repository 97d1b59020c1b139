"""The values of a template's variables: what the configuration gives, else the default, each of the declared type.

Separate because here what one author declared meets what another one gave.
"""

from collections.abc import Mapping
from typing import Any

from gennaker.core.check import Problem
from gennaker.core.services import Json
from gennaker.core.templates import shape
from gennaker.core.templates.filling import Filling, mentioned

#: Type to what is expected of a value.
TYPES = {
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "string": "text",
    "float": "a number",
    "object": "anything",
}


def fits(type_: str | None, value: Any) -> bool:
    """Whether a value is of a declared type: an int may be written 3.0, a bool is never text, an object is anything."""
    match (type_ or "object").lower():
        case "int":
            return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case _:
            return True


def values_of(variables: list[Json], given: Json, filling: Filling) -> tuple[Json, list[Problem]]:
    """The value of each declared variable, and what is wrong; what is given and not declared is left out.

    A default is text of the template, so its `${templateVariables.…}` are filled here, once; a value that is given stays as it is.
    """
    declared = {each["name"]: each for each in variables}
    problems: list[Problem] = []
    missing = [name for name, each in declared.items() if _missing(each, given)]
    if missing:
        message = f"Missing variable values for: {', '.join(missing)}"
        problems.append(Problem(where="variables", message=message))
    values = {name: given.get(name) for name, each in declared.items() if name in given or each.get("nullable")}
    defaults = {
        name: each["defaultValue"]
        for name, each in declared.items()
        if name not in given and each.get("defaultValue") is not None
    }
    problems += _fill_defaults(values, defaults, filling)
    for name, value in values.items():
        if problem := _mismatch(declared[name], value, given):
            problems.append(problem)
    return {name: values[name] for name in declared if name in values}, problems


def _missing(declared: Json, given: Json) -> bool:
    return declared["name"] not in given and declared.get("defaultValue") is None and not declared.get("nullable")


def _fill_defaults(values: Json, defaults: Mapping[str, Any], filling: Filling) -> list[Problem]:
    """Fill defaults, those that need no other one first, into `values`."""
    left = {name: mentioned(default) & defaults.keys() for name, default in defaults.items()}
    while ready := [name for name, after in left.items() if not after & left.keys()]:
        for name in ready:
            del left[name]
            filling.use(values)
            values[name] = filling.fill(defaults[name], f"variables.{name}")
    return [
        Problem(where=f"variables.{name}", message=f"the default needs itself, by way of {', '.join(sorted(after))}")
        for name, after in left.items()
    ]


def _mismatch(declared: Json, value: Any, given: Json) -> Problem | None:
    name, type_ = declared["name"], declared.get("type")
    where = f"variables.{name}"
    if value is None:
        message = "null is no value for it; expected " + TYPES[(type_ or "object").lower()]
        return None if declared.get("nullable") else Problem(where=where, message=message)
    if fits(type_, value) or (name not in given and isinstance(value, str) and "${" in value):
        return None
    return Problem(
        where=where, message=f"expected {TYPES[(type_ or 'object').lower()]}, found {shape.kind(value)}: {value!r:.60}"
    )
