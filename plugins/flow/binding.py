"""Binds the artifacts that a stage should have produced: the task `bindProducedArtifacts`, and a stage type of its own.

Separate because several stage types end with it. Source: reference §5, §7.
"""

from typing import Any

from gennaker.core.artifacts.resolve import bind
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task

EXPECTED = (
    "expected artifacts that must be there in the end, each `{id, matchArtifact, useDefaultArtifact, defaultArtifact}`"
)


class BindArtifacts(Stage, type="bindArtifacts"):
    """Bind expected artifacts to what the stages before have produced, or to their defaults."""

    examples = (
        {
            "expectedArtifacts": [
                {
                    "id": "example",
                    "matchArtifact": {"type": "docker/image", "name": "shop"},
                    "useDefaultArtifact": True,
                    "defaultArtifact": {"type": "docker/image", "name": "shop", "reference": "shop:1"},
                }
            ]
        },
    )

    expected: list[Any] = field("expectedArtifacts", EXPECTED, default=[])

    @task(effect="none")
    def bind_produced_artifacts(self, run: Run) -> Outcome:
        """Find each of them."""
        return bound(run, self.expected)


def bound(run: Run, expected: list[Any]) -> Outcome:
    """The end of a stage that expects artifacts: `artifacts` and `resolvedExpectedArtifacts` in its outputs. Raises InvalidRequest."""
    if not expected:
        return run.succeeded()
    found = bind(expected, run.artifacts)
    return run.succeeded(outputs={"artifacts": found.artifacts, "resolvedExpectedArtifacts": found.expected})
