"""The parent execution as its child's trigger holds it: enough for expressions such as `${trigger.parentExecution.stages[0].outputs.id}`.

Separate because it is a snapshot that the child keeps for good, so it must not grow with every generation: what is above the parent is
held without its stages, and a parent that is too large without what its stages were given, then without what they gave.
"""

from typing import Any

import msgspec

from gennaker.core.model.ancestry import root_id
from gennaker.core.model.execution import Execution, Stage

Json = dict[str, Any]
#: Bytes of JSON that a parent may take in its child.
LARGEST = 256 * 1024


def parent_json(parent: Execution) -> Json:
    """The parent in Spinnaker's JSON, as large as it may be."""
    told = _whole(parent)
    for left_out in ("context", "outputs", "trigger"):
        if len(msgspec.json.encode(told)) <= LARGEST:
            return told
        if left_out == "trigger":
            told = {key: value for key, value in told.items() if key != "trigger"}
        else:
            told["stages"] = [{**stage, left_out: {}} for stage in told["stages"]]
    return told


def _whole(parent: Execution) -> Json:
    return {
        "id": parent.id,
        "rootId": root_id(parent),
        "type": parent.kind,
        "application": parent.application,
        "name": parent.name,
        "pipelineConfigId": parent.pipeline_config_id,
        "status": parent.status,
        "buildTime": parent.build_time,
        "startTime": parent.start_time,
        "authentication": parent.authentication or {"user": parent.user, "allowedAccounts": []},
        "trigger": _above(parent.trigger),
        "stages": [_stage(stage) for stage in parent.stages.values()],
    }


def _stage(stage: Stage) -> Json:
    return {
        "id": stage.id,
        "refId": stage.ref_id,
        "type": stage.type,
        "name": stage.name,
        "status": stage.status,
        "context": stage.context,
        "outputs": stage.outputs,
        "parentStageId": stage.parent,
        "syntheticStageOwner": stage.owner,
    }


def _above(trigger: Json) -> Json:
    """A trigger whose own parent has no stages."""
    above = trigger.get("parentExecution")
    if not isinstance(above, dict):
        return trigger
    return {**trigger, "parentExecution": {**above, "stages": []}}
