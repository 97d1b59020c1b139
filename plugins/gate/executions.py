"""Executions: looking them up, stopping and pausing them, explaining them.

Separate from `stages`, which is about one stage of an execution.
"""

from fastapi import Response
from msgspec.structs import replace

from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.model.execution import Execution
from gennaker.core.model.status import Status
from gennaker.core.services import Search
from gennaker.plugins.gate import query
from gennaker.plugins.gate.access import Caller, DirectRoute, Gate, Here, Id, answer, empty, encoded, needs, routes
from gennaker.plugins.gate.errors import StatusError
from gennaker.plugins.gate.happening import happening_json
from gennaker.plugins.gate.query import FOREVER, NO_WORDS, Limit, Moment, Words

router = routes()

#: How many executions are read at a time while a search looks for a trigger, and how many at most.
_STEP = 100
_MOST = 10_000


def get_execution(here: Here, execution: Id) -> Response:
    """One execution."""
    return encoded(here.execution_bytes(execution))


router.add_api_route(
    "/pipelines/{id}", get_execution, tags=["executions"], route_class_override=DirectRoute, **needs("read")
)


@router.get("/executions", tags=["executions"], **needs("read"))
def find_executions(
    here: Here,
    pipelineConfigIds: Words = NO_WORDS,
    executionIds: Words = NO_WORDS,
    limit: Limit = 1,
    statuses: Words = NO_WORDS,
    expand: bool = True,
) -> Response:
    """Executions by the ids of their pipelines (the newest `limit` of each) or by their own."""
    pipelines, ids = query.words(pipelineConfigIds), query.words(executionIds)
    if bool(pipelines) == bool(ids):
        raise InvalidRequest("give either pipelineConfigIds or executionIds")
    if ids:
        return shown(here, [found for id_ in ids if (found := _maybe(here, id_))], expand)
    search = Search(
        pipeline_ids=pipelines,
        statuses=query.statuses(statuses),
        per_pipeline=limit,
        limit=min(query.MOST, limit * len(pipelines)),
    )
    return shown(here, here.executions.find(search), expand)


@router.get("/applications/{application}/executions/search", tags=["executions"], **needs("read"))
def search_executions(
    here: Here,
    application: str,
    triggerTypes: Words = NO_WORDS,
    pipelineName: str = "",
    eventId: str = "",
    trigger: str = "",
    triggerTimeStartBoundary: Moment = 0,
    triggerTimeEndBoundary: Moment = FOREVER,
    statuses: Words = NO_WORDS,
    startIndex: Moment = 0,
    size: Limit = 10,
    reverse: bool = False,
    expand: bool = False,
) -> Response:
    """Executions of an application (`*` = of all), newest first.

    `trigger` is base64 of a JSON object that theirs must contain; it is looked for in the newest 10,000.
    """
    search = Search(
        application="" if application == "*" else application,
        kind="PIPELINE",
        name=pipelineName,
        statuses=query.statuses(statuses),
        trigger_types=query.words(triggerTypes),
        event_id=eventId,
        built_from=triggerTimeStartBoundary or None,
        built_to=triggerTimeEndBoundary if triggerTimeEndBoundary < FOREVER else None,
        limit=size,
        offset=startIndex,
        oldest_first=reverse,
    )
    return shown(here, _search(here, search, query.wanted_trigger(trigger)), expand)


@router.delete("/pipelines/{id}", tags=["executions"], **needs("admin"))
def delete_execution(here: Here, caller: Caller, execution: Id) -> Response:
    """Remove an execution that has ended; 409 while it runs."""
    return deleted(here, caller.user, here.pipeline_execution(execution))


@router.put("/pipelines/{id}/cancel", tags=["executions"], **needs("run"))
def cancel_execution(
    here: Here, caller: Caller, execution: Id, reason: str | None = None, force: bool = False
) -> Response:
    """End an execution. It shows CANCELED at once, with or without `force`; what it began is cleaned up. Once more does nothing.

    One that does not exist is a 404, and yet stays dead should it come later.
    """
    return cancelled(here, caller.user, execution, reason or ("forced" if force else None))


@router.put("/pipelines/{id}/pause", tags=["executions"], **needs("run"))
def pause_execution(here: Here, caller: Caller, execution: Id) -> Response:
    """Hand out no new work."""
    here.control.pause(here.pipeline_execution(execution).id, user=caller.user)
    return empty()


@router.put("/pipelines/{id}/resume", tags=["executions"], **needs("run"))
def resume_execution(here: Here, caller: Caller, execution: Id) -> Response:
    """Go on after a pause."""
    here.control.resume(here.pipeline_execution(execution).id, user=caller.user)
    return empty()


@router.get("/pipelines/{id}/why", tags=["executions"], **needs("read"))
def why(here: Here, execution: Id) -> Response:
    """What an execution, or an ad-hoc task, waits for, in one sentence."""
    return answer({"why": here.why.why(here.executions.get(execution))})


@router.get("/pipelines/{id}/events", tags=["executions"], **needs("read"))
def execution_events(here: Here, execution: Id, after: Moment = 0) -> Response:
    """Everything that has happened to an execution, or an ad-hoc task, oldest first; `after` is a sequence number."""
    log = here.live
    id_ = here.executions.get(execution).id
    return answer([happening_json(one) for one in log.of_execution(id_, after)])


def shown(here: Gate, executions: list[Execution], expand: bool = True) -> Response:
    """A list of executions."""
    return answer([here.execution_view(one, expand=expand) for one in executions])


def deleted(here: Gate, user: str, execution: Execution) -> Response:
    """Remove an execution; raises StatusError 409 while it runs."""
    try:
        here.control.delete(execution.id, user=user)
    except Refused as error:
        raise StatusError(409, error.message) from error
    return empty()


def cancelled(here: Gate, user: str, execution: str, reason: str | None) -> Response:
    """End an execution; that it is CANCELED already is what the caller wants. Raises NotFound, and Refused for another end."""
    try:
        here.control.cancel(execution, user=user, reason=reason)
    except Refused:
        if here.executions.get(execution).status is not Status.CANCELED:
            raise
    return empty()


def _maybe(here: Gate, id_: str) -> Execution | None:
    try:
        return here.executions.get(id_)
    except NotFound:
        return None


def _search(here: Gate, search: Search, wanted: dict[str, object]) -> list[Execution]:
    """A search that may also look into triggers, which the database cannot."""
    if not wanted:
        return here.executions.find(search)
    found: list[Execution] = []
    offset = 0
    while len(found) < search.offset + search.limit and offset < _MOST:
        page = here.executions.find(replace(search, limit=_STEP, offset=offset))
        found += [one for one in page if query.matches(wanted, one.trigger)]
        if len(page) < _STEP:
            break
        offset += _STEP
    return found[search.offset : search.offset + search.limit]
