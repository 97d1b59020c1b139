"""Fan-out: one stage definition run once for each item of a list, so many at a time.

Separate because it is ours, not Spinnaker's: a stage with `forEach` becomes the parent of its own copies.
"""

from typing import Any

from gennaker.core.engine.window import WINDOW, WINDOW_DATA
from gennaker.core.evaluation.definition import ENABLED, FOR_EACH
from gennaker.core.model.events import StageSpec
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.ids import ulid

_PARENTS = {FOR_EACH, ENABLED, WINDOW, WINDOW_DATA}


def copies(execution: Execution, stage: Stage) -> tuple[StageSpec, ...]:
    """A copy of the definition for each item, which it sees under the name that `forEach.as` gives, with its place as `<name>Index`."""
    fan = stage.fan
    if fan is None:
        return ()
    definition = {key: value for key, value in {**stage.context, **stage.raw}.items() if key not in _PARENTS}
    return tuple(
        StageSpec(
            id=ulid(stage.start_time or 0, execution.id, stage.id, stage.round, execution.stage_count + index),
            ref_id=f"{stage.ref_id}<{index + 1}",
            type=stage.type,
            name=f"{stage.name} ({_label(item, index)})",
            context={**definition, fan.name: item, f"{fan.name}Index": index},
            owner="STAGE_BEFORE",
            given={fan.name: item, f"{fan.name}Index": index},
        )
        for index, item in enumerate(fan.items)
    )


def gathered(execution: Execution, stage: Stage) -> dict[str, Any]:
    """What the copies came to, in the order of the items; empty for any other stage."""
    if stage.fan is None:
        return {}
    done = [execution.stages[id_] for id_ in stage.children if execution.stages[id_].part == "before"]
    told = [
        {stage.fan.name: item, "status": copy.status, "outputs": copy.outputs}
        for item, copy in zip(stage.fan.items, done, strict=False)
    ]
    return {FOR_EACH: told}


def _label(item: Any, index: int) -> str:
    return item if isinstance(item, str) and len(item) <= 40 and "${" not in item else str(index + 1)
