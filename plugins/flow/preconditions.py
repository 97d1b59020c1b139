"""Stage types `checkPreconditions` and `checkPrecondition`: conditions that must hold for a pipeline to go on.

Separate because the engine evaluates the conditions before, so that what is checked here is a value. Source: reference §5.1.
"""

from typing import Any

from gennaker.core.errors import InvalidRequest
from gennaker.core.fields import field
from gennaker.core.model.ancestry import in_order
from gennaker.core.services import Json
from gennaker.core.stage import Outcome, Run, Stage, task

#: What a check takes from its stage when it says nothing itself.
_INHERITED = ("cluster", "regions", "credentials", "zones")
#: What belongs to the stage as a whole.
_OWN = frozenset(
    {
        "preconditions",
        "restrictExecutionDuringTimeWindow",
        "restrictedExecutionWindow",
        "stageEnabled",
        "forEach",
        "expressionEvaluationSummary",
    }
)
_KINDS = "expression, stageStatus, noop"


class CheckPreconditions(
    Stage, type="checkPreconditions", quick=True, conditions=("preconditions.*.context.expression",)
):
    """Check conditions, all at once; one that does not hold fails the stage, or ends its branch with `failPipeline: false`."""

    examples = (
        {"preconditions": [{"type": "noop"}]},
        {"preconditions": [{"type": "expression", "context": {"expression": "true", "expressionResult": True}}]},
    )

    preconditions: list[Any] = field(
        "preconditions",
        "each `{type, context, failPipeline, failureMessage}`; context is `{expression}` or `{stageName, stageStatus}`",
        default=[],
    )

    def before(self, run: Run) -> list[Json]:
        """One check for each."""
        mine = {key: value for key, value in run.context.items() if key not in _OWN}
        summary = run.context.get("expressionEvaluationSummary")
        failed = summary if isinstance(summary, dict) else {}
        return [_check(mine, one, index, failed) for index, one in enumerate(self.preconditions)]


class CheckPrecondition(Stage, type="checkPrecondition"):
    """Check one condition; `checkPreconditions` adds a stage of this type for each of its own."""

    examples = (
        {"preconditionType": "noop"},
        {"preconditionType": "expression", "context": {"expression": "1 > 0", "expressionResult": "True"}},
    )

    kind: str = field("preconditionType", f"what is checked: {_KINDS}")
    given: dict[str, Any] = field("context", "what the check needs, with `expressionResult`", default={})
    message: str = field("failureMessage", "what is told when it does not hold", default="")
    failed: dict[str, Any] = field("expressionEvaluationSummary", "why the expression has no value", default={})

    @task(effect="none", answer_by=30.0)
    def check_precondition(self, run: Run) -> Outcome:
        """Look whether it holds."""
        if self.kind == "noop":
            return run.succeeded()
        if self.kind == "clusterSize":
            return run.failed("a precondition of type clusterSize needs a cloud that counts server groups; none can")
        if self.kind == "expression":
            reason = self._expression()
        elif self.kind == "stageStatus":
            reason = self._stage_status(run)
        else:
            reason = f"there is no precondition of type {self.kind!r}; expected one of {_KINDS}"
        if not reason:
            return run.succeeded()
        return run.failed(
            str(self.given.get("failureMessage") or self.message or f"Precondition check failed: {reason}")
        )

    def _expression(self) -> str:
        """Why it does not hold; empty when it does."""
        expression = self.given.get("expression")
        result = self.given.get("expressionResult")
        if expression is None or expression == "":
            return "there is no expression; expected one in context.expression"
        if str(result).lower() == "true":
            return ""
        if result is not None:
            return f"the expression {_shown(expression)} gave {_shown(result)}, expected true"
        reasons = [one.get("description") for told in self.failed.values() for one in told if isinstance(one, dict)]
        return f"the expression {_shown(expression)} has no value" + (f": {reasons[0]}" if reasons else "")

    def _stage_status(self, run: Run) -> str:
        name, wanted = self.given.get("stageName"), str(self.given.get("stageStatus") or "")
        if not name or not wanted:
            return f"stageName is {name!r} and stageStatus {wanted!r}; expected the name of a stage and a status"
        if run.services.executions is None:
            return "this worker sees no other stages; it needs the database that executions are stored in"
        execution = run.services.executions.get(run.execution)
        stages = list(in_order(execution, execution.top_level()))
        found = next((one for one in stages if one.name == name), None)
        if found is None:
            return f"no stage is named {name!r}; stages: {', '.join(one.name for one in stages[:20])}"
        status = found.status.value
        return "" if status == wanted.upper() else f"stage {name!r} is {status}, expected {wanted}"


def _check(mine: Json, one: Any, index: int, failed: dict[str, Any]) -> Json:
    if not isinstance(one, dict) or not isinstance(one.get("type"), str):
        raise InvalidRequest(f"{_shown(one)} was given, expected {{type, context}}", f"preconditions[{index}]")
    given = one.get("context") or {}
    if not isinstance(given, dict):
        raise InvalidRequest(f"{_shown(given)} was given, expected an object", f"preconditions[{index}].context")
    inherited = {key: mine[key] for key in _INHERITED if key in mine and not given.get(key)}
    expression = str(given.get("expression") or "")
    reasons = {key: told for key, told in failed.items() if key in expression or (expression and expression in key)}
    own = {key: value for key, value in one.items() if key != "type"}
    return {
        **mine,
        **own,
        **({"expressionEvaluationSummary": reasons} if reasons else {}),
        "context": {**given, **inherited},
        "preconditionType": one["type"],
        "type": "checkPrecondition",
        "name": f"Check precondition ({one['type']})",
        "refId": str(index),
        "requisiteStageRefIds": [],
        **(_counted(mine, {**given, **inherited}) if one["type"] == "clusterSize" else {}),
    }


def _counted(mine: Json, given: Json) -> Json:
    """Only the workers of a cloud can count: their stage type, known by its name, with the condition as its own fields."""
    provider = given.get("cloudProvider") or mine.get("cloudProvider") or "aws"
    return {**given, "type": "checkClusterSize", "cloudProvider": provider}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}…"
