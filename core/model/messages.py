"""What the engine is told: commands of people, answers of workers, ticks of the clock.

Separate from `events` because a message may be late, repeated or impossible, and a fact may not.
"""

from typing import Any

from msgspec import Struct

from gennaker.core.model.execution import Kind
from gennaker.core.model.status import Status


class ChildRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A worker asks for another pipeline to be run."""

    application: str
    #: Id or name of the pipeline.
    pipeline: str
    parameters: dict[str, Any] = {}
    #: The task ends when the child was accepted rather than when it ended.
    detached: bool = False
    #: The child's outputs do not become the stage's.
    discard_outputs: bool = False


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one call."""

    #: RUNNING = call again; any other value ends the task.
    status: Status
    context: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    #: Seconds until the next call of a running task; None = when its stage changes or its child ends.
    again_in: float | None = None
    #: Spinnaker's exception details; with `retryable` the call is made again after a back-off.
    error: dict[str, Any] | None = None
    retryable: bool = False
    #: The answer to a plan: stage definitions in Spinnaker's JSON.
    stages: tuple[dict[str, Any], ...] = ()
    #: Run this pipeline and wait for it.
    child: ChildRequest | None = None
    #: Go on once the execution has this to itself; it is given back when the stage ends.
    lock: str = ""
    #: The work came too late to be begun, so nothing was done (rule 16).
    expired: bool = False


class Message(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Something told to one execution."""


class Command(Message, frozen=True, kw_only=True):
    """A message that a person or program sent on purpose: handled once, and answered visibly (rule 7)."""

    id: str = ""
    user: str = "anonymous"


class Begin(Message, frozen=True, kw_only=True, tag="begin"):
    """Start what was requested."""


class Granted(Message, frozen=True, kw_only=True, tag="granted"):
    """The execution has a slot of its pipeline."""

    round: int


class LockGranted(Message, frozen=True, kw_only=True, tag="lock.granted"):
    """The execution has something to itself."""

    key: str
    round: int


class Reply(Message, frozen=True, kw_only=True, tag="reply"):
    """A worker's answer; one to another round or attempt than the current is late and says nothing."""

    stage: str
    kind: Kind
    name: str
    round: int
    attempt: int
    outcome: Outcome


class Progress(Message, frozen=True, kw_only=True, tag="progress"):
    """A worker says that it still works on what was handed out, and what there is to tell; one of another attempt says nothing."""

    stage: str
    kind: Kind
    name: str
    round: int
    attempt: int
    #: Which of this call's tellings it is, from 1: the same may come twice.
    number: int
    lines: tuple[str, ...] = ()


class Tick(Message, frozen=True, kw_only=True, tag="tick"):
    """Do all that is due."""


class Recover(Message, frozen=True, kw_only=True, tag="recover"):
    """The transport died with its process: hand out again whatever is out (rule 8)."""


class Cancel(Command, frozen=True, kw_only=True, tag="cancel"):
    """End the execution."""

    #: Its id: a cancel may come before the execution (rule 16).
    execution: str = ""

    reason: str | None = None


class Pause(Command, frozen=True, kw_only=True, tag="pause"):
    """Hand out no new work."""


class Resume(Command, frozen=True, kw_only=True, tag="resume"):
    """Go on after a pause."""


class Restart(Command, frozen=True, kw_only=True, tag="restart"):
    """Run a stage and everything after it again."""

    stage: str
    #: The round of the stage that the caller saw; another one is refused (rule 7). None = whatever it is.
    seen: int | None = None
    context: dict[str, dict[str, Any]] = {}


class Patch(Command, frozen=True, kw_only=True, tag="patch"):
    """Merge into the context of a stage, and wake it."""

    stage: str
    context: dict[str, Any]


class ChildAccepted(Message, frozen=True, kw_only=True, tag="child.accepted"):
    """The child that a stage asked for exists."""

    stage: str
    child: str
    name: str = ""


class ChildEnded(Message, frozen=True, kw_only=True, tag="child.ended"):
    """The child has ended, or could not be started (`reason`)."""

    stage: str
    child: str
    status: Status
    outputs: dict[str, Any] = {}
    reason: str | None = None
    exception: dict[str, Any] | None = None


AnyMessage = (
    Begin
    | Granted
    | LockGranted
    | Reply
    | Progress
    | Tick
    | Recover
    | Cancel
    | Pause
    | Resume
    | Restart
    | Patch
    | ChildAccepted
    | ChildEnded
)
