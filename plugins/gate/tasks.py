"""Ad-hoc tasks: orchestrations of a few jobs, which is how applications and projects are changed.

Separate from `executions` because clients see them in another shape.
"""

from fastapi import Request, Response

from gennaker.core.errors import GennakerError, InvalidRequest, NotFound, Refused
from gennaker.core.model.execution import Execution
from gennaker.core.services import Json, Search
from gennaker.plugins.gate import query
from gennaker.plugins.gate.access import Caller, Gate, Here, answer, empty, key_of, needs, origin_of, routes
from gennaker.plugins.gate.body import ObjectBody
from gennaker.plugins.gate.executions import cancelled, deleted
from gennaker.plugins.gate.query import NO_WORDS, Limit, Words

router = routes()

_TASK = "`{application, description, job: [{type, …}]}`"


@router.post("/tasks", tags=["tasks"], **needs("admin", body=_TASK))
def submit(request: Request, here: Here, caller: Caller, body: ObjectBody) -> Response:
    """Run jobs, one after the other."""
    started = here.control.submit(body, user=caller.user, origin=origin_of(request), key=key_of(request))
    return answer({"ref": f"/tasks/{started}"})


@router.put("/tasks/cancel", tags=["tasks"], **needs("run"))
def cancel_tasks(here: Here, caller: Caller, ids: Words = NO_WORDS) -> Response:
    """End several tasks; one that cannot be ended does not keep the others."""
    wanted = query.words(ids)
    if not wanted:
        raise InvalidRequest("name at least one task, as in ids=a,b", "ids")
    problems: list[GennakerError] = []
    for task in wanted:
        try:
            cancelled(here, caller.user, task, None)
        except (NotFound, Refused) as error:
            problems.append(error)
    if problems:
        raise problems[0]
    return empty()


@router.get("/tasks/{task}", tags=["tasks"], **needs("read"))
def get_task(here: Here, task: str) -> Response:
    """One task."""
    return answer(here.task_view(here.task(task)))


@router.get("/tasks/{task}/details/{details}", tags=["tasks"], **needs("read"))
def get_details(here: Here, task: str, details: str) -> Response:
    """One stage of a task, by its id, or what a cloud's operation noted in one under `kato.tasks`, by that operation's id."""
    return answer(_details(here, here.task(task), details))


@router.delete("/tasks/{task}", tags=["tasks"], **needs("admin"))
def delete_task(here: Here, caller: Caller, task: str) -> Response:
    """Remove a task that has ended; 409 while it runs."""
    return deleted(here, caller.user, here.task(task))


@router.put("/tasks/{task}/cancel", tags=["tasks"], **needs("run"))
def cancel_task(here: Here, caller: Caller, task: str, reason: str | None = None) -> Response:
    """End a task."""
    return cancelled(here, caller.user, task, reason)


@router.get("/applications/{application}/tasks", tags=["tasks"], **needs("read"))
def list_tasks(
    here: Here, application: str, page: Limit = 1, limit: Limit = 1000, statuses: Words = NO_WORDS
) -> Response:
    """An application's tasks of the last fourteen days, newest first."""
    search = Search(
        application=application,
        kind="ORCHESTRATION",
        statuses=query.statuses(statuses),
        built_from=query.since(here.services.clock()),
        limit=limit,
        offset=(page - 1) * limit,
    )
    return answer([here.task_view(found) for found in here.executions.find(search)])


@router.post("/applications/{application}/tasks", tags=["tasks"], deprecated=True, **needs("admin", body=_TASK))
def submit_for_application(
    request: Request, here: Here, caller: Caller, application: str, body: ObjectBody
) -> Response:
    """The same as POST /tasks."""
    return submit(request, here, caller, {"application": application, **body})


@router.get("/applications/{application}/tasks/{task}", tags=["tasks"], deprecated=True, **needs("read"))
def get_task_of_application(here: Here, application: str, task: str) -> Response:
    """The same as GET /tasks/{task}."""
    return answer(here.task_view(here.task(task, application)))


@router.get(
    "/applications/{application}/tasks/{task}/details/{details}", tags=["tasks"], deprecated=True, **needs("read")
)
def get_details_of_application(here: Here, application: str, task: str, details: str) -> Response:
    """The same as GET /tasks/{task}/details/{details}."""
    return answer(_details(here, here.task(task, application), details))


@router.put("/applications/{application}/tasks/{task}/cancel", tags=["tasks"], deprecated=True, **needs("run"))
def cancel_task_of_application(
    here: Here, caller: Caller, application: str, task: str, reason: str | None = None
) -> Response:
    """The same as PUT /tasks/{task}/cancel."""
    return cancelled(here, caller.user, here.task(task, application).id, reason)


def _details(here: Gate, task: Execution, id_: str) -> Json:
    view = here.execution_view(task)
    for stage in view["stages"]:
        if stage["id"] == id_:
            return dict(stage)
        noted = stage["context"].get("kato.tasks")
        for operation in noted if isinstance(noted, list) else ():
            if isinstance(operation, dict) and str(operation.get("id")) == id_:
                return operation
    raise NotFound(f"Task details not found (id: {id_}, task: {task.id})")
