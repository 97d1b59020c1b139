"""Flow control: waits, windows, conditions, variables, manual judgment, other pipelines, webhooks."""

from collections.abc import Sequence

from gennaker.core.hookspecs import hookimpl
from gennaker.core.stage import Stage
from gennaker.plugins.flow.binding import BindArtifacts
from gennaker.plugins.flow.judgment import ManualJudgment
from gennaker.plugins.flow.monitor import MonitorPipeline
from gennaker.plugins.flow.pipeline import Pipeline
from gennaker.plugins.flow.preconditions import CheckPrecondition, CheckPreconditions
from gennaker.plugins.flow.preconfigured import Settings, stage_type
from gennaker.plugins.flow.until import DependsOnExecution, Noop, WaitUntil
from gennaker.plugins.flow.variables import EvaluateArtifacts, EvaluateVariables
from gennaker.plugins.flow.wait import Wait
from gennaker.plugins.flow.webhook import Webhook
from gennaker.plugins.flow.window import ExecutionWindow


@hookimpl
def gennaker_settings() -> type[Settings]:
    """The section `plugins.flow` of the configuration."""
    return Settings


@hookimpl
def gennaker_stages(settings: Settings) -> Sequence[type[Stage]]:
    """The stage types of this plugin, and those of the webhooks that are configured."""
    configured = [stage_type(one) for one in settings.webhook.preconfigured if one.enabled]
    return [
        Wait,
        WaitUntil,
        ExecutionWindow,
        DependsOnExecution,
        Noop,
        ManualJudgment,
        CheckPreconditions,
        CheckPrecondition,
        EvaluateVariables,
        EvaluateArtifacts,
        BindArtifacts,
        Pipeline,
        MonitorPipeline,
        Webhook,
        *configured,
    ]
