"""The execution window of a stage: a before-stage of its own that lets it go on when the clock allows it (reference §3.2).

Separate because it comes before everything that the stage type itself plans, and its time does not count against the stage's limit.
"""

from gennaker.core.engine.shape import children
from gennaker.core.model.events import StageSpec
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.ids import ulid

#: The key of a stage that asks for it, and the type of the stage that waits.
WINDOW = "restrictExecutionDuringTimeWindow"
WINDOW_DATA = "restrictedExecutionWindow"
_PARENTS = {WINDOW, "stageTimeoutMs", "alias"}


def window_stage(execution: Execution, stage: Stage) -> StageSpec:
    """The stage that waits for the window."""
    return StageSpec(
        id=ulid(stage.start_time or 0, execution.id, stage.id, stage.round, execution.stage_count),
        ref_id=f"{stage.ref_id}<0",
        type=WINDOW,
        name=WINDOW,
        context={key: value for key, value in stage.context.items() if key not in _PARENTS},
        owner="STAGE_BEFORE",
    )


def time_in_window(execution: Execution, stage: Stage) -> int:
    """Milliseconds that a stage has waited for its window."""
    found = children(execution, stage, "window")
    return sum((each.end_time or each.start_time or 0) - (each.start_time or 0) for each in found)
