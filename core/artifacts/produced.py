"""Binds the artifacts that a stage should have produced: the task `bindProducedArtifacts`.

Separate because stage types of several plugins end with it. Source: reference §5, §7.
"""

from typing import Any

from gennaker.core.artifacts.resolve import bind
from gennaker.core.model.messages import Outcome
from gennaker.core.run import Run

EXPECTED = (
    "expected artifacts that must be there in the end, each `{id, matchArtifact, useDefaultArtifact, defaultArtifact}`"
)


def bound(run: Run, expected: list[Any]) -> Outcome:
    """The end of a stage that expects artifacts: `artifacts` and `resolvedExpectedArtifacts` in its outputs. Raises InvalidRequest."""
    if not expected:
        return run.succeeded()
    found = bind(expected, run.artifacts)
    return run.succeeded(outputs={"artifacts": found.artifacts, "resolvedExpectedArtifacts": found.expected})
