"""Stage types `waitUntil`, `dependsOnExecution` and `noop`: small stages that wait for an instant, for an execution, for nothing.

Separate because each is a few lines. Source: reference §5.1.
"""

from gennaker.core.errors import NotFound
from gennaker.core.fields import field
from gennaker.core.model.status import Status
from gennaker.core.stage import Outcome, Run, Stage, task

_TWO_HOURS_S = 2 * 3600
_SUCCESSFUL = frozenset({Status.SUCCEEDED, Status.STOPPED, Status.SKIPPED})


class WaitUntil(Stage, type="waitUntil", quick=True, restart_clears=("startTime",)):
    """Wait until an instant; without one there is nothing to wait for."""

    examples = ({"epochMillis": 1_900_000_000_000},)

    until: int | None = field("epochMillis", "the instant, in milliseconds since 1970", default=None)
    since: int | None = field("startTime", "when it began to wait; set by the task", default=None)

    @task(effect="none")
    def wait_until(self, run: Run) -> Outcome:
        """Answer how long is left."""
        if self.until is None or run.now >= self.until:
            return run.succeeded()
        began = {} if self.since is not None else {"startTime": run.now}
        return run.running(again_in=(self.until - run.now) / 1000, context=began)


class DependsOnExecution(Stage, type="dependsOnExecution"):
    """Wait for another execution: go on when it has succeeded, and be cancelled when it ended in any other way."""

    examples = ({"executionType": "PIPELINE", "executionId": "01HX0000000000000000000000"},)

    kind: str = field("executionType", "PIPELINE or ORCHESTRATION", default="PIPELINE")
    other: str = field("executionId", "id of the execution")

    @task(timeout=_TWO_HOURS_S, overridable=True, effect="none", answer_by=30.0)
    def depends_on_execution(self, run: Run) -> Outcome:
        """Look how it is."""
        if run.services.executions is None:
            return run.failed("this worker sees no executions; it needs the database that they are stored in")
        try:
            execution = run.services.executions.get(self.other)
        except NotFound as error:
            return run.failed(error.message)
        if execution.kind != self.kind.upper():
            return run.failed(f"execution {self.other} is a {execution.kind}, expected a {self.kind.upper()}")
        if not execution.status.complete:
            return run.running(again_in=10.0)
        if execution.status in _SUCCESSFUL:
            return run.succeeded()
        reason = f"execution {self.other} ended {execution.status.value}"
        return Outcome(status=Status.CANCELED, context={"reason": reason})


class Noop(Stage, type="noop", quick=True):
    """Do nothing; the stage is skipped."""

    @task(effect="none")
    def noop(self, run: Run) -> Outcome:
        """There is nothing to do."""
        return run.skipped()
