"""The message that hands work to a plugin's worker, complete in itself: a worker has no database.

Separate from `messages` because it travels outwards; the answer is a `Reply`.
"""

from typing import Any

from msgspec import Struct

from gennaker.core.model.execution import Kind, Wanted

#: CloudEvent types on the wire.
WORK_TYPE = "stage.run"
REPLY_TYPE = "stage.answered"
PROGRESS_TYPE = "stage.progressed"
#: The stage type whose workers look outside for expressions; a plugin's functions are its providers (rule 15).
LOOKUP_TYPE = "expression.evaluate"


class Work(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a stage type's code. Times are epoch milliseconds of the owner's clock (rule 14)."""

    execution: str
    stage: str
    kind: Kind
    #: Task name; phase for a plan; "cancel" for a cancel.
    name: str
    round: int
    attempt: int
    #: The call may have been made before: an effect may exist already (rule 10).
    again: bool = False
    #: The effect key: the same for every repeat, another one only after a restart or in a loop.
    key: str
    at: int
    answer_by: int
    #: After this instant the work is dropped with the answer `expired` (rule 16).
    not_after: int
    #: Shard whose results queue takes the answer.
    shard: int
    #: Stage type and provider.
    type: str
    provider: str = ""
    application: str = ""
    execution_name: str | None = None
    execution_kind: str = "PIPELINE"
    user: str = "anonymous"
    trigger: dict[str, Any] = {}
    stage_name: str = ""
    ref_id: str = ""
    #: The stage's context over the outputs of its ancestors (nearest first).
    context: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    #: What the stage's own before-stages have given, in their order; for a task.
    parts: tuple[dict[str, Any], ...] = ()
    #: `artifacts` and `resolvedExpectedArtifacts` of the stages before it, nearest first, that its context hides.
    hidden_artifacts: tuple[dict[str, Any], ...] = ()
    hidden_expected: tuple[dict[str, Any], ...] = ()
    stage_start: int = 0
    task_start: int = 0
    #: Milliseconds paused since the stage started.
    paused: int = 0
    #: Of these, since the task started.
    task_paused: int = 0
    last_modified: dict[str, Any] | None = None
    #: Calls in expressions whose values are asked for.
    wanted: tuple[Wanted, ...] = ()
    #: Why the stage is cancelled, for a cancel.
    reason: str | None = None


def results_queue(shard: int) -> str:
    """The queue of the answers to a shard's work."""
    return f"results.{shard}"
