"""Trying an expression in an execution, before it stands in a pipeline, and what expressions may call. Nothing is changed."""

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.preview import capabilities, preview
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Gate, Here, Id, answer, needs, routes
from gennaker.plugins.gate.body import ListBody, any_json

router = routes()


@router.get("/pipelines/{id}/evaluateExpression", tags=["executions"], **needs("read"))
def evaluate(here: Here, execution: Id, expression: str) -> Response:
    """What a text with `${…}` gives in an execution: `{result, detail}`."""
    return answer(_evaluated(here, here.pipeline_execution(execution), expression))


@router.post(
    "/pipelines/{id}/evaluateExpression",
    tags=["executions"],
    **needs("read", body="the text itself (`text/plain`), or `{expression}`"),
)
async def evaluate_body(request: Request, here: Here, execution: Id) -> Response:
    """The same for a text that is too long for an address."""
    expression = await _expression(request)
    found = await run_in_threadpool(here.pipeline_execution, execution)
    return answer(_evaluated(here, found, expression))


@router.get("/pipelines/{id}/{stage}/evaluateExpression", tags=["executions"], **needs("read"))
def evaluate_in_stage(here: Here, execution: Id, stage: str, expression: str) -> Response:
    """What a text gives in a stage: over its context and the outputs of those before it."""
    found = here.pipeline_execution(execution)
    if stage not in found.stages:
        raise NotFound(f"Stage not found (id: {stage}, pipeline: {execution})")
    return answer(_evaluated(here, found, expression, found.stages[stage]))


@router.post("/pipelines/{id}/evaluateVariables", tags=["executions"], **needs("read", body="`[{key, value}]`"))
def evaluate_variables(here: Here, execution: Id, body: ListBody) -> Response:
    """What the variables of an `evaluateVariables` stage would be, in order: `{result: [{key, value, sourceValue, description}], detail}`."""
    found = here.pipeline_execution(execution)
    results: list[Json] = []
    details: Json = {}
    seen: Json = {}
    for number, variable in enumerate(body):
        if not isinstance(variable, dict) or not isinstance(variable.get("key"), str):
            raise InvalidRequest("must be an object with `key` and `value`", f"the body[{number}]")
        types, now = here.services.stage_types(), here.services.clock()
        value, detail = preview(found, variable.get("value"), types=types, now=now, seen=seen)
        details |= detail
        if not detail:
            seen[variable["key"]] = value
        results.append(
            {
                "key": variable["key"],
                "value": value,
                "sourceValue": variable.get("value"),
                "description": variable.get("description"),
            }
        )
    return answer({"result": results, "detail": details})


@router.get("/capabilities/expressions", tags=["executions"], **needs("read"))
def expression_capabilities(here: Here) -> Response:
    """The helper functions of expressions, those of plugins among them, and the evaluators that a pipeline may name."""
    return answer(capabilities(here.services.stage_types()))


def _evaluated(here: Gate, execution: Execution, expression: str, stage: Stage | None = None) -> Json:
    types, now = here.services.stage_types(), here.services.clock()
    result, detail = preview(execution, expression, stage=stage, types=types, now=now)
    return {"result": result, "detail": detail} if detail else {"result": result}


async def _expression(request: Request) -> str:
    if request.headers.get("content-type", "").startswith("text/plain"):
        return (await request.body()).decode(errors="replace")
    body = await any_json(request)
    expression = body.get("expression") if isinstance(body, dict) else None
    if not isinstance(expression, str):
        raise InvalidRequest("must be a text", "expression")
    return expression
