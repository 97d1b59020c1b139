"""Every fact about an execution. The log of these is the truth; `apply` folds them.

Separate from `execution` because what was written stays readable for ever: fields are added, never changed.
An event's id is `<execution>:<sequence>` (rule 7). Times are epoch milliseconds and stand on the entry that holds the events.
"""

from typing import Any, Literal

from msgspec import Struct

from gennaker.core.model.execution import FanOut, HandOut, Owner, Phase, Stopping, Wanted
from gennaker.core.model.status import Status

#: The highest event format this code writes and reads (rule 22).
EVENT_FORMAT = 2


class Event(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """A fact."""


class StageSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stage as it was asked for or planned."""

    id: str
    ref_id: str
    type: str
    name: str
    requisites: tuple[str, ...] = ()
    context: dict[str, Any] = {}
    owner: Owner | None = None
    start_time_expiry: int | None = None
    #: Data beside the definition, never evaluated.
    given: dict[str, Any] = {}


class ExecutionRequested(Event, frozen=True, kw_only=True, tag="execution.requested"):
    """The request was accepted: sequence 1 of an execution (rule 5)."""

    id: str
    kind: Literal["PIPELINE", "ORCHESTRATION"] = "PIPELINE"
    application: str
    name: str | None = None
    description: str | None = None
    pipeline_config_id: str | None = None
    stages: tuple[StageSpec, ...] = ()
    #: Set when the request itself was bad: the execution fails with this on start.
    failure: str | None = None
    trigger: dict[str, Any] = {}
    user: str = "anonymous"
    origin: str = "unknown"
    authentication: dict[str, Any] = {}
    notifications: tuple[dict[str, Any], ...] = ()
    limit_concurrent: bool = False
    max_concurrent: int = 0
    keep_waiting: bool = False
    start_time_expiry: int | None = None
    source: dict[str, Any] | None = None
    spel_evaluator: str | None = None
    template_variables: dict[str, Any] | None = None
    parent: str | None = None
    parent_stage: str | None = None


class ExecutionTombstoned(Event, frozen=True, kw_only=True, tag="execution.tombstoned"):
    """A cancel came before the request: a later request stays dead (rule 16)."""

    id: str
    user: str = "anonymous"
    reason: str | None = None


class SlotRequested(Event, frozen=True, kw_only=True, tag="slot.requested"):
    """The execution waits for room among its pipeline's executions (rule 17)."""

    pipeline: str
    round: int


class SlotReleased(Event, frozen=True, kw_only=True, tag="slot.released"):
    """The execution gives its place, or its place in the queue, back."""

    pipeline: str
    round: int


class LockRequested(Event, frozen=True, kw_only=True, tag="lock.requested"):
    """A stage needs something for its execution alone; the execution may have it already (rule 17)."""

    stage: str
    key: str
    round: int


class LockTaken(Event, frozen=True, kw_only=True, tag="lock.taken"):
    """The execution has it."""

    key: str


class LockReleased(Event, frozen=True, kw_only=True, tag="lock.released"):
    """No stage of the execution needs it any more."""

    key: str
    round: int


class ExecutionStarted(Event, frozen=True, kw_only=True, tag="execution.started"):
    """The execution runs."""

    round: int = 0
    slot: bool = False


class ExecutionPaused(Event, frozen=True, kw_only=True, tag="execution.paused"):
    """No new work is handed out until it is resumed."""

    user: str


class ExecutionResumed(Event, frozen=True, kw_only=True, tag="execution.resumed"):
    """Work goes on."""

    user: str


class ExecutionCanceled(Event, frozen=True, kw_only=True, tag="execution.canceled"):
    """A cancel was accepted; clean-up may still run."""

    user: str
    reason: str | None = None


class ExecutionFinished(Event, frozen=True, kw_only=True, tag="execution.finished"):
    """The execution has its final status."""

    status: Status
    reason: str | None = None


class StagePlanned(Event, frozen=True, kw_only=True, tag="stage.planned"):
    """The synthetic stages of a phase are known (an empty list is an answer too)."""

    stage: str
    phase: Phase
    stages: tuple[StageSpec, ...] = ()


class StageEvaluating(Event, frozen=True, kw_only=True, tag="stage.evaluating"):
    """The stage is to start, and values from outside are needed first (rule 15)."""

    stage: str
    wanted: tuple[Wanted, ...]


class ValuesArrived(Event, frozen=True, kw_only=True, tag="stage.values"):
    """Values from outside, by the key of the call."""

    stage: str
    values: dict[str, Any]


class StageEvaluated(Event, frozen=True, kw_only=True, tag="stage.evaluated"):
    """Expressions that had no value before have one now."""

    stage: str
    #: The whole context.
    context: dict[str, Any]
    unresolved: tuple[str, ...] = ()


class StageStarted(Event, frozen=True, kw_only=True, tag="stage.started"):
    """The stage runs."""

    stage: str
    #: The tasks it will run, by name.
    tasks: tuple[str, ...] = ()
    #: The context after its expressions were evaluated; None when they changed nothing.
    context: dict[str, Any] | None = None
    #: Its before-stages have to be planned first.
    plan: bool = False
    #: Keys of the definition that hold expressions, as they were written.
    raw: dict[str, Any] = {}
    #: Texts whose expressions have no value yet.
    unresolved: tuple[str, ...] = ()
    fan: FanOut | None = None
    #: It waits for its execution window first.
    window: bool = False


class StagePhase(Event, frozen=True, kw_only=True, tag="stage.phase"):
    """The stages of the next phase have to be planned."""

    stage: str
    phase: Literal["before", "after", "on_failure"]


class StageChanged(Event, frozen=True, kw_only=True, tag="stage.changed"):
    """A person or a program changed the context of a stage."""

    stage: str
    context: dict[str, Any]
    user: str


class StageStopping(Event, frozen=True, kw_only=True, tag="stage.stopping"):
    """The current task is to end this way once its outstanding call is settled."""

    stage: str
    stopping: Stopping


class StageFinished(Event, frozen=True, kw_only=True, tag="stage.finished"):
    """The stage has its final status."""

    stage: str
    status: Status
    exception: dict[str, Any] | None = None
    #: Clean-up follows (its cancel, or an answer that is still out).
    cleaning: bool = False
    #: Outputs of the stage as a whole, such as those of its copies.
    outputs: dict[str, Any] = {}


class StageCleaned(Event, frozen=True, kw_only=True, tag="stage.cleaned"):
    """Clean-up after a halted stage has ended, well or not."""

    stage: str
    error: dict[str, Any] | None = None


class StageRestarted(Event, frozen=True, kw_only=True, tag="stage.restarted"):
    """A stage and everything after it is to run again."""

    stage: str
    #: Ids of all stages that are reset, the restarted one included.
    reset: tuple[str, ...]
    #: Context keys removed, by stage id.
    clears: dict[str, tuple[str, ...]] = {}
    user: str
    #: Context to merge into stages, by id (new preconditions).
    context: dict[str, dict[str, Any]] = {}


class TaskStarted(Event, frozen=True, kw_only=True, tag="task.started"):
    """A task is the current one."""

    stage: str
    task: str


class TaskHandedOut(Event, frozen=True, kw_only=True, tag="task.handed_out"):
    """A worker is asked to do something (rule 8)."""

    stage: str
    handout: HandOut


class TaskProgressed(Event, frozen=True, kw_only=True, tag="task.progressed"):
    """A worker still works on a call, and told something of it. A reader drops what it has seen: the same `number` of an attempt may come again."""

    stage: str
    task: str
    round: int
    attempt: int
    number: int
    lines: tuple[str, ...] = ()
    #: Until when it now has time to answer; None = no longer than before.
    answer_by: int | None = None


class TaskAnswered(Event, frozen=True, kw_only=True, tag="task.answered"):
    """A worker answered and the task goes on: waiting, or to be tried again."""

    stage: str
    #: When to call again; None = when something changes.
    due: int | None = None
    context: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    #: The retryable error, if it was one.
    error: dict[str, Any] | None = None


class TaskFinished(Event, frozen=True, kw_only=True, tag="task.finished"):
    """A task has its final status."""

    stage: str
    task: str
    status: Status
    context: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    exception: dict[str, Any] | None = None


class TasksLooped(Event, frozen=True, kw_only=True, tag="task.looped"):
    """A task sent the stage back to the start of its loop."""

    stage: str
    to: int


class ChildRequested(Event, frozen=True, kw_only=True, tag="child.requested"):
    """A stage asks for another pipeline to be run (accepted in the same transaction)."""

    stage: str
    #: The id the child will have: derived from the effect key, so asked twice it is one execution.
    child: str
    application: str
    pipeline: str
    parameters: dict[str, Any] = {}
    user: str = "anonymous"
    detached: bool = False
    discard_outputs: bool = False


class ChildStarted(Event, frozen=True, kw_only=True, tag="child.started"):
    """The child execution was accepted."""

    stage: str
    child: str
    name: str = ""


class ChildCancelRequested(Event, frozen=True, kw_only=True, tag="child.cancel_requested"):
    """The child is to be cancelled because its parent stage was."""

    stage: str
    child: str
    reason: str


class CommandHandled(Event, frozen=True, kw_only=True, tag="command.handled"):
    """A command had its effect, or was refused for a reason that people can read (rule 7)."""

    id: str
    command: str
    refused: str | None = None


AnyEvent = (
    ExecutionRequested
    | ExecutionTombstoned
    | SlotRequested
    | SlotReleased
    | LockRequested
    | LockTaken
    | LockReleased
    | ExecutionStarted
    | ExecutionPaused
    | ExecutionResumed
    | ExecutionCanceled
    | ExecutionFinished
    | StagePlanned
    | StageEvaluating
    | ValuesArrived
    | StageEvaluated
    | StageStarted
    | StagePhase
    | StageChanged
    | StageStopping
    | StageFinished
    | StageCleaned
    | StageRestarted
    | TaskStarted
    | TaskHandedOut
    | TaskProgressed
    | TaskAnswered
    | TaskFinished
    | TasksLooped
    | ChildRequested
    | ChildStarted
    | ChildCancelRequested
    | CommandHandled
)
