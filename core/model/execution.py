"""An execution, its stages and tasks, as the fold of events left them.

Separate from `events` because this is state, and may be thrown away and folded again. Times are epoch milliseconds.
"""

from typing import Any, Literal

from msgspec import Struct

from gennaker.core.model.status import Status

Phase = Literal["window", "before", "after", "on_failure"]
#: What is asked of a worker: a task's call, the stages of a phase, a cancel, an expression that looks outside.
Kind = Literal["task", "plan", "cancel", "evaluate"]
Owner = Literal["STAGE_BEFORE", "STAGE_AFTER"]

#: The version of the fold: a snapshot of another one is ignored and rebuilt (rule 22).
FOLD_VERSION = 2


class HandOut(Struct, frozen=True, kw_only=True):
    """Work that a worker owes an answer to; state with a deadline, not a message in flight (rule 8)."""

    kind: Kind
    #: The task's name, or the phase that is planned.
    name: str
    #: Grows with each call; an answer to another one is late.
    attempt: int
    #: How often this attempt was sent.
    sends: int
    #: The call may have been made before.
    again: bool
    at: int
    answer_by: int


class Task(Struct, frozen=True, kw_only=True):
    """One step of a stage."""

    name: str
    status: Status = Status.NOT_STARTED
    start_time: int | None = None
    end_time: int | None = None
    exception: dict[str, Any] | None = None
    #: Milliseconds its stage had been paused when it started.
    paused_before: int = 0


class Stopping(Struct, frozen=True, kw_only=True):
    """A running task is to end so as soon as its outstanding call is answered or given up (rule 16)."""

    status: Status
    reason: str
    exception: dict[str, Any] | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """A call in an expression that must look outside: handed out, and its value arrives by event (rule 15)."""

    #: The function's name without `#`, such as `fromUrl`.
    function: str
    arguments: tuple[Any, ...] = ()
    #: What its value is kept under: function and arguments as canonical JSON.
    key: str


class FanOut(Struct, frozen=True, kw_only=True):
    """A stage that runs once for each item of a list: its copies are its before-stages."""

    #: The name under which a copy sees its item.
    name: str
    items: tuple[Any, ...]
    #: How many copies may run at once; 0 = all.
    limit: int = 0


class Lock(Struct, frozen=True, kw_only=True):
    """Something that only one execution may have at a time, such as a cluster."""

    #: Which request of this execution it is: a grant of another one is late.
    round: int
    held: bool = False


class Child(Struct, frozen=True, kw_only=True):
    """The child execution that a stage asked for."""

    id: str
    application: str
    #: Id or name of the pipeline.
    pipeline: str
    parameters: dict[str, Any] = {}
    #: The task ends when the child was accepted.
    detached: bool = False
    #: The child's outputs do not become the stage's.
    discard_outputs: bool = False


class Stage(Struct, frozen=True, kw_only=True):
    """A stage of an execution."""

    id: str
    ref_id: str
    type: str
    name: str
    requisites: tuple[str, ...] = ()
    status: Status = Status.NOT_STARTED
    context: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    tasks: tuple[Task, ...] = ()
    start_time: int | None = None
    end_time: int | None = None
    start_time_expiry: int | None = None
    parent: str | None = None
    owner: Owner | None = None
    #: The phase of its parent that it belongs to.
    part: Phase | None = None
    #: Ids of its synthetic stages, in order.
    children: tuple[str, ...] = ()
    #: Phases whose synthetic stages are known.
    planned: tuple[Phase, ...] = ()
    #: The phase that runs.
    phase: Literal["evaluate", "window", "before", "tasks", "after", "on_failure"] = "before"
    #: Index of the current task while `phase` is tasks.
    task: int = 0
    #: Grows on restart and loop only: part of the effect key (rule 10).
    round: int = 0
    #: Calls answered so far by the current task, plan or cancel.
    attempts: int = 0
    #: Retryable errors in a row.
    failures: int = 0
    handout: HandOut | None = None
    #: Its context was changed since the last call was handed out.
    changed: bool = False
    #: When the next call is due, while nothing is handed out; None = woken by a change or a child only.
    due: int | None = None
    stopping: Stopping | None = None
    #: A halted stage is cleaning up: its cancel is still to be handed out or answered.
    cleaning: bool = False
    child: Child | None = None
    #: The lock that it asked for, until it ends.
    lock: str = ""
    #: It waits for that lock.
    locking: bool = False
    #: Keys of the definition that hold expressions, as they were written: what a restart begins with.
    raw: dict[str, Any] = {}
    #: Texts of the definition whose expressions have no value yet; nothing else in the context is ever evaluated.
    unresolved: tuple[str, ...] = ()
    #: Calls in its expressions that must look outside first.
    wanted: tuple[Wanted, ...] = ()
    #: What such calls gave, by their key: `{"value": …}` or `{"error": …}`.
    values: dict[str, Any] = {}
    fan: FanOut | None = None
    #: What a copy of a fan-out is given beside its definition: data, never evaluated.
    given: dict[str, Any] = {}
    #: Milliseconds this stage was paused since it started.
    paused: int = 0
    last_modified: dict[str, Any] | None = None


class Execution(Struct, frozen=True, kw_only=True):
    """One run of a pipeline, or an ad-hoc orchestration."""

    id: str
    kind: Literal["PIPELINE", "ORCHESTRATION"] = "PIPELINE"
    application: str = ""
    name: str | None = None
    description: str | None = None
    pipeline_config_id: str | None = None
    status: Status = Status.NOT_STARTED
    build_time: int = 0
    start_time: int | None = None
    end_time: int | None = None
    start_time_expiry: int | None = None
    canceled: bool = False
    canceled_by: str | None = None
    cancellation_reason: str | None = None
    limit_concurrent: bool = False
    max_concurrent: int = 0
    keep_waiting: bool = False
    stages: dict[str, Stage] = {}
    #: Stage id to the ids of the stages that require it (top level only).
    downstream: dict[str, tuple[str, ...]] = {}
    #: Ids of stages that run, wait for an answer or clean up, in the order they began.
    active: tuple[str, ...] = ()
    trigger: dict[str, Any] = {}
    user: str = "anonymous"
    origin: str = "unknown"
    authentication: dict[str, Any] = {}
    notifications: tuple[dict[str, Any], ...] = ()
    source: dict[str, Any] | None = None
    spel_evaluator: str | None = None
    template_variables: dict[str, Any] | None = None
    paused: dict[str, Any] | None = None
    #: Waiting for, or holding, a slot of its pipeline (rule 17).
    slot: Literal["", "waiting", "held"] = ""
    #: Locks that its stages hold or wait for, by key.
    locks: dict[str, Lock] = {}
    #: How many locks it has asked for.
    lock_count: int = 0
    #: Grows each time a finished execution starts again.
    round: int = 0
    #: Parent execution and stage when a pipeline stage started this one.
    parent: str | None = None
    parent_stage: str | None = None
    #: Top-level and synthetic stages in all, whatever was removed since: the source of new stage ids.
    stage_count: int = 0
    #: Sequence of the last event folded in.
    sequence: int = 0
    #: The last stamp: time never goes back within an execution (rule 14).
    stamp: int = 0
    #: The last commands handled, by id, each with the reason it was refused or "" (rule 7).
    handled: dict[str, str] = {}

    def top_level(self) -> list[Stage]:
        """The pipeline's own stages, in the order of the definition."""
        return [stage for stage in self.stages.values() if stage.parent is None]
