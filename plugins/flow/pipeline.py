"""Stage type `pipeline`.

Separate because all that it does is to ask: the engine starts the child once, waits for it, and cancels it with its parent.
"""

from typing import Any

from gennaker.core.artifacts.produced import EXPECTED, bound
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task

_TWELVE_HOURS_S = 12 * 3600


class Pipeline(
    Stage,
    type="pipeline",
    quick=True,
    skippable=True,
    restart_clears=("status", "executionName", "executionId"),
):
    """Run another pipeline, and wait for it unless told otherwise.

    The stage ends as the child ends and takes over its outputs; a cancel of the stage cancels the child.
    """

    examples = ({"application": "shop", "pipeline": "deploy", "pipelineParameters": {"version": "1.2"}},)

    application: str = field("application", "application of the child; that of this pipeline when empty", default="")
    pipeline: str = field("pipeline", "id or name of the child pipeline", default="")
    parameters: dict[str, Any] = field("pipelineParameters", "values for the child's parameters", default={})
    wait_for_completion: bool = field("waitForCompletion", "end when the child ends, not when it starts", default=True)
    skip_outputs: bool = field("skipDownstreamOutput", "the child's outputs do not become the stage's", default=False)
    expected: list[Any] = field("expectedArtifacts", EXPECTED, default=[])
    strategy_application: str = field("pipelineApplication", "the same as application, in strategies", default="")
    strategy: str = field("pipelineId", "the same as pipeline, in strategies", default="")

    @task(name="runPipeline", timeout=_TWELVE_HOURS_S, overridable=True)
    def run_pipeline(self, run: Run) -> Outcome:
        """Ask for the child; its id derives from the effect key, so asked twice it is one execution."""
        pipeline = self.pipeline or self.strategy
        if not pipeline:
            return run.failed("no pipeline was chosen: expected the id or name of one in the field pipeline")
        return run.child(
            self.application or self.strategy_application or run.application,
            pipeline,
            self.parameters,
            detached=not self.wait_for_completion,
            discard_outputs=self.skip_outputs,
        )

    @task(effect="none")
    def bind_produced_artifacts(self, run: Run) -> Outcome:
        """Bind what the child should have produced; there is nothing to bind of a child that nobody waits for."""
        return bound(run, self.expected if self.wait_for_completion and not self.skip_outputs else [])
