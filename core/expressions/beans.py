"""An execution and its stages as expressions see them: Spinnaker's objects, with Spinnaker's property names.

Separate from `names` because functions hand these objects out too, and the same stage must be the same object each time.
"""

from collections.abc import Callable
from typing import Any

from gennaker.core.expressions.scope import Bean
from gennaker.core.expressions.unknown import Unknown
from gennaker.core.model.ancestry import ancestors, execution_context, in_order
from gennaker.core.model.execution import Execution, Stage

_LINKS = frozenset({"execution", "parent", "topLevelStage"})


class Beans:
    """The objects of one execution, made when they are asked for."""

    __slots__ = ("_execution", "_made", "_order", "_whole")

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._made: dict[str, Bean] = {}
        self._order: list[Stage] | None = None
        self._whole: Bean | None = None

    @property
    def order(self) -> list[Stage]:
        """All stages in Spinnaker's order: before-stages in front of their parent, after-stages behind it."""
        if self._order is None:
            self._order = list(in_order(self._execution, self._execution.top_level()))
        return self._order

    def execution(self) -> Bean:
        """The execution."""
        if self._whole is None:
            self._whole = Bean("PipelineExecution", self._properties())
        return self._whole

    def stage(self, stage: Stage) -> Bean:
        """One of its stages."""
        bean = self._made.get(stage.id)
        if bean is None:
            bean = self._made[stage.id] = Bean("StageExecution", self._stage_properties(stage), _LINKS)
        return bean

    def _properties(self) -> dict[str, Callable[[], Any]]:
        x = self._execution
        return {
            "type": lambda: x.kind,
            "id": lambda: x.id,
            "application": lambda: x.application,
            "name": lambda: x.name,
            "description": lambda: x.description,
            "pipelineConfigId": lambda: x.pipeline_config_id,
            "status": lambda: x.status.value,
            "buildTime": lambda: x.build_time,
            "startTime": lambda: x.start_time,
            "endTime": lambda: x.end_time,
            "startTimeExpiry": lambda: x.start_time_expiry,
            "canceled": lambda: x.canceled,
            "canceledBy": lambda: x.canceled_by,
            "cancellationReason": lambda: x.cancellation_reason,
            "limitConcurrent": lambda: x.limit_concurrent,
            "maxConcurrentExecutions": lambda: x.max_concurrent,
            "keepWaitingPipelines": lambda: x.keep_waiting,
            "context": lambda: execution_context(x),
            "stages": lambda: [self.stage(stage) for stage in self.order],
            "trigger": lambda: x.trigger,
            "authentication": lambda: x.authentication or {"user": x.user, "allowedAccounts": []},
            "origin": lambda: x.origin,
            "paused": lambda: x.paused,
            "notifications": lambda: list(x.notifications),
            "source": lambda: x.source,
            "spelEvaluator": lambda: x.spel_evaluator,
            "templateVariables": lambda: x.template_variables,
        }

    def _stage_properties(self, stage: Stage) -> dict[str, Callable[[], Any]]:
        return {
            "id": lambda: stage.id,
            "refId": lambda: stage.ref_id,
            "type": lambda: stage.type,
            "name": lambda: stage.name,
            "status": lambda: stage.status.value,
            "startTime": lambda: stage.start_time,
            "endTime": lambda: stage.end_time,
            "startTimeExpiry": lambda: stage.start_time_expiry,
            "scheduledTime": lambda: stage.context.get("scheduledTime"),
            "context": lambda: whole_context(self._execution, stage),
            "outputs": lambda: stage.outputs,
            "tasks": lambda: _tasks(stage),
            "requisiteStageRefIds": lambda: list(stage.requisites),
            "syntheticStageOwner": lambda: stage.owner,
            "parentStageId": lambda: stage.parent,
            "lastModified": lambda: stage.last_modified,
            "hasSucceeded": lambda: stage.status == "SUCCEEDED",
            "hasFailed": lambda: stage.status == "TERMINAL",
            "execution": self.execution,
            "parent": lambda: None if stage.parent is None else self.stage(self._execution.stages[stage.parent]),
            "topLevelStage": lambda: self.stage(self._top(stage)),
        }

    def _top(self, stage: Stage) -> Stage:
        while stage.parent is not None:
            stage = self._execution.stages[stage.parent]
        return stage


def visible_outputs(execution: Execution, stage: Stage) -> dict[str, Any]:
    """What a stage's context falls through to: its own outputs, then those of its ancestors, nearest first (reference §1.5)."""
    seen: dict[str, Any] = {}
    unknown: dict[str, None] = {}
    for other in reversed(ancestors(execution, stage)):
        seen.update(other.outputs)
        if isinstance(other.outputs, Unknown):
            unknown[other.outputs.whose] = None
    seen.update(stage.outputs)
    return Unknown(seen, " or ".join(unknown)) if unknown else seen


def whole_context(execution: Execution, stage: Stage) -> dict[str, Any]:
    """A stage's context with everything that a look-up in it finds."""
    outputs = visible_outputs(execution, stage)
    whole = {**outputs, **stage.context}
    open_ = next((part for part in (stage.context, outputs) if isinstance(part, Unknown)), None)
    return whole if open_ is None else Unknown(whole, open_.whose)


def _tasks(stage: Stage) -> list[dict[str, Any]]:
    return [
        {
            "id": str(number),
            "name": task.name,
            "status": task.status.value,
            "startTime": task.start_time,
            "endTime": task.end_time,
            "stageStart": number == 1,
            "stageEnd": number == len(stage.tasks),
        }
        for number, task in enumerate(stage.tasks, 1)
    ]
