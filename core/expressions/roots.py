"""The world of a stage's expressions, from the execution as it is now.

Separate from `names` because this is what the engine and the API call: one line per stage, for a few microseconds.
"""

from collections.abc import Mapping
from typing import Any

from gennaker.core.expressions.functions import STANDARD
from gennaker.core.expressions.names import Names
from gennaker.core.expressions.scope import Function, Scope
from gennaker.core.model.execution import Execution, Stage

_NOTHING: dict[str, Any] = {}


def scope_for(
    execution: Execution,
    stage: Stage | None,
    *,
    now: int,
    values: Mapping[str, Any],
    functions: Mapping[str, Function] = STANDARD,
    strict: bool = False,
    extra: Mapping[str, Any] = _NOTHING,
) -> Scope:
    """What the expressions of a stage may see; without a stage, those of a pipeline that starts.

    `now` is epoch milliseconds, `values` holds what came from outside (`Wanted.key` to `{"value": …}` or `{"error": …}`), `extra` are
    names that come before all others: variables that were evaluated before, the item of a fan-out. What is random depends on execution,
    stage and round only, so that the same evaluation gives the same value.
    """
    seed = f"{execution.id}/{execution.round}" if stage is None else f"{execution.id}/{stage.id}/{stage.round}"
    root = Names(execution, stage, extra)
    return Scope(root, functions=functions, now=now, seed=seed, values=values, strict=strict)
