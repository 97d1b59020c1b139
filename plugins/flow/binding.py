"""Stage type `bindArtifacts`: binds what the stages before have produced.

Separate because it is its own stage type.
"""

from typing import Any

from gennaker.core.artifacts.produced import EXPECTED, bound
from gennaker.core.fields import field
from gennaker.core.stage import Outcome, Run, Stage, task


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
