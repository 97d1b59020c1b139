"""One stage of an execution: answering it, skipping it, running it again.

Separate from `executions` because what a person may put into a stage is judged key by key.
"""

from fastapi import Response

from gennaker.core.authoriser import require
from gennaker.core.errors import NotFound
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.view import can_skip
from gennaker.plugins.gate.access import Caller, Here, Id, answer, needs, routes
from gennaker.plugins.gate.body import MaybeObjectBody, ObjectBody
from gennaker.plugins.gate.errors import StatusError
from gennaker.plugins.gate.query import Moment

router = routes()

#: What the scope `run` may put into a stage: a person's answers. Anything else changes what the stage does.
ANSWERS = frozenset(
    {"judgmentStatus", "judgmentInput", "judgmentInputs", "skipRemainingWait", "skipExecutionWindow", "manualSkip"}
)


@router.patch(
    "/pipelines/{id}/stages/{stage}",
    tags=["executions"],
    **needs("run", body="what to merge into the stage's context"),
)
def patch_stage(here: Here, caller: Caller, execution: Id, stage: str, body: ObjectBody) -> Response:
    """Merge into a stage's context and wake it: judgments, skips. Keys other than a person's answers need the scope `admin`."""
    if not ANSWERS.issuperset(body):
        require(caller, "admin")
    found = _stage(here.pipeline_execution(execution), stage)
    if body.get("manualSkip") and not can_skip(found, here.types()):
        raise StatusError(405, "Cannot manually skip stage.")
    here.control.patch(execution, stage, body, user=caller.user)
    return answer(here.execution_view(here.pipeline_execution(execution)))


@router.put(
    "/pipelines/{id}/stages/{stage}/restart",
    tags=["executions"],
    **needs("run", body="not looked at: the pipeline as it is stored counts"),
)
def restart_stage(
    here: Here, caller: Caller, execution: Id, stage: str, _body: MaybeObjectBody, seen: Moment | None = None
) -> Response:
    """Run a stage and everything after it again. `seen` is the stage's `round` that the caller saw; with another one it is refused."""
    found = here.pipeline_execution(execution)
    _stage(found, stage)
    stored = here.definitions.pipeline(found.pipeline_config_id) if found.pipeline_config_id else None
    here.control.restart(execution, stage, user=caller.user, seen=seen, body=stored)
    return answer(here.execution_view(here.pipeline_execution(execution)))


def _stage(execution: Execution, id_: str) -> Stage:
    if id_ not in execution.stages:
        raise NotFound(f"Stage not found (id: {id_}, pipeline: {execution.id})")
    return execution.stages[id_]
