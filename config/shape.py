"""Fits raw data into a typed section, and finds every mistake rather than the first.

Separate because the program's own sections and those of plugins go through the same check and get the same messages.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct, inspect

from gennaker.config.expected import expected
from gennaker.config.origins import Origins
from gennaker.config.problems import ConfigError, Problem, did_you_mean
from gennaker.config.text import FromText, SecretText
from gennaker.config.yaml_reader import Path_, dotted, plain, read_text

T = TypeVar("T", bound=Struct)

_SECRET_WORDS = ("password", "passwd", "token", "secret", "credential", "api_key", "apikey", "private_key")
_LISTS = (inspect.VarTupleType, inspect.ListType, inspect.SetType, inspect.FrozenSetType)


class Shape:
    """Collects problems while values are read. One use per section."""

    def __init__(self, origins: Origins, resolved: Callable[[Any, Path_], Any] = lambda value, _: value) -> None:
        self.origins = origins
        #: Puts secrets in place of the references in a text that was read as YAML.
        self.resolved = resolved
        self.problems: list[Problem] = []

    def struct(self, type_: type[T], raw: Any, path: Path_) -> T | None:
        """The section, or None when there were problems."""
        if raw is None:
            raw = {}
        if not isinstance(raw, Mapping):
            self.add(path, f"is {shown(raw, path)}", "a section of its own (key: value)")
            return None
        before = len(self.problems)
        fields = {one.encode_name: one for one in msgspec.structs.fields(type_)}
        self.unknown(raw, fields, path)
        values: dict[str, Any] = {}
        for name, one in fields.items():
            if name in raw:
                values[name] = self.value(one.type, raw[name], (*path, name))
            elif one.required:
                self.add((*path, name), "is missing", expected(one.type))
        if len(self.problems) > before:
            return None
        try:
            return msgspec.convert(values, type_)
        except msgspec.ValidationError as error:
            self.add(path, str(error), "")
            return None

    def value(self, type_: Any, raw: Any, path: Path_) -> Any:
        """One value of a type; what it returns after a problem is not used."""
        info = bare(inspect.type_info(type_))
        secret = isinstance(raw, SecretText)
        if isinstance(raw, FromText) and not isinstance(info, (inspect.StrType, inspect.LiteralType, inspect.AnyType)):
            before = len(self.problems)
            raw = self.from_text(info, raw, path)
            if len(self.problems) > before:
                return None
        if isinstance(info, inspect.StructType):
            return self.struct(info.cls, raw, path)
        if isinstance(info, _LISTS):
            return self.items(type_, raw, path)
        return self.leaf(type_, raw, path, secret=secret)

    def items(self, type_: Any, raw: Any, path: Path_) -> Any:
        """The items of a list, each checked in its own place, then the list as a whole."""
        if raw is None:
            raw = []
        if not isinstance(raw, (list, tuple)):
            return self.leaf(type_, raw, path)
        before = len(self.problems)
        item = item_type(type_)
        found = [self.value(item, one, (*path, index)) for index, one in enumerate(raw)]
        return found if len(self.problems) > before else self.leaf(type_, found, path)

    def leaf(self, type_: Any, raw: Any, path: Path_, *, secret: bool = False) -> Any:
        """A value without a section inside."""
        try:
            return msgspec.convert(as_data(raw), type_)
        except msgspec.ValidationError:
            self.add(
                path, "has a secret value that does not fit" if secret else f"is {shown(raw, path)}", expected(type_)
            )
        return None

    def from_text(self, info: inspect.Type, raw: FromText, path: Path_) -> Any:
        """A text of the environment as its key's type: a list may be written `a,b`."""
        if isinstance(info, _LISTS) and not raw.lstrip().startswith(("[", "-")):
            return [FromText(one.strip()) for one in raw.split(",") if one.strip()]
        if isinstance(info, (*_LISTS, inspect.StructType, inspect.DictType)):
            return self.parsed(raw, path)
        return plain(raw)

    def parsed(self, raw: FromText, path: Path_) -> Any:
        """A text that holds YAML."""
        try:
            return self.resolved(read_text(raw, dotted(path)).value, path)
        except ConfigError:
            self.add(path, "is not YAML", "YAML (or JSON) on one line")
            return None

    def unknown(self, raw: Mapping[str, Any], known: Iterable[str], path: Path_) -> None:
        """Report the keys that nobody reads."""
        names = sorted(known)
        for key in raw:
            if key not in names:
                hint = did_you_mean(str(key), names)
                self.add(
                    (*path, key), f"is not a known key{hint}", "one of " + ", ".join(names) if names else "no keys here"
                )

    def add(self, path: Path_, message: str, wanted: str) -> None:
        """Note a problem at the place where the key was set."""
        key = dotted(path)
        file, line = self.origins.locate(key)
        self.problems.append(Problem(file=file, line=line, key=key, message=message, expected=wanted))


def read_struct(type_: type[T], raw: Any, path: Path_, origins: Origins) -> tuple[tuple[Problem, ...], T | None]:
    """A section in its type, or the problems and None."""
    shape = Shape(origins)
    value = shape.struct(type_, raw, path)
    return tuple(shape.problems), value


def bare(info: inspect.Type) -> inspect.Type:
    """The type itself: without metadata, and without `or null`."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        others = [one for one in info.types if not isinstance(one, inspect.NoneType)]
        if len(others) == 1:
            return bare(others[0])
    return info


def item_type(type_: Any) -> Any:
    """The (annotated) type of a list's items."""
    if get_origin(type_) is Annotated:
        return item_type(get_args(type_)[0])
    return (get_args(type_) or (Any,))[0]


def as_data(raw: Any) -> Any:
    """The same data with ordinary texts in it."""
    if isinstance(raw, FromText):
        return str(raw)
    if isinstance(raw, Mapping):
        return {key: as_data(value) for key, value in raw.items()}
    return [as_data(value) for value in raw] if isinstance(raw, (list, tuple)) else raw


def shown(raw: Any, path: Path_) -> str:
    """A wrong value as a message may show it: short, and nothing that looks like a secret."""
    key = str(path[-1]).lower() if path else ""
    if isinstance(raw, SecretText) or any(word in key for word in _SECRET_WORDS):
        return "a value that does not fit"
    if raw is None:
        return "empty"
    if isinstance(raw, Mapping):
        return "a section"
    if isinstance(raw, (list, tuple)):
        return f"a list of {len(raw)}"
    text = repr(str(raw) if isinstance(raw, str) else raw)
    return text if len(text) <= 60 else text[:57] + "…"
