"""Pipeline templates, version 2: read at once, changed by tasks whose end is awaited, as Gate does it.

Separate from `definitions` because each change asks the pipelines that are made from a template first.
"""

import base64
import time
from typing import Annotated, Any

from fastapi import Query, Request, Response

from gennaker.core.errors import InvalidRequest, NotFound
from gennaker.core.services import Json
from gennaker.core.templates import check_template, scopes_of
from gennaker.core.view import to_bytes
from gennaker.plugins.gate import query
from gennaker.plugins.gate.access import Caller, Gate, Here, Id, answer, key_of, needs, origin_of, routes
from gennaker.plugins.gate.body import ObjectBody
from gennaker.plugins.gate.query import NO_WORDS, Limit, Words

router = routes()

#: Seconds that a task may take before its answer is what it is so far; Gate asks 32 times.
PATIENCE_S = 32.0
_FIRST_S, _LONGEST_S = 0.02, 0.5
_BODY = "a template: `{id, metadata, variables, pipeline}`"
_CONFIG = "a pipeline that names a template, `trigger` may be with it"
_HOME = "spinnaker"
#: Longer ones could not be one that exists.
Version = Annotated[str, Query(max_length=100)]


@router.get("/v2/pipelineTemplates", tags=["templates"], **needs("read"))
def list_templates(here: Here, scopes: Words = NO_WORDS) -> Response:
    """The latest of each pipeline template; with `scopes`, those that have one of them."""
    return answer(here.definitions.templates(query.words(scopes)))


@router.get("/v2/pipelineTemplates/versions", tags=["templates"], **needs("read"))
def list_versions(here: Here, scopes: Words = NO_WORDS) -> Response:
    """Template id to all that is kept of it: first the tags, then what digests name."""
    return answer(here.definitions.template_versions(query.words(scopes)))


@router.post("/v2/pipelineTemplates/create", tags=["templates"], **needs("admin", body=_BODY))
def create_template(request: Request, here: Here, caller: Caller, body: ObjectBody, tag: Version = "") -> Response:
    """Create a template, or a new tag of one; answers the finished task, whose `status` says whether it succeeded."""
    template = _checked(body)
    job = {"type": "createV2PipelineTemplate", "pipelineTemplate": _encoded(template), "tag": tag, "user": caller.user}
    return _done(request, here, caller.user, _home(template), f"Create pipeline template '{template['id']}'", job)


@router.post("/v2/pipelineTemplates/update/{id}", tags=["templates"], **needs("admin", body=_BODY))
def update_template(
    request: Request,
    here: Here,
    caller: Caller,
    id_: Id,
    body: ObjectBody,
    tag: Version = "",
    skipPlanDependents: bool = False,
) -> Response:
    """Change a template, once every pipeline that follows the tag can be made from the new one; answers the finished task."""
    template = _checked(body)
    if template["id"] != id_:
        raise InvalidRequest(f"the body is about another template than the address, {id_!r}", "id")
    job = {
        "type": "updateV2PipelineTemplate",
        "id": id_,
        "pipelineTemplate": _encoded(template),
        "tag": tag,
        "skipPlanDependents": skipPlanDependents,
        "user": caller.user,
    }
    return _done(request, here, caller.user, _home(template), f"Update pipeline template '{id_}'", job)


@router.post("/v2/pipelineTemplates/plan", tags=["templates"], **needs("run", body=_CONFIG))
def plan_template(here: Here, caller: Caller, body: ObjectBody) -> Response:
    """The plain pipeline that would run; what is wrong stands in its `errors`. Nothing is started."""
    trigger = body.get("trigger") or {}
    if not isinstance(trigger, dict):
        raise InvalidRequest("must be a JSON object", "trigger")
    pipeline = {key: value for key, value in body.items() if key != "trigger"}
    return answer(here.control.plan(pipeline, trigger, user=caller.user))


@router.get("/v2/pipelineTemplates/{id}", tags=["templates"], **needs("read"))
def get_template(here: Here, id_: Id, tag: Version = "", digest: Version = "") -> Response:
    """One template: its latest, or what a tag or a digest names."""
    return answer(_existing(here, id_, tag, digest))


@router.delete("/v2/pipelineTemplates/{id}", tags=["templates"], **needs("admin"))
def delete_template(
    request: Request,
    here: Here,
    caller: Caller,
    id_: Id,
    tag: Version = "",
    digest: Version = "",
    application: str = "",
) -> Response:
    """Remove a template, or one tag or digest of it, from which no pipeline is made; answers the finished task."""
    if tag or digest:
        _existing(here, id_, tag, digest)
    elif not here.definitions.template_versions().get(id_):
        raise NotFound(f"Pipeline template not found (id: {id_})")
    job = {
        "type": "deleteV2PipelineTemplate",
        "pipelineTemplateId": id_,
        "tag": tag,
        "digest": digest,
        "user": caller.user,
    }
    return _done(request, here, caller.user, application or _HOME, f"Delete pipeline template '{id_}'", job)


@router.get("/v2/pipelineTemplates/{id}/dependents", tags=["templates"], **needs("read"))
def list_dependents(here: Here, id_: Id) -> Response:
    """The pipelines that are made from a template, whatever its version."""
    return answer(here.definitions.template_dependents(id_))


@router.get("/v2/pipelineTemplates/{id}/history", tags=["templates"], **needs("read"))
def template_history(here: Here, id_: Id, limit: Limit = 20) -> Response:
    """Revisions of a template, whatever their tags, newest first; they outlive it."""
    return answer(here.definitions.template_history(id_, limit))


def _existing(here: Gate, id_: str, tag: str, digest: str) -> Json:
    found = here.definitions.template(id_, tag=tag, digest=digest)
    if found is None:
        version = f"@sha256:{digest}" if digest else f":{tag}" if tag else ""
        raise NotFound(f"Pipeline template not found (id: {id_}{version})")
    return found


def _checked(body: Json) -> Json:
    """The template with its schema; what is wrong is told before any task begins."""
    template = body if body.get("schema") is not None else {**body, "schema": "v2"}
    if problems := check_template(template):
        first = problems[0]
        raise InvalidRequest(first.message, first.where, tuple(str(each) for each in problems))
    return template


def _encoded(template: Json) -> str:
    """As Gate sends it: so no expression of a template is ever one of the task."""
    return base64.b64encode(to_bytes(template)).decode()


def _home(template: Json) -> str:
    """The application whose task it is: the first scope."""
    return next(iter(scopes_of(template)), _HOME)


def _done(request: Request, here: Gate, user: str, application: str, description: str, job: Json) -> Response:
    """Run a task of one job and answer it when it has ended, or as it is when that takes too long."""
    task: Any = {"application": application, "description": description, "job": [job]}
    started = here.control.submit(task, user=user, origin=origin_of(request), key=key_of(request))
    until, pause = time.monotonic() + PATIENCE_S, _FIRST_S
    while not (found := here.task(started)).status.complete and time.monotonic() < until:
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_S)
    return answer(here.task_view(found))
