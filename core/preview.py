"""What an expression would give in an execution, for people who write one.

Separate so that the API and the command line ask the same evaluator as the engine (ARCHITECTURE §7), on the same values, and change nothing.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from gennaker.core.engine.work import execution_context
from gennaker.core.errors import InvalidRequest
from gennaker.core.evaluation.starting import functions
from gennaker.core.expressions import evaluate, scope_for, summary
from gennaker.core.expressions.errors import Wanted
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.stage_type import StageTypes

#: Spring's own limit, in characters.
LONGEST = 10_000
Json = dict[str, Any]
#: All are evaluated as v4 is: when the stage starts.
_EVALUATORS = [
    {"versionKey": "v4", "displayName": "v4", "description": "Evaluated when a stage starts", "isDeprecated": False},
    {"versionKey": "v3", "displayName": "v3", "description": "Evaluated as v4 is", "isDeprecated": True},
]


def preview(
    execution: Execution,
    value: Any,
    *,
    stage: Stage | None = None,
    types: StageTypes | None = None,
    now: int,
    seen: Mapping[str, Any] | None = None,
) -> tuple[Any, dict[str, list[Json]]]:
    """A text with its expressions evaluated, and what failed, by expression; in a stage, or over the outputs of all.

    `seen` are further names. Nothing looks outside: a call that would have to is told as a failure. Raises InvalidRequest for a text
    that is too long.
    """
    if isinstance(value, str) and len(value) > LONGEST:
        raise InvalidRequest(f"is longer than {LONGEST} characters", "expression")
    here = stage or Stage(id="", ref_id="", type="", name="", context=execution_context(execution))
    if seen:
        here = replace(here, context={**here.context, **seen})
    scope = scope_for(execution, here, now=now, values={}, functions=functions(types or {}))
    done = evaluate(value, scope)
    detail: dict[str, list[Json]] = summary(done.failures, now)
    for wanted in done.wanted:
        detail.setdefault(f"#{wanted.function}", []).append(_outside(wanted, now))
    return done.value, detail


def _outside(wanted: Wanted, now: int) -> Json:
    told = f"#{wanted.function} looks outside, and is only asked when a stage starts"
    return {"level": "INFO", "description": told, "timestamp": now}


def capabilities(types: StageTypes) -> Json:
    """The helper functions that expressions may call, those of plugins among them, and the evaluators that a pipeline may name."""
    known = functions(types)
    told = [
        {
            "name": name,
            "signature": known[name].signature,
            "description": known[name].description,
            "parameters": [
                {"name": each, "type": "Object", "description": ""} for each in _parameters(known[name].signature)
            ],
        }
        for name in sorted(known)
    ]
    return {"functions": told, "spelEvaluators": _EVALUATORS}


def _parameters(signature: str) -> list[str]:
    inside = signature.partition("(")[2].rpartition(")")[0]
    return [each.strip() for each in inside.split(",") if each.strip()]
