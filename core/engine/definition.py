"""One stage's definition on its way to values.

Separate from `evaluation` because it lives for one evaluation and holds what that has found so far. Source: reference §3.1, §4.1, §4.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from gennaker.core.engine.conditions import Lifted
from gennaker.core.engine.outcome import truth
from gennaker.core.expressions import RESERVED, Failure, condition, evaluate, scope_for, summary
from gennaker.core.expressions.errors import Deferred
from gennaker.core.expressions.scope import Function
from gennaker.core.model.execution import Execution, FanOut, Stage, Wanted
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
_encode = msgspec.json.Encoder().encode


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

    def __init__(
        self, execution: Execution, stage: Stage, type_: StageType, known: Mapping[str, Function], now: int
    ) -> None:
        self._stage = stage
        self._type = type_
        self._now = now
        self._scope = scope_for(
            execution, stage, now=stage.start_time or now, values=stage.values, functions=known, extra=_Written(self)
        )
        self._seen: dict[str, Any] = {}
        self._context = stage.context
        self._failures: list[Failure] = []
        self._wanted: dict[str, Wanted] = {}
        self._unresolved: dict[str, None] = {}
        self._done: dict[str, Any] = {}
        self._under_way: set[str] = set()
        self._lifted = Lifted()

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
            return Starting(
                problem=f"forEach.items: {len(items)} items are more than the {MOST_ITEMS} that are allowed"
            )
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

    def knows(self, name: object) -> bool:
        """Whether a name is a variable that was evaluated before, or a key of the definition that holds expressions."""
        if name in self._seen:
            return True
        if name in RESERVED or name not in self._context or name in self._stage.given:
            return False
        return b"${" in _encode(self._context[name])

    def look(self, name: str) -> Any:
        """What such a name means; null for one that is being evaluated."""
        if name in self._seen:
            return self._seen[name]
        if name in self._under_way:
            return None
        value = self._value(name)
        if self._wanted:
            raise Deferred(next(iter(self._wanted.values())))
        return None if value == self._context[name] else value

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
        new = []
        for item in items:
            failures = len(self._failures)
            value = self._evaluate(item)
            if self._wanted:
                break
            name = value.get("key", value.get("name")) if isinstance(value, dict) else None
            if isinstance(value, dict) and value is not item and isinstance(item.get("value"), str):
                value = {**value, "sourceValue": item["value"].replace("${", "{")}
            if isinstance(name, str) and len(self._failures) == failures:
                self._seen[name] = value.get("value", value.get("contents"))
            new.append(value)
        self._seen = {}
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


class _Written(Mapping[str, Any]):
    """The keys of a definition as other keys see them: with their expressions evaluated."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def __contains__(self, name: object) -> bool:
        return self._definition.knows(name)

    def __getitem__(self, name: str) -> Any:
        return self._definition.look(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
