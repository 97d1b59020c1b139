"""What the expressions of a stage give when it starts, and again when more is known.

Separate because this is where the engine meets the evaluator (rule 15). Only text that the definition holds is ever evaluated: what came
from outside (`given`, results of tasks, the trigger) is data. Source: reference §4.1.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gennaker.core.engine.definition import ENABLED, FOR_EACH, SUMMARY, Definition, Starting
from gennaker.core.expressions import FUNCTIONS, Failure, evaluate, scope_for, summary
from gennaker.core.expressions.scope import Function, Scope
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.stage_type import StageType, StageTypes

_encode = msgspec.json.Encoder().encode


def starting(execution: Execution, stage: Stage, type_: StageType, types: StageTypes, now: int) -> Starting:
    """Evaluate the definition of a stage. Synthetic stages have theirs from a plan, evaluated already; copies of a fan-out are definitions."""
    parent = execution.stages[stage.parent] if stage.parent is not None else None
    if parent is not None and parent.fan is None:
        return Starting(unresolved=tuple(text for text in parent.unresolved if text in set(_texts(stage.context))))
    context = stage.context
    asks = type_.conditions or ENABLED in context or FOR_EACH in context
    if not asks and b"${" not in _encode(
        context
    ):  # encoding costs a tenth of a walk, and most contexts hold no expression
        return Starting()
    definition = Definition(execution, stage, type_, functions(types), now)
    return definition.start(execution.kind == "PIPELINE")


def refreshed(execution: Execution, stage: Stage, types: StageTypes, now: int) -> Starting | None:
    """Try the texts that had no value again, now that more has happened; None when none of them has one."""
    left = set(stage.unresolved)
    without = {key: None for key, value in stage.context.items() if not left.isdisjoint(_texts(value))}
    begun = stage.start_time or now
    scope = scope_for(execution, stage, now=begun, values=stage.values, functions=functions(types), extra=without)
    found: dict[str, Any] = {}
    failures: list[Failure] = []
    for text in stage.unresolved:
        done = evaluate(text, scope)
        failures += done.failures
        if not done.failures and not done.wanted:
            found[text] = done.value
    if not found:
        return None
    context = {key: value for key, value in _replaced(stage.context, found).items() if key != SUMMARY}
    if failures:
        context[SUMMARY] = summary(failures, now)
    return Starting(context=context, unresolved=tuple(text for text in stage.unresolved if text not in found))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "${" in value:
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _replaced(value: Any, found: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return found.get(value, value)
    if isinstance(value, dict):
        return {key: _replaced(each, found) for key, each in value.items()}
    return [_replaced(each, found) for each in value] if isinstance(value, list) else value


_known: tuple[StageTypes, Mapping[str, Function]] = ({}, FUNCTIONS)


def functions(types: StageTypes) -> Mapping[str, Function]:
    """The helper functions: our own, and those that plugins publish with their types, each a look outside."""
    global _known
    if _known[0] is not types:
        found = dict(FUNCTIONS)
        for type_ in types.values():
            found.update((name, _outside(name)) for name in type_.functions if name not in FUNCTIONS)
        _known = (types, found)
    return _known[1]


def _outside(name: str) -> Function:
    def call(scope: Scope, *arguments: Any) -> Any:
        return scope.outside(name, *arguments)

    return Function(name=name, signature=f"#{name}(…)", description="", call=call, most=100)
