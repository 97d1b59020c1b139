"""Applications, and what belongs to one: its pipelines, their executions, its strategies.

They are changed by tasks (`createApplication` and so on), not here.
"""

from typing import Any

from fastapi import Request, Response

from gennaker.core.errors import NotFound
from gennaker.core.services import Json, Search
from gennaker.plugins.gate import query
from gennaker.plugins.gate.access import Caller, Gate, Here, answer, needs, routes
from gennaker.plugins.gate.body import MaybeObjectBody
from gennaker.plugins.gate.clusters import application_clusters
from gennaker.plugins.gate.executions import cancelled, shown
from gennaker.plugins.gate.pipelines import find_pipeline, start_stored
from gennaker.plugins.gate.query import NO_WORDS, Limit, Words

router = routes()


@router.get("/applications", tags=["applications"], **needs("read"))
def list_applications(here: Here, account: str = "", owner: str = "") -> Response:
    """All applications; `owner` is an e-mail address."""
    found = here.definitions.applications()
    if account:
        found = [one for one in found if account in _accounts(one)]
    if owner:
        found = [one for one in found if str(one.get("email", "")).casefold() == owner.casefold()]
    return answer(found)


@router.get("/applications/{application}", tags=["applications"], **needs("read"))
def get_application(here: Here, application: str, expand: bool = True) -> Response:
    """One application; `clusters` are shown with `expand`. One that only clouds know has no attributes but its name and accounts."""
    found = here.definitions.application(application)
    clusters = application_clusters(here, application) if expand or found is None else {}
    if found is None and not clusters:
        raise NotFound(f"Application not found (id: {application})")
    if found is None:
        providers = {one["provider"] for listed in clusters.values() for one in listed}
        found = {"name": application, "accounts": ",".join(clusters), "cloudProviders": ",".join(sorted(providers))}
    view: Json = {"name": str(found.get("name", application)).lower(), "attributes": found}
    return answer({**view, "clusters": clusters} if expand else view)


@router.get("/applications/{application}/history", tags=["applications"], **needs("read"))
def application_history(here: Here, application: str, limit: Limit = 20) -> Response:
    """Revisions of an application, newest first; they outlive it."""
    return answer(here.definitions.application_history(application, limit))


@router.get("/applications/{application}/pipelines", tags=["applications"], **needs("read"))
def application_executions(
    here: Here,
    application: str,
    limit: Limit = 10,
    statuses: Words = NO_WORDS,
    expand: bool = True,
    pipelineNameFilter: str = "",
    pipelineLimit: Limit | None = None,
) -> Response:
    """Executions of an application's pipelines, the newest `limit` of each."""
    configs = _configs(here, application, pipelineNameFilter, pipelineLimit)
    configs += here.definitions.pipelines(application, strategies=True) if not pipelineNameFilter else []
    return shown(here, executions_of(here, [config["id"] for config in configs], limit, statuses), expand)


@router.put(
    "/applications/{application}/pipelines/{execution}/cancel",
    tags=["applications"],
    deprecated=True,
    **needs("run"),
)
def cancel_execution_of_application(
    here: Here, caller: Caller, application: str, execution: str, reason: str | None = None
) -> Response:
    """The same as PUT /pipelines/{execution}/cancel."""
    return cancelled(here, caller.user, here.pipeline_execution(execution, application).id, reason)


@router.get("/applications/{application}/pipelineConfigs", tags=["applications"], **needs("read"))
def application_pipelines(
    here: Here, application: str, pipelineNameFilter: str = "", pipelineLimit: Limit | None = None
) -> Response:
    """An application's pipelines, in their order; the filter is a part of the name."""
    return answer(_configs(here, application, pipelineNameFilter, pipelineLimit))


@router.get("/applications/{application}/pipelineConfigs/{name:path}", tags=["applications"], **needs("read"))
def application_pipeline(here: Here, application: str, name: str) -> Response:
    """One pipeline, by name or id."""
    return answer(find_pipeline(here, application, name))


@router.post(
    "/applications/{application}/pipelineConfigs/{name:path}",
    tags=["applications"],
    deprecated=True,
    **needs("run", body="the trigger"),
)
def start_pipeline_of_application(
    request: Request, here: Here, caller: Caller, application: str, name: str, body: MaybeObjectBody
) -> Response:
    """The same as POST /pipelines/{application}/{name}."""
    return answer({"ref": f"/pipelines/{start_stored(request, here, caller, application, name, body)}"}, 202)


@router.get("/applications/{application}/strategyConfigs", tags=["strategies"], **needs("read"))
def application_strategies(here: Here, application: str) -> Response:
    """An application's deployment strategies."""
    return answer(here.definitions.pipelines(application, strategies=True))


@router.get("/applications/{application}/strategyConfigs/{name:path}", tags=["strategies"], **needs("read"))
def application_strategy(here: Here, application: str, name: str) -> Response:
    """One strategy, by name."""
    found = here.definitions.pipeline_named(application, name, strategy=True)
    if found is None:
        raise NotFound(f"Strategy not found (application: {application}, name: {name})")
    return answer(found)


def executions_of(here: Gate, pipelines: list[str], limit: int, statuses: list[str]) -> list[Any]:
    """The newest executions of several pipelines, as lists show them."""
    if not pipelines:
        return []
    search = Search(
        pipeline_ids=tuple(pipelines),
        statuses=query.statuses(statuses),
        per_pipeline=limit,
        limit=min(query.MOST, limit * len(pipelines)),
    )
    return query.recent(here.executions.find(search), here.services.clock())


def _configs(here: Gate, application: str, name: str, limit: int | None) -> list[Json]:
    found = here.definitions.pipelines(application)
    if name:
        found = [one for one in found if name.casefold() in str(one.get("name", "")).casefold()]
    return found[:limit]


def _accounts(application: Json) -> list[str]:
    accounts = application.get("accounts") or ""
    return [part.strip() for part in accounts.split(",")] if isinstance(accounts, str) else list(accounts)
