"""Lists, sets, maps, their entries and arrays: what can be read of them. Nothing changes them.

Separate because these are JSON's own values, and what expressions may do to them is exactly this table.
"""

from typing import Any

from gennaker.core.expressions.errors import ExpressionError
from gennaker.core.expressions.java.equality import equals, hash_code
from gennaker.core.expressions.java.methods import Type, table
from gennaker.core.expressions.java.objects import Array, Entry, JavaSet
from gennaker.core.expressions.java.text import text
from gennaker.core.expressions.scope import Scope

_CHANGES = "it would change what it is called on; make a new value instead"
_STREAM = "it gives a stream; use the selection .?[…] and the projection .![…]"
_COLLECTION_REFUSED = {
    **dict.fromkeys(
        ("add", "addAll", "remove", "removeAll", "removeIf", "retainAll", "clear", "set", "sort"), _CHANGES
    ),
    **dict.fromkeys(("addFirst", "addLast", "removeFirst", "removeLast", "replaceAll"), _CHANGES),
    **dict.fromkeys(("stream", "parallelStream", "iterator", "listIterator", "spliterator", "forEach"), _STREAM),
}
_MAP_REFUSED = {
    **dict.fromkeys(("put", "putAll", "putIfAbsent", "remove", "clear", "replace", "replaceAll", "merge"), _CHANGES),
    **dict.fromkeys(("compute", "computeIfAbsent", "computeIfPresent", "forEach"), _CHANGES),
}


def _has(scope: Scope, target: list[Any], wanted: Any) -> bool:
    return _index(scope, target, wanted) >= 0


def _has_all(scope: Scope, target: list[Any], wanted: list[Any]) -> bool:
    return all(_has(scope, target, one) for one in wanted)


def _index(scope: Scope, target: list[Any], wanted: Any) -> int:
    scope.budget.spend(len(target))
    return next((number for number, one in enumerate(target) if equals(one, wanted)), -1)


def _last(scope: Scope, target: list[Any], wanted: Any) -> int:
    scope.budget.spend(len(target))
    return next((number for number in range(len(target) - 1, -1, -1) if equals(target[number], wanted)), -1)


def _get(_: Scope, target: list[Any], index: int) -> Any:
    if not 0 <= index < len(target):
        raise ExpressionError(f"Index {index} out of bounds for length {len(target)}", kind="IndexOutOfBoundsException")
    return target[index]


def _part(_: Scope, target: list[Any], begin: int, end: int) -> list[Any]:
    if begin < 0 or end > len(target):
        raise ExpressionError(f"begin {begin}, end {end}, length {len(target)}", kind="IndexOutOfBoundsException")
    if begin > end:
        raise ExpressionError(f"begin {begin} is after end {end}", kind="IllegalArgumentException")
    return target[begin:end]


def _equals(scope: Scope, target: Any, other: Any) -> bool:
    scope.budget.spend(len(target))
    return equals(target, other)


def _hash(scope: Scope, target: Any) -> int:
    scope.budget.spend(len(target))
    return hash_code(target)


def _text(scope: Scope, target: Any) -> str:
    return text(target, scope.budget)


_COLLECTION = (
    ("contains(Object): boolean", _has),
    ("containsAll(Collection): boolean", _has_all),
    ("equals(Object): boolean", _equals),
    ("hashCode(): int", _hash),
    ("isEmpty(): boolean", lambda _, target: not target),
    ("size(): int", lambda _, target: len(target)),
    ("toArray(): Object[]", lambda _, target: Array("Object", target)),
    ("toString(): String", _text),
)
LIST = Type(
    name="java.util.List",
    methods=table(
        *_COLLECTION,
        ("get(int): Object", _get),
        ("indexOf(Object): int", _index),
        ("lastIndexOf(Object): int", _last),
        ("subList(int, int): List", _part),
    ),
    refused=_COLLECTION_REFUSED,
)
SET = Type(name="java.util.Set", methods=table(*_COLLECTION), refused=_COLLECTION_REFUSED)


def _value(_: Scope, target: dict[str, Any], key: Any, default: Any = None) -> Any:
    return target.get(key, default) if isinstance(key, str) else default


def _has_value(scope: Scope, target: dict[str, Any], wanted: Any) -> bool:
    return _has(scope, list(target.values()), wanted)


MAP = Type(
    name="java.util.Map",
    methods=table(
        ("containsKey(Object): boolean", lambda _, target, key: isinstance(key, str) and key in target),
        ("containsValue(Object): boolean", _has_value),
        ("entrySet(): Set", lambda _, target: JavaSet(Entry(key, value) for key, value in target.items())),
        ("equals(Object): boolean", _equals),
        ("get(Object): Object", _value),
        ("getOrDefault(Object, Object): Object", _value),
        ("hashCode(): int", _hash),
        ("isEmpty(): boolean", lambda _, target: not target),
        ("keySet(): Set", lambda _, target: JavaSet(target)),
        ("size(): int", lambda _, target: len(target)),
        ("toString(): String", _text),
        ("values(): Collection", lambda _, target: list(target.values())),
    ),
    refused=_MAP_REFUSED,
)
ENTRY = Type(
    name="java.util.Map$Entry",
    methods=table(
        ("equals(Object): boolean", lambda _, target, other: equals(target, other)),
        ("getKey(): Object", lambda _, target: target.key),
        ("getValue(): Object", lambda _, target: target.value),
        ("hashCode(): int", lambda _, target: hash_code(target)),
        ("toString(): String", _text),
    ),
    refused={"setValue": _CHANGES},
)
ARRAY = Type(name="array")


def _bean_hash(_: Scope, target: Any) -> int:
    return hash_code(target)


#: What every object has, also Spinnaker's own.
OBJECT = Type(
    name="java.lang.Object",
    methods=table(
        ("equals(Object): boolean", lambda _, target, other: equals(target, other)),
        ("hashCode(): int", _bean_hash),
        ("toString(): String", _text),
    ),
)
