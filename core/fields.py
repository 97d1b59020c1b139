"""The typed fields of a stage: one declaration for validation, coercion, JSON Schema and the reference page.

Separate because a stage's JSON was written by people and by Spinnaker's editor: numbers come as text, lists as comma lists.
What is read here follows Spinnaker's tolerance (Jackson's coercions); what cannot be read is refused with field, value and expectation.
"""

import copy
import types
import typing
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from gennaker.core.errors import InvalidRequest

_REQUIRED: Any = object()
_PLAIN = (str, int, float, bool, list[str], dict[str, Any], list[Any], Any)
_WORDS = {"integer": "an integer", "number": "a number", "boolean": "true or false", "string": "text"}


class Field(Struct, frozen=True, kw_only=True):
    """One field of a stage type."""

    #: The attribute of the stage object.
    attribute: str = ""
    #: The key in Spinnaker's JSON.
    name: str
    description: str
    default: Any = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    #: What the value is converted to: the annotation with its limits.
    kind: Any = Any
    #: The annotation without `None` and limits.
    plain: Any = Any


def field(
    name: str,
    description: str,
    *,
    default: Any = _REQUIRED,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """Declare a field: its JSON key, what it means (with its unit), and its value when it is absent, null or empty text.

    Without a default the field must be given. `minimum` and `maximum` bound numbers, both inclusive.
    """
    required = default is _REQUIRED
    return Field(
        name=name,
        description=description,
        default=None if required else default,
        required=required,
        minimum=minimum,
        maximum=maximum,
    )


def fields_of(cls: type, inherited: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields of a class: those it inherits and its own, typed by its annotations. Raises TypeError for a bad declaration."""
    found = {known.attribute: known for known in inherited}
    own = {key: value for key, value in vars(cls).items() if isinstance(value, Field)}
    hints = typing.get_type_hints(cls, include_extras=True) if own else {}
    for attribute, declared in own.items():
        if attribute not in hints:
            raise TypeError(f"{cls.__name__}.{attribute}: a field needs a type, as in `{attribute}: str = field(…)`")
        found[attribute] = _typed(cls, attribute, declared, hints[attribute])
    return tuple(found.values())


def read(declared: Field, context: typing.Mapping[str, Any], where: str) -> Any:
    """The value of a field in a stage's context, converted. Raises InvalidRequest that names place, value and expectation."""
    value = context.get(declared.name)
    if value is None or (value == "" and declared.plain is not str):
        if declared.required:
            raise InvalidRequest(f"is missing; expected {expectation(declared)}", f"{where}, field {declared.name}")
        default = declared.default
        return copy.copy(default) if type(default) in (list, dict) else default
    if declared.kind is Any:
        return value
    try:
        return msgspec.convert(_loosen(value, declared.plain), declared.kind, strict=False)
    except msgspec.ValidationError as error:
        inner = str(error).partition(" - at `$")[2].rstrip("`")
        place = f"{where}, field {declared.name}{inner if inner != '[...]' else ''}"
        hint = "" if "${" not in str(value) else "; the expression in it could not be evaluated"
        raise InvalidRequest(f"{_shown(value)} was given, expected {expectation(declared)}{hint}", place) from None


def schema(declared: tuple[Field, ...]) -> dict[str, Any]:
    """JSON Schema of a stage's own fields; other keys are allowed, because a stage keeps what it does not know."""
    shapes, definitions = msgspec.json.schema_components([one.kind for one in declared], ref_template="#/$defs/{name}")
    properties: dict[str, Any] = {}
    for one, shape in zip(declared, shapes, strict=True):
        properties[one.name] = {**shape, "description": one.description}
        if not one.required and one.default is not None:
            properties[one.name]["default"] = msgspec.to_builtins(one.default)
    whole: dict[str, Any] = {"type": "object", "properties": properties}
    if required := [one.name for one in declared if one.required]:
        whole["required"] = required
    if definitions:
        whole["$defs"] = definitions
    return whole


def expectation(declared: Field) -> str:
    """What a field takes, in words: `an integer ≥ 0 (seconds to wait)`."""
    limits = [f"≥ {declared.minimum:g}"] if declared.minimum is not None else []
    limits += [f"≤ {declared.maximum:g}"] if declared.maximum is not None else []
    return f"{' '.join([_words(declared.plain), ' and '.join(limits)]).strip()} ({declared.description})"


def _typed(cls: type, attribute: str, declared: Field, annotation: Any) -> Field:
    plain = _without_none(annotation)
    bounded = any(limit is not None for limit in (declared.minimum, declared.maximum))
    kind = Annotated[plain, Meta(ge=declared.minimum, le=declared.maximum)] if bounded else plain
    if get_origin(annotation) in (Union, types.UnionType) and plain is not annotation:
        kind = kind | None
    if kind not in _PLAIN:  # asking for each of these costs a tenth of a plugin's time to load
        try:
            msgspec.json.schema_components([kind])
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{cls.__name__}.{attribute}: {annotation!r} is not a type that JSON can hold ({error})"
            ) from error
    return msgspec.structs.replace(declared, attribute=attribute, kind=kind, plain=plain)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [arg for arg in get_args(annotation) if arg is not types.NoneType]
        if len(rest) == 1:
            return rest[0]
    return annotation


def _loosen(value: Any, plain: Any) -> Any:
    """Meet the type half-way where Spinnaker's mapper does and msgspec does not."""
    origin = get_origin(plain) or plain
    if origin is str and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if origin is int and isinstance(value, float):
        return int(value)
    if origin in (list, tuple):
        inner = (get_args(plain) or (Any,))[0]
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        elif not isinstance(value, list | tuple):
            value = [value]
        return [_loosen(item, inner) for item in value]
    if origin is dict and isinstance(value, dict):
        inner = (get_args(plain) or (Any, Any))[1]
        return {key: _loosen(item, inner) for key, item in value.items()}
    return value


def _words(plain: Any) -> str:
    origin = get_origin(plain) or plain
    if origin is Literal:
        return "one of " + ", ".join(map(str, get_args(plain)))
    if origin in (list, tuple):
        return "a list, or text with commas,"
    if origin is dict or (isinstance(origin, type) and issubclass(origin, Struct)):
        return "an object"
    return _WORDS.get({int: "integer", float: "number", bool: "boolean", str: "string"}.get(origin, ""), "a value")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
