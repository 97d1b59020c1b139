"""What failed, in the shape of Spinnaker's `expressionEvaluationSummary`.

Separate because the engine, the API and reports tell failures in the same way. Source: reference §4.2.
"""

from collections.abc import Iterable
from typing import Any

from gennaker.core.expressions.evaluate import Failure


def summary(failures: Iterable[Failure], now: int) -> dict[str, list[dict[str, Any]]]:
    """Expressions to what went wrong with each, once for each reason, with all the places where it stands."""
    places: dict[tuple[str, str, str, str], list[str]] = {}
    for one in failures:
        known = places.setdefault((one.expression, one.level, one.reason, one.kind), [])
        if one.keys not in known:
            known.append(one.keys)
    found: dict[str, list[dict[str, Any]]] = {}
    for (expression, level, reason, kind), keys in places.items():
        where = ", ".join(key for key in keys if key)
        told = {
            "level": level,
            "description": f"Failed to evaluate {f'[{where}] ' if where else ''}{reason}",
            "timestamp": now,
        }
        found.setdefault(expression, []).append({**told, "exceptionType": kind} if kind else told)
    return found
