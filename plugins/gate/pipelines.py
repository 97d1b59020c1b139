"""Starting pipelines.

Separate from `definitions` because this needs the scope `run` only, and from `executions` because there is none yet.
"""

from typing import Any

from fastapi import Request, Response

from gennaker.core.authoriser import Identity
from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Caller, Gate, Here, answer, key_of, needs, origin_of, routes
from gennaker.plugins.gate.body import MaybeObjectBody, ObjectBody

router = routes()

_TRIGGER = "the trigger, flat or under `trigger`: `{type, parameters: {…}, artifacts: […], …}`; may be left out"


@router.post("/pipelines/start", tags=["pipelines"], **needs("admin", body="a whole pipeline, with its `trigger`"))
def start_inline(request: Request, here: Here, caller: Caller, body: ObjectBody) -> Response:
    """Run a pipeline that is given whole and not stored. With `plan: true` nothing runs: the answer is what would, with its `errors`."""
    pipeline = {key: value for key, value in body.items() if key != "trigger"}
    trigger = _with_user(_object(body.get("trigger"), "trigger"), caller)
    if body.get("plan") is True:
        return answer(here.control.plan(pipeline, trigger, user=caller.user))
    started = here.control.start(pipeline, trigger, user=caller.user, origin=origin_of(request), key=key_of(request))
    return answer({"ref": f"/pipelines/{started}"})


@router.post("/pipelines/v2/{application}/{name:path}", tags=["pipelines"], **needs("run", body=_TRIGGER))
def start_with_event(
    request: Request, here: Here, caller: Caller, application: str, name: str, body: MaybeObjectBody
) -> Response:
    """Run a stored pipeline, by name or id; the answer names the event too."""
    execution = start_stored(request, here, caller, application, name, body)
    return answer({"eventId": execution, "ref": f"/pipelines/{execution}"}, 202)


@router.post("/pipelines/{application}/{name:path}", tags=["pipelines"], **needs("run", body=_TRIGGER))
def start(
    request: Request,
    here: Here,
    caller: Caller,
    application: str,
    name: str,
    body: MaybeObjectBody,
    plan: bool = False,
) -> Response:
    """Run a stored pipeline, by name or id. With `plan=true` nothing runs: the answer is what each stage would do, and why."""
    if plan:
        pipeline = find_pipeline(here, application, name)
        return answer(here.control.dry_run(pipeline, _with_user(_trigger(body), caller), user=caller.user))
    return answer({"ref": f"/pipelines/{start_stored(request, here, caller, application, name, body)}"}, 202)


def start_stored(request: Request, here: Gate, caller: Identity, application: str, name: str, body: Json) -> str:
    """Start a stored pipeline with the trigger in a body; returns the execution's id. Raises NotFound, InvalidRequest."""
    pipeline = find_pipeline(here, application, name)
    return here.control.start_stored(
        pipeline["application"],
        pipeline["id"],
        _with_user(_trigger(body), caller),
        user=caller.user,
        origin=origin_of(request),
        key=key_of(request),
    )


def find_pipeline(here: Gate, application: str, name_or_id: str) -> Json:
    """A stored pipeline of an application, by name first, then by id. Raises NotFound."""
    found = here.definitions.pipeline_named(application, name_or_id)
    if found is None:
        by_id = here.definitions.pipeline(name_or_id)
        if by_id and str(by_id.get("application", "")).lower() == application.lower() and not by_id.get("strategy"):
            found = by_id
    if found is None:
        raise NotFound(f"Pipeline configuration not found (application: {application}, name or id: {name_or_id})")
    return found


def _trigger(body: Json) -> Json:
    """`spin` nests the trigger, Deck sends it flat."""
    nested = body.get("trigger")
    if not isinstance(nested, dict):
        return body
    return {**{key: value for key, value in body.items() if key != "trigger"}, **nested}


def _with_user(trigger: Json, caller: Identity) -> Json:
    """Whoever may do everything may say that somebody else asked; all others are who they are."""
    if trigger.get("user") and caller.may("admin"):
        return trigger
    return {**trigger, "user": caller.user}


def _object(value: Any, where: str) -> Json:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest("must be a JSON object", where)
    return value
