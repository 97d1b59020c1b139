"""Why an execution failed: its failed stages, looked for in the executions that they started too.

Separate because one question goes through many executions.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from fastapi import Response

from gennaker.core.errors import NotFound
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.services import Json
from gennaker.plugins.gate.access import Here, answer, needs, routes
from gennaker.plugins.gate.query import Limit

router = routes()

#: One question reads no more executions than this.
_MOST = 100

Read = Callable[[str], Execution]


@router.get("/executions/failedStages", tags=["executions"], **needs("read"))
def failed_stages(here: Here, executionId: str, deckOrigin: str = "", limit: Limit = 1) -> Response:
    """The stages because of which an execution failed, the first `limit` of them; a failed stage that started an execution is followed
    into it. `deckOrigin` is the address of a user interface to link to.
    """
    root = here.pipeline_execution(executionId)
    found = islice(_failures(here.executions.get, root, {root.id}), limit)
    return answer([_view(execution, stage, deckOrigin.rstrip("/")) for execution, stage in found])


def _failures(read: Read, execution: Execution, seen: set[str]) -> Iterator[tuple[Execution, Stage]]:
    for stage in execution.top_level():
        yield from _causes(read, execution, stage, seen)


def _causes(read: Read, execution: Execution, stage: Stage, seen: set[str]) -> Iterator[tuple[Execution, Stage]]:
    """The stages deepest down that failed; the stage itself if nothing below it did."""
    if not stage.status.failed:
        return
    deeper = _below(read, execution, stage, seen)
    first = next(deeper, None)
    yield first or (execution, stage)
    yield from deeper


def _below(read: Read, execution: Execution, stage: Stage, seen: set[str]) -> Iterator[tuple[Execution, Stage]]:
    for id_ in stage.children:
        if id_ in execution.stages:
            yield from _causes(read, execution, execution.stages[id_], seen)
    started = stage.context.get("executionId")
    if not isinstance(started, str) or started in seen or len(seen) == _MOST:
        return
    seen.add(started)
    try:
        child = read(started)
    except NotFound:
        return
    yield from _failures(read, child, seen)


def _view(execution: Execution, stage: Stage, origin: str) -> Json:
    exception = stage.context.get("exception") or next((task.exception for task in stage.tasks if task.exception), None)
    view: Json = {
        "stageId": stage.id,
        "stageName": stage.name,
        "stageType": stage.type,
        "stageStatus": stage.status,
        "stageException": exception,
        "pipelineApplication": execution.application,
        "pipelineExecutionId": execution.id,
        "pipelineExecutionName": execution.name,
        "parentPipelineExecutionId": execution.parent,
    }
    if origin:
        view["pipelineExecutionUrl"] = (
            f"{origin}/#/applications/{execution.application}/executions/details/{execution.id}"
        )
    return {key: value for key, value in view.items() if value is not None}
