"""What an expression may see: roots, functions, time and seed. Made by whoever asks, for one stage at one moment.

Separate because it is the whole world of the evaluator: nothing else can be reached from an expression.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.core.expressions.budget import Budget
from gennaker.core.expressions.errors import Deferred, ExpressionError, Wanted

_canonical = msgspec.json.Encoder(order="deterministic")
#: Bytes of arguments that are written out in a key; more are known by their digest.
_LONGEST_KEY = 200


class Function(Struct, frozen=True, kw_only=True):
    """A helper function, `#name(…)`."""

    name: str
    #: For people: `#stage(nameOrId)`.
    signature: str
    description: str
    #: Called as `call(scope, *arguments)`; raises ExpressionError. None for one that looks outside.
    call: Callable[..., Any] | None = None
    #: How many arguments it takes: least and most.
    least: int = 0
    most: int = 1


class Bean:
    """An object of Spinnaker's own that expressions may look into: a type name and its properties, nothing else.

    Properties are made when they are first read. Those in `links` lead to other objects of the same execution: they can be read, and are
    no part of its JSON.
    """

    __slots__ = ("_links", "_makers", "_values", "type")

    def __init__(
        self, type_: str, makers: Mapping[str, Callable[[], Any]], links: frozenset[str] = frozenset()
    ) -> None:
        self.type = type_
        self._makers = makers
        self._links = links
        self._values: dict[str, Any] = {}

    def names(self) -> list[str]:
        """The properties that its JSON has."""
        return [name for name in self._makers if name not in self._links]

    def has(self, name: str) -> bool:
        """Whether it has such a property."""
        return name in self._makers

    def get(self, name: str) -> Any:
        """The value of a property. Raises KeyError."""
        if name not in self._values:
            self._values[name] = self._makers[name]()
        return self._values[name]


class Scope:
    """The world of one evaluation. `root` is a mapping of names to values; `now` is epoch milliseconds; `seed` makes randomness repeatable."""

    __slots__ = ("budget", "draws", "functions", "now", "root", "seed", "strict", "values", "zone")

    def __init__(
        self,
        root: Mapping[str, Any],
        *,
        functions: Mapping[str, Function] | None = None,
        now: int = 0,
        seed: str = "",
        values: Mapping[str, Any] | None = None,
        strict: bool = False,
        zone: str = "UTC",
    ) -> None:
        self.root = root
        self.functions = functions or {}
        self.now = now
        self.seed = seed
        #: Values that came from outside, by `Wanted.key`: `{"value": …}` or `{"error": …}`.
        self.values = values or {}
        #: A name that the root does not have is an error rather than null.
        self.strict = strict
        #: The time zone of dates that name none.
        self.zone = zone
        self.budget = Budget()
        self.draws = 0

    def draw(self) -> str:
        """A text for the next random number: different each time, the same when the same evaluation is repeated."""
        self.draws += 1
        return f"{self.seed}:{self.draws}"

    def outside(self, function: str, *arguments: Any) -> Any:
        """The value of a call that looks outside. Raises Deferred while it is not known, ExpressionError when it failed."""
        given = _canonical.encode(arguments)
        key = f"{function}{given.decode() if len(given) <= _LONGEST_KEY else f'#{hashlib.sha256(given).hexdigest()}'}"
        found = self.values.get(key)
        if found is None:
            raise Deferred(Wanted(function=function, arguments=arguments, key=key))
        if "error" in found:
            raise ExpressionError(str(found["error"]))
        return found["value"]
