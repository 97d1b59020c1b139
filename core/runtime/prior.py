"""The artifacts that the last execution of a pipeline had, for expected artifacts that fall back to them.

Separate because it is read only when one of them does, by whoever accepts an execution. Source: reference §7.
"""

from typing import Any

from gennaker.core.artifacts.resolve import wants_prior
from gennaker.core.artifacts.visible import produced
from gennaker.core.model.status import Status
from gennaker.core.services import Json, Search
from gennaker.core.store.database import Database
from gennaker.core.store.executions import SqlExecutions

_BEGUN = tuple(status for status in Status if status is not Status.NOT_STARTED)
#: Of so many, in the order in which they were asked for, the one that started last is taken.
_LOOKED_AT = 5


def prior_artifacts(database: Database, pipeline: Json, trigger: Json) -> list[dict[str, Any]]:
    """The artifacts of the execution of a pipeline that started last; none when nothing needs them. Raises InvalidRequest for a wrong one."""
    id_ = pipeline.get("id")
    if not isinstance(id_, str) or not id_ or not wants_prior(pipeline, trigger):
        return []
    found = SqlExecutions(database).find(Search(pipeline_ids=(id_,), statuses=_BEGUN, limit=_LOOKED_AT))
    begun = [execution for execution in found if execution.start_time is not None]
    return produced(max(begun, key=lambda execution: execution.start_time or 0)) if begun else []
