"""Executions as Spinnaker's clients read them: the JSON of executions, stages and tasks.

Separate from the model because these names belong to the outside, and from the API because the command line and the live stream
show the same. Source of the shapes: what Orca and Gate answer. Times are epoch milliseconds; None is left out, except inside
contexts, which are shown as they are.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from gennaker.core.model.ancestry import in_order, root_id
from gennaker.core.model.execution import Execution, Stage, Task
from gennaker.core.model.stage_type import StageTypes, TaskType, find
from gennaker.core.model.status import Status

Json = dict[str, Any]

_ENCODER = msgspec.json.Encoder()
_NO_TYPES: StageTypes = {}
#: All that a list without details keeps of a stage's context.
_SUMMARY_CONTEXT = ("group",)


def to_bytes(value: Any) -> bytes:
    """JSON, encoded."""
    return _ENCODER.encode(value)


def execution_json(execution: Execution, *, now: int, types: StageTypes = _NO_TYPES, expand: bool = True) -> Json:
    """The execution with its stages. `types` tells which running stages a person may skip.

    `expand=False` is the short form of lists: contexts, outputs and tasks are emptied, and so are the stages of a parent execution.
    """
    paused = execution.status is Status.PAUSED
    stages = [
        stage_json(stage, paused=paused, types=types, expand=expand)
        for stage in in_order(execution, execution.top_level())
    ]
    pipeline = execution.kind == "PIPELINE"
    view: Json = {
        "id": execution.id,
        "type": execution.kind,
        "rootId": root_id(execution),
        "application": execution.application,
        "name": execution.name if pipeline else None,
        "description": execution.description,
        "pipelineConfigId": execution.pipeline_config_id,
        "status": execution.status,
        "buildTime": execution.build_time,
        "startTime": execution.start_time,
        "endTime": execution.end_time,
        "startTimeExpiry": execution.start_time_expiry,
        "canceled": execution.canceled,
        "canceledBy": execution.canceled_by,
        "cancellationReason": execution.cancellation_reason,
        "limitConcurrent": execution.limit_concurrent,
        "maxConcurrentExecutions": execution.max_concurrent,
        "keepWaitingPipelines": execution.keep_waiting,
        "stages": stages,
        "trigger": execution.trigger if expand else _short_trigger(execution.trigger),
        "origin": execution.origin,
        "authentication": execution.authentication or {"user": execution.user, "allowedAccounts": []},
        "paused": _pause(execution.paused, now if execution.end_time is None else execution.end_time),
        "notifications": execution.notifications,
        "source": execution.source,
        "spelEvaluator": execution.spel_evaluator,
        "templateVariables": execution.template_variables,
        "systemNotifications": (),
        "round": execution.round,
        "sequence": execution.sequence,
    }
    if any(stage.cleaning for stage in execution.stages.values()):
        view["cleaning"] = True
    return _without_none(view)


def stage_json(stage: Stage, *, paused: bool = False, types: StageTypes = _NO_TYPES, expand: bool = True) -> Json:
    """One stage. `paused` = its execution is, so what runs is shown as PAUSED. `round` is what a restart gives back as `seen`."""
    context: Mapping[str, Any] = stage.context
    if not expand:
        context = {key: context[key] for key in _SUMMARY_CONTEXT if key in context}
    view: Json = {
        "id": stage.id,
        "refId": stage.ref_id,
        "type": stage.type,
        "name": stage.name,
        "requisiteStageRefIds": stage.requisites,
        "status": _shown(stage.status, paused),
        "startTime": stage.start_time,
        "endTime": stage.end_time,
        "startTimeExpiry": stage.start_time_expiry,
        "scheduledTime": stage.context.get("scheduledTime"),
        "context": context,
        "outputs": stage.outputs if expand else {},
        "tasks": _tasks(stage, paused, types) if expand else (),
        "syntheticStageOwner": stage.owner,
        "parentStageId": stage.parent,
        "lastModified": stage.last_modified,
        "round": stage.round,
    }
    if stage.cleaning:
        view["cleaning"] = True
    if can_skip(stage, types):
        view["canManuallySkip"] = True
    return _without_none(view)


def can_skip(stage: Stage, types: StageTypes) -> bool:
    """Whether a person may skip the stage now: its type allows it, its context says `skippable`, and it has not ended."""
    if stage.status.complete or stage.context.get("skippable") not in (True, "true"):
        return False
    declared = find(types, stage.type, stage.context)
    return declared is not None and declared.skippable


def task_json(execution: Execution, *, now: int, types: StageTypes = _NO_TYPES) -> Json:
    """The view of an orchestration under `/tasks`: its stages' contexts as `variables`, their tasks as `steps`.

    A variable of a later stage replaces the same of an earlier one, unless the later is empty.
    """
    whole = execution_json(execution, now=now, types=types)
    variables: Json = {}
    for stage in whole["stages"]:
        for key, value in stage["context"].items():
            if key not in variables or not _empty(value):
                variables[key] = value
    return _without_none(
        {
            "id": execution.id,
            "name": execution.description if execution.description is not None else execution.name,
            "application": execution.application,
            "status": execution.status,
            "variables": [{"key": key, "value": value} for key, value in variables.items()],
            "steps": [task for stage in whole["stages"] for task in stage["tasks"]],
            "buildTime": execution.build_time,
            "startTime": execution.start_time,
            "endTime": execution.end_time,
            "execution": whole,
        }
    )


def _tasks(stage: Stage, paused: bool, types: StageTypes) -> list[Json]:
    declared = find(types, stage.type, stage.context)
    of_name = {task.name: task for task in declared.tasks} if declared else {}
    return [_task(stage, task, index, paused, of_name.get(task.name)) for index, task in enumerate(stage.tasks)]


def _task(stage: Stage, task: Task, index: int, paused: bool, declared: TaskType | None) -> Json:
    view: Json = {
        "id": str(index + 1),
        "implementingClass": f"{stage.type}.{task.name}",
        "name": task.name,
        "status": _shown(task.status, paused),
        "startTime": task.start_time,
        "endTime": task.end_time,
        "stageStart": index == 0,
        "stageEnd": index == len(stage.tasks) - 1,
        "loopStart": declared is not None and declared.loop_start,
        "loopEnd": declared is not None and declared.loop_end,
        "taskExceptionDetails": {} if task.exception is None else {"exception": task.exception},
    }
    return _without_none(view)


def _shown(status: Status, paused: bool) -> Status:
    return Status.PAUSED if paused and status is Status.RUNNING else status


def _pause(pause: Json | None, now: int) -> Json | None:
    if pause is None:
        return None
    begun, ended = pause.get("pauseTime"), pause.get("resumeTime")
    still = begun is not None and ended is None
    length = 0 if begun is None else (now if ended is None else ended) - begun
    return {**pause, "paused": still, "pausedMs": max(0, length)}


def _short_trigger(trigger: Json) -> Json:
    above = trigger.get("parentExecution")
    if not isinstance(above, dict):
        return trigger
    short = {**above, "stages": []}
    if isinstance(further := above.get("trigger"), dict):
        short["trigger"] = _short_trigger(further)
    return {**trigger, "parentExecution": short}


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _without_none(view: Json) -> Json:
    return {key: value for key, value in view.items() if value is not None}
