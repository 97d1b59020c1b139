"""Counts what a committed batch says, for Prometheus.

Separate so that the owner reads as what it does, and a new figure is one line here.
"""

from collections.abc import Iterable

from gennaker.core import metrics
from gennaker.core.model import events as e
from gennaker.core.store.batch import Change


def count(changes: Iterable[Change]) -> None:
    """Count executions and stages that began or ended."""
    for change in changes:
        for event in change.events:
            match event:
                case e.ExecutionStarted():
                    metrics.execution_started()
                case e.ExecutionFinished():
                    metrics.execution_finished(event.status)
                case e.StageStarted():
                    metrics.stage_changed("RUNNING")
                case e.StageFinished():
                    metrics.stage_changed(event.status)
