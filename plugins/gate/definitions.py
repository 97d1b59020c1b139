"""Pipelines as they are defined: saving, renaming, ordering, removing; strategies are the same, kept apart.

Separate from `pipelines`, which is about starting them, and from `executions`, which is about their runs.
"""

import json
from typing import Any

from fastapi import Response

from gennaker.core.cloud.warnings import cloud_warnings
from gennaker.core.errors import GennakerError, InvalidRequest, NotFound
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Caller, Gate, Here, Id, answer, empty, needs, routes
from gennaker.plugins.gate.body import ListBody, ObjectBody, text
from gennaker.plugins.gate.query import Limit

router = routes()

_CONFIG = "a pipeline in Spinnaker's JSON"
_MOVE = "`{application, from, to}`"
#: Warnings in a header: so many, so long.
_MOST, _LONGEST = 10, 300
_ORDER = "`{application, idsToIndices: {id: index}}`"


@router.post("/pipelines", tags=["pipelines"], **needs("admin", body=_CONFIG))
def save_pipeline(here: Here, caller: Caller, body: ObjectBody, staleCheck: bool = False) -> Response:
    """Create a pipeline, or replace the one with its id. `staleCheck` refuses one that was changed since it was read.

    Stages that no cloud here could run stand in the header `X-Gennaker-Warnings`, a JSON list.
    """
    here.definitions.save_pipeline(_in_place(here, body), user=caller.user, stale_check=staleCheck)
    return _warned(here, body, empty())


@router.post("/pipelines/bulksave", tags=["pipelines"], **needs("admin", body="a list of pipelines"))
def save_pipelines(here: Here, caller: Caller, body: ListBody) -> Response:
    """Save several pipelines, each for itself."""
    saved: list[Any] = []
    failed: list[Json] = []
    for pipeline in body:
        if not isinstance(pipeline, dict):
            raise InvalidRequest("each item of the list must be a pipeline, a JSON object")
        try:
            saved.append(here.definitions.save_pipeline(_in_place(here, pipeline), user=caller.user)["name"])
        except GennakerError as error:
            failed.append({**pipeline, "errorMsg": str(error)})
    return answer(
        {
            "successful_pipelines_count": len(saved),
            "successful_pipelines": saved,
            "failed_pipelines_count": len(failed),
            "failed_pipelines": failed,
        }
    )


@router.post("/pipelines/move", tags=["pipelines"], **needs("admin", body=_MOVE))
def rename_pipeline(here: Here, caller: Caller, body: ObjectBody) -> Response:
    """Rename a pipeline."""
    return _rename(here, caller.user, body, strategy=False)


@router.put("/pipelines/{id}", tags=["pipelines"], **needs("admin", body=_CONFIG))
def update_pipeline(here: Here, caller: Caller, id_: Id, body: ObjectBody) -> Response:
    """Replace a pipeline; answers what is stored."""
    return _update(here, caller.user, id_, body)


@router.delete("/pipelines/{application}/{name:path}", tags=["pipelines"], **needs("admin"))
def delete_pipeline(here: Here, caller: Caller, application: str, name: str) -> Response:
    """Remove a pipeline by name, compared trimmed and without case. Removing what is not there is fine."""
    return _delete(here, caller.user, application, name, strategy=False)


@router.get("/pipelineConfigs", tags=["pipelines"], **needs("read"))
def list_pipelines(here: Here) -> Response:
    """All pipelines of all applications."""
    return answer(here.definitions.pipelines())


@router.get("/pipelineConfigs/{id}/history", tags=["pipelines"], **needs("read"))
def pipeline_history(here: Here, id_: Id, limit: Limit = 20) -> Response:
    """Revisions of a pipeline, newest first."""
    return answer(here.definitions.history(id_, limit))


@router.post("/actions/pipelines/reorder", tags=["pipelines"], **needs("admin", body=_ORDER))
def reorder_pipelines(here: Here, caller: Caller, body: ObjectBody) -> Response:
    """Set the order in which an application's pipelines are shown."""
    return _reorder(here, caller.user, body, strategies=False)


@router.post("/strategies", tags=["strategies"], **needs("admin", body=_CONFIG))
def save_strategy(here: Here, caller: Caller, body: ObjectBody, staleCheck: bool = False) -> Response:
    """Create or replace a deployment strategy."""
    strategy = _in_place(here, {**body, "strategy": True})
    here.definitions.save_pipeline(strategy, user=caller.user, stale_check=staleCheck)
    return empty()


@router.post("/strategies/move", tags=["strategies"], **needs("admin", body=_MOVE))
def rename_strategy(here: Here, caller: Caller, body: ObjectBody) -> Response:
    """Rename a strategy."""
    return _rename(here, caller.user, body, strategy=True)


@router.put("/strategies/{id}", tags=["strategies"], **needs("admin", body=_CONFIG))
def update_strategy(here: Here, caller: Caller, id_: Id, body: ObjectBody) -> Response:
    """Replace a strategy; answers what is stored."""
    return _update(here, caller.user, id_, {**body, "strategy": True})


@router.delete("/strategies/{application}/{name:path}", tags=["strategies"], **needs("admin"))
def delete_strategy(here: Here, caller: Caller, application: str, name: str) -> Response:
    """Remove a strategy by name. Removing what is not there is fine."""
    return _delete(here, caller.user, application, name, strategy=True)


@router.get("/strategyConfigs", tags=["strategies"], **needs("read"))
def list_strategies(here: Here) -> Response:
    """All deployment strategies of all applications."""
    return answer(here.definitions.pipelines(strategies=True))


@router.get("/strategyConfigs/{id}/history", tags=["strategies"], **needs("read"))
def strategy_history(here: Here, id_: Id, limit: Limit = 20) -> Response:
    """Revisions of a strategy, newest first."""
    return answer(here.definitions.history(id_, limit))


@router.post("/actions/strategies/reorder", tags=["strategies"], **needs("admin", body=_ORDER))
def reorder_strategies(here: Here, caller: Caller, body: ObjectBody) -> Response:
    """Set the order in which an application's strategies are shown."""
    return _reorder(here, caller.user, body, strategies=True)


def _warned(here: Gate, pipeline: Json, response: Response) -> Response:
    """The answer with what is wrong with the stages of clouds in a header, in ASCII and not too long for one."""
    found = cloud_warnings(pipeline, here.services.stage_types())
    if found:
        shown = [text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…" for text in found[:_MOST]]
        response.headers["X-Gennaker-Warnings"] = json.dumps(shown)
    return response


def _in_place(here: Gate, pipeline: Json) -> Json:
    """A pipeline that says no place in the order keeps the one it has."""
    id_ = pipeline.get("id")
    stored = here.definitions.pipeline(id_) if isinstance(id_, str) and pipeline.get("index") is None else None
    return pipeline if stored is None else {**pipeline, "index": stored.get("index")}


def _rename(here: Gate, user: str, body: Json, *, strategy: bool) -> Response:
    application, old, new = text(body, "application"), text(body, "from"), text(body, "to")
    found = here.definitions.pipeline_named(application, old, strategy=strategy)
    if found is None:
        raise NotFound(f"Pipeline not found (application: {application}, name: {old})")
    here.definitions.save_pipeline({**found, "name": new}, user=user)
    return empty()


def _update(here: Gate, user: str, id_: str, body: Json) -> Response:
    if body.get("id") not in (None, "", id_):
        raise InvalidRequest(f"the body is about another pipeline than the address, {id_!r}", "id")
    if here.definitions.pipeline(id_) is None:
        raise NotFound(f"Pipeline not found (id: {id_})")
    return _warned(here, body, answer(here.definitions.save_pipeline({**body, "id": id_}, user=user)))


def _delete(here: Gate, user: str, application: str, name: str, *, strategy: bool) -> Response:
    found = here.definitions.pipeline_named(application, name.strip(), strategy=strategy)
    if found is not None:
        here.definitions.delete_pipeline(found["id"], user=user)
    return empty()


def _reorder(here: Gate, user: str, body: Json, *, strategies: bool) -> Response:
    indices = body.get("idsToIndices")
    if not isinstance(indices, dict) or not all(type(index) is int for index in indices.values()):
        raise InvalidRequest("must be an object of pipeline id to index, a whole number", "idsToIndices")
    here.definitions.reorder(text(body, "application"), indices, user=user, strategies=strategies)
    return empty()
