"""Stage type `monitorPipeline`: waits for executions that somebody else has started.

Separate from `pipeline` because that starts its child, and the engine wakes it; this has to look. Source: reference §5.1.
"""

from collections.abc import Iterable
from typing import Any, Literal

from gennaker.core.artifacts.produced import EXPECTED, bound
from gennaker.core.errors import NotFound
from gennaker.core.fields import field
from gennaker.core.model.ancestry import execution_context
from gennaker.core.model.execution import Execution
from gennaker.core.model.status import Status
from gennaker.core.services import Json
from gennaker.core.stage import Outcome, Run, Stage, task

_TWELVE_HOURS_S = 12 * 3600
_POLL_S = 15.0
_MOST = 100


class MonitorPipeline(Stage, type="monitorPipeline"):
    """Wait for pipelines that run already; fail when one of them does.

    What one of them ended as stands in the output `executionStatuses`; the outputs of a single one become the stage's.
    """

    examples = ({"executionIds": ["01HX0000000000000000000000"]},)

    ids: list[str] = field("executionIds", "ids of the executions", default=[])
    behavior: Literal["WaitForAllToComplete", "FailFast"] = field(
        "monitorBehavior", "wait for all of them, or only until the first fails", default="WaitForAllToComplete"
    )
    expected: list[Any] = field("expectedArtifacts", EXPECTED, default=[])

    @task(timeout=_TWELVE_HOURS_S, overridable=True, effect="none", answer_by=30.0)
    def monitor_pipeline(self, run: Run) -> Outcome:
        """Look how they are."""
        if not self.ids:
            return run.failed("no execution was named; expected ids in the field executionIds")
        if len(self.ids) > _MOST:
            return run.failed(f"executionIds names {len(self.ids)} executions; at most {_MOST} are allowed")
        if run.services.executions is None:
            return run.failed("this worker sees no executions; it needs the database that they are stored in")
        try:
            found = [run.services.executions.get(id_) for id_ in self.ids]
        except NotFound as error:
            return run.failed(error.message)
        return self._judged(run, found)

    @task(effect="none")
    def bind_produced_artifacts(self, run: Run) -> Outcome:
        """Bind what is expected."""
        return bound(run, self.expected)

    def _judged(self, run: Run, found: list[Execution]) -> Outcome:
        outputs: Json = {"executionStatuses": {one.id: _told(one) for one in found}}
        bad = [one for one in found if one.status.failed or one.status.halts]
        over = all(one.status.complete for one in found)
        if not over and not (self.behavior == "FailFast" and bad):
            news = outputs if outputs["executionStatuses"] != run.outputs.get("executionStatuses") else {}
            return run.running(again_in=_POLL_S, outputs=news)
        if not bad:
            own = execution_context(found[0]) if len(found) == 1 else {}
            return run.succeeded(outputs={**own, **outputs})
        if all(one.status is Status.CANCELED for one in bad):
            return Outcome(status=Status.CANCELED, outputs=outputs)
        errors = [text for one in bad for text in _errors(one)]
        failed = run.failed(errors[0], details={"errors": errors})
        return Outcome(status=failed.status, error=failed.error, outputs=outputs)


def _told(execution: Execution) -> Json:
    told: Json = {"status": execution.status.value, "application": execution.application}
    if execution.status.complete and (execution.status.failed or execution.status.halts):
        told["exception"] = {"details": {"errors": list(_errors(execution))}}
    return told


def _errors(execution: Execution) -> Iterable[str]:
    """What went wrong in an execution, with its place in Spinnaker's words."""
    name = execution.name or execution.id
    errors = []
    for stage in execution.stages.values():
        exception = stage.context.get("exception")
        details = exception.get("details") if isinstance(exception, dict) else None
        if stage.status.failed and isinstance(details, dict):
            errors += [
                f"Exception in child pipeline stage ({name}: {stage.name}): {one}"
                for one in details.get("errors") or []
            ]
    return errors or [f"pipeline {name} ({execution.id}) ended {execution.status.value}"]
