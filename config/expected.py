"""Says in words what a type accepts.

Separate because both a wrong value's message and the reference page need the same words.
"""

from typing import Any

from msgspec import inspect


def expected(type_: Any) -> str:
    """What a value of this (annotated) type may be, such as `a whole number from 0 to 65535`."""
    return _words(inspect.type_info(type_))


def _words(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata():
            return _words(info.type)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number" + _range(info.ge, info.le)
        case inspect.FloatType():
            return "a number" + _range(info.ge, info.le)
        case inspect.StrType():
            return "text" + _text_limits(info)
        case inspect.LiteralType():
            return "one of " + ", ".join(str(value) for value in info.values)
        case inspect.NoneType():
            return "null"
        case inspect.UnionType():
            return " or ".join(_words(one) for one in info.types)
        case inspect.VarTupleType() | inspect.ListType() | inspect.SetType() | inspect.FrozenSetType():
            return f"a list; each item {_words(info.item_type)}"
        case inspect.StructType() | inspect.DictType():
            return "a section of its own (key: value)"
        case inspect.AnyType():
            return "anything"
        case _:
            return "a value of another kind"


def _range(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f", at least {least}"
    return f", at most {most}" if most is not None else ""


def _text_limits(info: inspect.StrType) -> str:
    limits = [
        f"of at least {info.min_length} characters" if info.min_length and info.min_length > 1 else "",
        "that is not empty" if info.min_length == 1 else "",
        f"like {info.pattern}" if info.pattern else "",
    ]
    return "".join(f" {limit}" for limit in limits if limit)
