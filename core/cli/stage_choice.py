"""Which stage of an execution a command means, when one is named and when none is.

Separate because restarting, judging and skipping choose alike, and a wrong choice is told with what there is.
"""

from collections.abc import Callable

from gennaker.core.cli.root import REFUSED, Told
from gennaker.core.services import Json

#: What ends the waiting of a stage type early, as a key of its context; other types are asked with `manualSkip`.
SKIPS = {"wait": "skipRemainingWait", "restrictExecutionDuringTimeWindow": "skipRemainingWait"}
_WRONG = (frozenset({"TERMINAL"}), frozenset({"STOPPED", "FAILED_CONTINUE"}), frozenset({"CANCELED"}))
_LIVE = ("RUNNING", "PAUSED")


def restartable(execution: Json) -> Callable[[Json], bool]:
    """Picks the pipeline's own stages that went wrong; what failed comes before what was cancelled because of it."""
    own = {stage["status"] for stage in execution.get("stages", []) if "parentStageId" not in stage}
    worst = next((group for group in _WRONG if own & group), frozenset[str]())
    return lambda stage: "parentStageId" not in stage and stage["status"] in worst


def waiting_judgment(stage: Json) -> bool:
    """A manual judgment that waits for its answer."""
    return stage["type"] == "manualJudgment" and stage["status"] in _LIVE


def waiting_skip(stage: Json) -> bool:
    """A stage that waits and can be told not to."""
    return stage["status"] in _LIVE and (stage["type"] in SKIPS or bool(stage.get("canManuallySkip")))


def choose(execution: Json, wanted: str | None, fits: Callable[[Json], bool], kind: str) -> Json:
    """The stage named `wanted` (name, refId or id), or else the only one that fits. Raises Told (refused)."""
    stages: list[Json] = execution.get("stages", [])
    if wanted is not None:
        named = [stage for stage in stages if wanted in (stage["id"], stage["refId"])]
        named = named or [stage for stage in stages if stage["name"] == wanted]
        if len(named) == 1:
            return named[0]
        problem = "has several stages" if named else "has no stage"
        raise Told(f"execution {execution['id']} {problem} {wanted!r}; its stages: {_listed(stages)}", REFUSED)
    fitting = [stage for stage in stages if fits(stage)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise Told(f"execution {execution['id']} ({execution['status']}) has no {kind} stage", REFUSED)
    raise Told(f"several stages are possible, name one with --stage: {_listed(fitting)}", REFUSED)


def _listed(stages: list[Json]) -> str:
    return ", ".join(f"{stage['refId']} {stage['name']!r} ({stage['status']})" for stage in stages)
