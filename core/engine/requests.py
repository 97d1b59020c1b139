"""From Spinnaker's JSON to a request: pipelines and ad-hoc tasks, checked, with defaults and stage ids.

Separate because here the outside world's shapes end. Source: reference §1.1 to §1.3, §1.7, §9.4.
"""

from collections.abc import Sequence
from typing import Any, cast

from gennaker.core.artifacts.resolve import at_start
from gennaker.core.check import check_pipeline, check_task
from gennaker.core.errors import InvalidRequest
from gennaker.core.model.events import ExecutionRequested, StageSpec
from gennaker.core.model.ids import ulid

__all__ = ["accept_pipeline", "accept_task", "check_pipeline", "check_task", "complete_trigger", "plan_pipeline"]

Json = dict[str, Any]
_OWN = {"type", "name", "refId", "requisiteStageRefIds", "startTimeExpiry"}


def accept_pipeline(
    pipeline: Json,
    trigger: Json,
    *,
    id_: str,
    now: int,
    user: str,
    origin: str = "unknown",
    prior: Sequence[Json] = (),
) -> ExecutionRequested:
    """The request to run a pipeline; `prior` are the artifacts of its last execution, if an expected one falls back to them.

    Raises InvalidRequest naming every place that is wrong; nothing is started then.
    """
    problems, _warnings = check_pipeline(pipeline)
    if problems:
        first = problems[0]
        raise InvalidRequest(first.message, first.where, tuple(str(each) for each in problems))
    full = complete_trigger(pipeline, trigger, user)
    full, failure = _with_artifacts(pipeline, full, prior)
    return ExecutionRequested(
        id=id_,
        application=pipeline["application"],
        name=pipeline.get("name"),
        pipeline_config_id=pipeline.get("id"),
        stages=_stages(pipeline["stages"], id_, now) if not failure else (),
        failure=failure,
        trigger=full,
        user=full["user"],
        origin=origin,
        authentication={"user": full["user"], "allowedAccounts": []},
        notifications=tuple(pipeline.get("notifications") or ()) + tuple(full.get("notifications") or ()),
        limit_concurrent=bool(pipeline.get("limitConcurrent", False)),
        max_concurrent=int(pipeline.get("maxConcurrentExecutions") or 0),
        keep_waiting=bool(pipeline.get("keepWaitingPipelines", False)),
        start_time_expiry=_milliseconds(pipeline.get("startTimeExpiry")),
        source=pipeline.get("source"),
        spel_evaluator=pipeline.get("spelEvaluator"),
        template_variables=pipeline.get("templateVariables"),
    )


def accept_task(task: Json, *, id_: str, now: int, user: str, origin: str = "unknown") -> ExecutionRequested:
    """The request to run an ad-hoc orchestration: one stage per job, each after the one before. Raises InvalidRequest."""
    problems = check_task(task)
    if problems:
        first = problems[0]
        raise InvalidRequest(first.message, first.where, tuple(str(each) for each in problems))
    jobs = [
        {**job, "refId": str(i), "requisiteStageRefIds": [str(i - 1)] if i else []} for i, job in enumerate(task["job"])
    ]
    trigger = {"type": "manual", "user": user, "parameters": {}, "artifacts": [], **(task.get("trigger") or {})}
    return ExecutionRequested(
        id=id_,
        kind="ORCHESTRATION",
        application=task.get("application") or "unknown",
        description=task.get("description") or task.get("name"),
        stages=_stages(jobs, id_, now),
        trigger=trigger,
        user=user,
        origin=task.get("origin") or origin,
        authentication={"user": user, "allowedAccounts": []},
        start_time_expiry=_milliseconds(task.get("startTimeExpiry")),
        spel_evaluator=task.get("spelEvaluator"),
    )


def plan_pipeline(pipeline: Json, trigger: Json, user: str, prior: Sequence[Json] = ()) -> Json:
    """What a request would run: the pipeline with its trigger complete and each stage with its refId, requisites and name.

    Nothing is refused: what would be stands in `errors`. Source: reference §1.1 (`plan`) and §9.6.
    """
    plan = {**{key: value for key, value in pipeline.items() if key != "plan"}, "trigger": trigger}
    problems, _warnings = check_pipeline(pipeline)
    if problems:
        return {**plan, "errors": [str(each) for each in problems]}
    specs = _stages(pipeline["stages"], "", 0)
    plan["stages"] = [
        {**stage, "refId": spec.ref_id, "requisiteStageRefIds": list(spec.requisites), "name": spec.name}
        for stage, spec in zip(pipeline["stages"], specs, strict=True)
    ]
    try:
        plan["trigger"] = complete_trigger(pipeline, trigger, user)
    except InvalidRequest as error:
        return {**plan, "errors": [str(error)]}
    plan["trigger"], failure = _with_artifacts(pipeline, plan["trigger"], prior)
    return {**plan, "errors": [failure]} if failure else plan


def complete_trigger(pipeline: Json, trigger: Json, user: str) -> Json:
    """The trigger with what Spinnaker adds: type, user, and each declared parameter that was not given.

    Raises InvalidRequest when a required parameter without a default is missing.
    """
    given = trigger.get("parameters") or {}
    if not isinstance(given, dict):
        raise InvalidRequest(f"expected an object of parameters, found {type(given).__name__}", "trigger.parameters")
    parameters = dict(given)
    for declared in pipeline.get("parameterConfig") or ():
        name = declared["name"]
        if name in parameters:
            _check_option(declared, parameters[name])
        elif declared.get("default") is not None:
            parameters[name] = declared["default"]
        elif declared.get("required"):
            raise InvalidRequest(f"Required parameter {name} is missing", f"trigger.parameters.{name}")
        else:
            parameters[name] = None
    full = {"type": "manual", "artifacts": [], "notifications": [], **trigger, "parameters": parameters}
    full["user"] = trigger.get("user") or user
    return full


def _check_option(declared: Json, value: Any) -> None:
    options = [option.get("value") for option in declared.get("options") or () if isinstance(option, dict)]
    if declared.get("hasOptions") and options and str(value) not in map(str, options) and value not in ("", None):
        listed = ", ".join(map(str, options))
        raise InvalidRequest(f"{value!r} is not one of {listed}", f"trigger.parameters.{declared['name']}")


def _with_artifacts(pipeline: Json, trigger: Json, prior: Sequence[Json]) -> tuple[Json, str | None]:
    """The trigger with its artifacts resolved, and why the pipeline cannot start."""
    if failure := _startup_failure(pipeline):
        return trigger, failure
    try:
        return {**trigger, **at_start(pipeline, trigger, prior)}, None
    except InvalidRequest as error:
        return trigger, error.message


def _startup_failure(pipeline: Json) -> str | None:
    if pipeline.get("disabled"):
        return "Pipeline is disabled and cannot be started."
    if message := pipeline.get("errorMessage"):
        return str(message)
    return None


def _stages(stages: list[Json], execution: str, now: int) -> tuple[StageSpec, ...]:
    linear = not any("refId" in stage for stage in stages)
    return tuple(_stage(stage, i, linear, execution, now) for i, stage in enumerate(stages))


def _stage(stage: Json, index: int, linear: bool, execution: str, now: int) -> StageSpec:
    type_ = cast(str, stage["type"])
    provider = stage.get("providerType")
    if provider and provider not in ("aws", "titus"):
        type_ = f"{type_}_{provider}"
    if linear:
        ref = str(index)
        requisites: tuple[str, ...] = (str(index - 1),) if index else ()
    else:
        ref = str(stage["refId"])
        requisites = tuple(dict.fromkeys(str(each) for each in stage.get("requisiteStageRefIds") or ()))
    return StageSpec(
        id=ulid(now, execution, index),
        ref_id=ref,
        type=type_,
        name=str(stage.get("name") or stage["type"]),
        requisites=requisites,
        context={key: value for key, value in stage.items() if key not in _OWN},
        start_time_expiry=_milliseconds(stage.get("startTimeExpiry")),
    )


def _milliseconds(value: Any) -> int | None:
    return int(value) if value not in (None, "") else None
