"""One stage's definition on its way to values.

Separate from `evaluation` because it lives for one evaluation and holds what that has found so far. Source: reference §3.1, §4.1, §4.2.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from gennaker.core.engine.conditions import Lifted
from gennaker.core.engine.outcome import truth
from gennaker.core.expressions import Failure, condition, evaluate, summary
from gennaker.core.expressions.errors import Deferred
from gennaker.core.expressions.scope import Scope
from gennaker.core.model.execution import FanOut, Stage, Wanted
from gennaker.core.model.stage_type import StageType

FOR_EACH = "forEach"
ENABLED = "stageEnabled"
SUMMARY = "expressionEvaluationSummary"
#: What becomes of a failure, asked of the stage as a whole too.
_OPTIONS = {"failPipeline", "continuePipeline", "completeOtherBranchesThenFail"}
#: How many values from outside the expressions of one stage may ask for.
MOST_VALUES = 100
#: How many copies of one stage may be made.
MOST_ITEMS = 500


class Starting(Struct, kw_only=True):
    """What a stage starts with."""

    #: None = as it is.
    context: dict[str, Any] | None = None
    #: What changed, as it was written.
    raw: dict[str, Any] = {}
    unresolved: tuple[str, ...] = ()
    #: Values that are needed first; nothing else counts then.
    wanted: tuple[Wanted, ...] = ()
    enabled: bool = True
    fan: FanOut | None = None
    #: Why it cannot start at all.
    problem: str = ""


class Definition:
    """One stage's definition on its way to values. A key is evaluated once, whoever looks at it first: the walk or another key."""

    def __init__(self, stage: Stage, type_: StageType, scope: Scope, now: int) -> None:
        self._stage = stage
        self._type = type_
        self._now = now
        self._scope = scope
        self._context = stage.context
        self._failures: list[Failure] = []
        self._wanted: dict[str, Wanted] = {}
        self._unresolved: dict[str, None] = {}
        self._done: dict[str, Any] = {}
        self._under_way: set[str] = set()
        self._lifted = Lifted()
        scope.root = _Root(scope.root, self._look)

    def start(self, pipeline: bool) -> Starting:
        """All of it."""
        if pipeline and not self._is_enabled():
            return self._result(enabled=False)
        if not self._wanted and FOR_EACH in self._context:
            return self._fan_out()
        self._context = self._lifted.lift(self._context, self._type.conditions)
        for key in self._context:
            if key not in self._stage.given:
                self._value(key)
        self._conditions()
        return self._result()

    def _is_enabled(self) -> bool:
        wanted = self._context.get(ENABLED)
        if not isinstance(wanted, dict) or str(wanted.get("type", "")).lower() != "expression":
            return True
        text = wanted.get("expression")
        if text is None or text == "":
            return True
        found = self._condition(str(text))
        self._done[ENABLED] = {**wanted, "expressionResult": found}
        return truth(found) or bool(self._wanted)

    def _fan_out(self) -> Starting:
        wanted = self._context[FOR_EACH]
        if not isinstance(wanted, dict):
            return Starting(problem=f"forEach: expected {{items, as, limit}}, found {_shown(wanted)}")
        told = self._value(FOR_EACH)
        for key in _OPTIONS & self._context.keys():
            self._value(key)
        items, name, limit = told.get("items"), told.get("as") or "item", told.get("limit") or 0
        if self._wanted:
            return self._result()
        if self._failures:
            return Starting(problem=f"forEach: {self._failures[0].reason}")
        if isinstance(limit, str) and limit.strip().isdigit():
            limit = int(limit)
        if not isinstance(items, list):
            return Starting(problem=f"forEach.items: expected a list, found {_shown(items)}")
        if len(items) > MOST_ITEMS:
            return Starting(problem=f"forEach.items: {len(items)} items are more than the {MOST_ITEMS} that are allowed")
        if not isinstance(name, str) or not name.isidentifier():
            return Starting(problem=f"forEach.as: expected a name, found {_shown(name)}")
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            return Starting(problem=f"forEach.limit: expected how many may run at once, found {_shown(limit)}")
        return self._result(fan=FanOut(name=name, items=tuple(items), limit=limit))

    def _result(self, *, enabled: bool = True, fan: FanOut | None = None) -> Starting:
        if self._wanted:
            return self._outside()
        before = self._stage.context
        raw = {key: before[key] for key, value in self._done.items() if key in before and value is not before[key]}
        raw |= {key: before[key] for key in self._type_keys() if key in before}
        context = {**(before if not enabled or fan else self._context), **self._renamed(), **self._stage.given}
        if self._failures:
            context[SUMMARY] = summary(self._failures, self._now)
        return Starting(
            context=context,
            raw=raw,
            unresolved=tuple(self._unresolved),
            enabled=enabled,
            fan=fan,
        )

    def _outside(self) -> Starting:
        if len(self._stage.values) + len(self._wanted) > MOST_VALUES:
            return Starting(problem=f"its expressions look outside more than {MOST_VALUES} times")
        return Starting(wanted=tuple(self._wanted.values()))

    def _renamed(self) -> dict[str, Any]:
        """The values by their keys, which may hold expressions too."""
        return {(str(self._evaluate(key)) if "${" in key else key): value for key, value in self._done.items()}

    def _type_keys(self) -> set[str]:
        return {path.partition(".")[0] for path in self._type.conditions}

    def _look(self, key: str) -> Any:
        """The value of a key for another key's expression. Raises KeyError for one that is not of the definition."""
        if key not in self._context or key in self._stage.given:
            raise KeyError(key)
        if key in self._under_way:
            return None
        value = self._value(key)
        if self._wanted:
            raise Deferred(next(iter(self._wanted.values())))
        return value

    def _value(self, key: str) -> Any:
        if key in self._done:
            return self._done[key]
        value = self._context[key]
        if key in (ENABLED, SUMMARY) or (
            key in self._type.skips and truth(self._context.get("skipExpressionEvaluation"))
        ):
            return value
        self._under_way.add(key)
        in_order = key == self._type.sequential and isinstance(value, list)
        new = self._in_order(value) if in_order else self._evaluate(value)
        self._under_way.discard(key)
        if new is not value:
            self._done[key] = new
        return new

    def _evaluate(self, value: Any) -> Any:
        done = evaluate(value, self._scope)
        self._failures += done.failures
        self._wanted.update((each.key, each) for each in done.wanted)
        self._unresolved.update(dict.fromkeys(done.unresolved))
        return done.value

    def _in_order(self, items: list[Any]) -> list[Any]:
        """Each item sees the values of those before it, by their keys; its text stays as `sourceValue`, not to be evaluated."""
        root = self._scope.root
        seen: dict[str, Any] = {}
        new = []
        for item in items:
            self._scope.root = _Root(root, seen.__getitem__)
            failures = len(self._failures)
            value = self._evaluate(item)
            if self._wanted:
                break
            name = value.get("key", value.get("name")) if isinstance(value, dict) else None
            if isinstance(value, dict) and value is not item and isinstance(item.get("value"), str):
                value = {**value, "sourceValue": item["value"].replace("${", "{")}
            if isinstance(name, str) and len(self._failures) == failures:
                seen[name] = value.get("value", value.get("contents"))
            new.append(value)
        self._scope.root = root
        return new

    def _condition(self, text: str) -> Any:
        done = condition(text, self._scope)
        self._failures += done.failures
        self._wanted.update((each.key, each) for each in done.wanted)
        return None if done.failures else done.value

    def _conditions(self) -> None:
        """Put each condition back, with its result beside it."""
        for key in self._type_keys():
            if key in self._context:
                self._done[key] = self._lifted.put_back(self._done.get(key, self._context[key]), self._condition)


class _Root(Mapping[str, Any]):
    """Names that are looked up first in one place, then in another."""

    def __init__(self, base: Mapping[str, Any], first: Callable[[str], Any]) -> None:
        self._base = base
        self._first = first

    def __getitem__(self, name: str) -> Any:
        try:
            return self._first(name)
        except KeyError:
            return self._base[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
