"""What an expression would give in an execution, for people who write one.

Separate so that the API asks the same evaluator as the engine (ARCHITECTURE §7), on the same values, and changes nothing.
"""

from typing import Any

from gennaker.core.errors import InvalidRequest
from gennaker.core.expressions import evaluate
from gennaker.core.model.execution import Execution

#: Spring's own limit, in characters.
LONGEST = 10_000


def preview(execution: Execution, value: Any) -> tuple[Any, dict[str, list[dict[str, Any]]]]:
    """A text with its expressions evaluated, and what failed, by expression. Raises InvalidRequest for a text that is too long."""
    if isinstance(value, str) and len(value) > LONGEST:
        raise InvalidRequest(f"is longer than {LONGEST} characters", "expression")
    trigger = execution.trigger
    result, failures = evaluate(value, {"trigger": trigger, "parameters": trigger.get("parameters") or {}})
    detail: dict[str, list[dict[str, Any]]] = {}
    for failure in failures:
        told = {"level": "ERROR", "description": failure.reason, "timestamp": execution.stamp}
        detail.setdefault(failure.expression.strip("${}"), []).append(told)
    return result, detail
