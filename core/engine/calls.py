"""Hand-outs: what a stage needs from a worker now, and asking for it (rule 8).

Separate because starting, polling, retrying, resuming and cleaning up all come down to this one question.
"""

from typing import Any

from msgspec.structs import replace

from gennaker.core.engine.turn import Turn
from gennaker.core.model.events import TaskHandedOut
from gennaker.core.model.execution import HandOut, Kind, Stage
from gennaker.core.model.stage_type import TaskType
from gennaker.core.model.status import Status

#: How often the same attempt is sent before it counts as lost.
MOST_SENDS = 5
#: Seconds for a plan or a cancel.
OTHER_ANSWER_BY = 60.0
_LONGEST_WAIT = 600_000


def needed(stage: Stage) -> tuple[Kind, str] | None:
    """What has to be asked of a worker for this stage to go on; None when it waits for something else."""
    if stage.cleaning:
        return "cancel", "cancel"
    if stage.status is not Status.RUNNING or stage.child is not None or stage.locking:
        return None
    if stage.phase == "evaluate":
        return ("evaluate", "expressions") if stage.wanted else None
    if stage.phase == "tasks":
        return ("task", stage.tasks[stage.task].name) if stage.tasks else None
    return ("plan", stage.phase) if stage.phase not in stage.planned else None


def call(turn: Turn, id_: str) -> None:
    """Hand out what is needed, unless an answer is still out or nothing may be started now."""
    stage = turn.stage(id_)
    if stage.handout is not None or (want := needed(stage)) is None:
        return
    kind, name = want
    if kind != "cancel" and turn.x.status is not Status.RUNNING:
        return
    attempt = stage.attempts + 1
    until = turn.now + round(answer_by(turn, stage, kind, name) * 1000)
    handout = HandOut(kind=kind, name=name, attempt=attempt, sends=1, again=attempt > 1, at=turn.now, answer_by=until)
    turn.emit(TaskHandedOut(stage=id_, handout=handout))


def send_again(turn: Turn, id_: str, *, count: bool = True) -> None:
    """The same attempt once more: no answer came, or the transport died. Each time there is more time to answer."""
    stage = turn.stage(id_)
    handout = stage.handout
    if handout is None:
        return
    sends = handout.sends + 1 if count else handout.sends
    wait = min(round(answer_by(turn, stage, handout.kind, handout.name) * 1000) << (sends - 1), _LONGEST_WAIT)
    handout = replace(handout, sends=sends, again=True, at=turn.now, answer_by=turn.now + wait)
    turn.emit(TaskHandedOut(stage=id_, handout=handout))


def answer_by(turn: Turn, stage: Stage, kind: Kind, name: str) -> float:
    """Seconds that one call may take."""
    declared = task_type(turn, stage, name) if kind == "task" else None
    return declared.answer_by if declared else OTHER_ANSWER_BY


def task_type(turn: Turn, stage: Stage, name: str) -> TaskType | None:
    """The declaration of a task."""
    type_ = turn.type_of(stage)
    return next((task for task in type_.tasks if task.name == name), None) if type_ else None


def number(value: Any) -> float | None:
    """A JSON number, or the digits an expression left in its place; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
