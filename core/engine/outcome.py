"""What becomes of a stage: its status from that of its tasks and children, and the four failure options.

Separate because these are the rules that people argue about. Source: Orca's `failureStatus`, `determineStatus` (reference §2.1, §2.2).
"""

from collections.abc import Mapping
from typing import Any

from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.status import Status
from gennaker.core.model.truth import truth


def failure_status(context: Mapping[str, Any], default: Status = Status.TERMINAL) -> Status:
    """What a failure means by the stage's own options: ignore it, end the branch, or end the pipeline."""
    if truth(context.get("continuePipeline")):
        return Status.FAILED_CONTINUE
    fails = context.get("failPipeline")
    return default if fails is None or truth(fails) else Status.STOPPED


def determine(execution: Execution, stage: Stage) -> Status:
    """The status of a stage whose tasks and children are over."""
    found = {execution.stages[id_].status for id_ in stage.children} | {task.status for task in stage.tasks}
    if truth(stage.context.get("failOnFailedExpressions")) and stage.context.get("expressionEvaluationSummary"):
        return Status.TERMINAL
    if Status.TERMINAL in found:
        return failure_status(stage.context)
    for status in (Status.STOPPED, Status.CANCELED, Status.FAILED_CONTINUE):
        if status in found:
            return status
    return Status.SUCCEEDED if Status.SUCCEEDED in found else Status.SKIPPED


def problem(now: int, type_: str, *errors: str, operation: str = "", retry: bool = False) -> dict[str, Any]:
    """Spinnaker's exception details, as pages and scripts read them."""
    return {
        "timestamp": now,
        "exceptionType": type_,
        "operation": operation,
        "details": {"error": "Unexpected Task Failure", "errors": list(errors)},
        "shouldRetry": retry,
    }
