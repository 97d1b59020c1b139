"""Flow control: wait, manual judgment, child pipelines, webhooks."""

from collections.abc import Sequence

from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage
from gennaker.plugins.flow.judgment import ManualJudgment
from gennaker.plugins.flow.pipeline import Pipeline
from gennaker.plugins.flow.wait import Wait
from gennaker.plugins.flow.webhook import Webhook


@hookimpl
def gennaker_stages() -> Sequence[type[Stage]]:
    """The stage types of this plugin."""
    return [Wait, ManualJudgment, Pipeline, Webhook]
