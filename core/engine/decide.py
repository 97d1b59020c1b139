"""All the rules: what a message makes of an execution, as far as it goes.

Separate because this is the one door into the engine. Says nothing when a message is late, repeated or impossible.
"""

from gennaker.core.engine.apply import apply
from gennaker.core.engine.calls import send_again
from gennaker.core.engine.control import command
from gennaker.core.engine.deadlines import tick
from gennaker.core.engine.executions import begin, granted, settle
from gennaker.core.engine.locks import give_back, lock_granted
from gennaker.core.engine.tasks import child_accepted, child_ended, finish_task, progress, reply
from gennaker.core.engine.turn import Turn
from gennaker.core.model import messages as m
from gennaker.core.model.events import AnyEvent, ExecutionTombstoned
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.status import Status

Decision = tuple[Execution | None, tuple[AnyEvent, ...]]


def decide(execution: Execution | None, message: m.AnyMessage, now: int, types: StageTypes) -> tuple[AnyEvent, ...]:
    """The facts that a message leads to. `now` is epoch milliseconds."""
    return advance(execution, message, now, types)[1]


def advance(execution: Execution | None, message: m.AnyMessage, now: int, types: StageTypes) -> Decision:
    """The execution after a message, and the facts that made it so: `fold` of them comes to the same."""
    if execution is None:
        return _unknown(message, now)
    turn = Turn(execution, now, types)
    match message:
        case m.Reply():
            reply(turn, message)
        case m.Progress():
            progress(turn, message)
        case m.Tick():
            tick(turn)
        case m.Begin():
            begin(turn)
        case m.Granted():
            granted(turn, message)
        case m.LockGranted():
            for id_ in lock_granted(turn, message):
                finish_task(turn, id_, m.Outcome(status=Status.SUCCEEDED))
        case m.ChildAccepted():
            child_accepted(turn, message)
        case m.ChildEnded():
            child_ended(turn, message)
        case m.Recover():
            for id_ in execution.active:
                send_again(turn, id_, count=False)
        case _:
            command(turn, message)
    turn.run()
    settle(turn)
    turn.run()
    give_back(turn)
    return turn.x, tuple(turn.events)


def _unknown(message: m.AnyMessage, now: int) -> Decision:
    """A cancel for an execution that is not there yet kills it for good (rule 16); anything else means nothing."""
    if not isinstance(message, m.Cancel) or not message.execution:
        return None, ()
    dead = ExecutionTombstoned(id=message.execution, user=message.user, reason=message.reason)
    return apply(None, dead, now), (dead,)
