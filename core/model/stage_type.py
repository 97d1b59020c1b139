"""The declaration of a stage type: all the engine knows of a plugin's stage (rule 15).

Separate from the plugin API because the engine must not import what runs the work.
"""

from typing import Any, Literal

from msgspec import Struct

#: What a task does to the world outside, and so what a repeat of it means (rule 10).
Effect = Literal["none", "idempotent", "token", "tagged", "at_least_once", "at_most_once"]


class TaskType(Struct, frozen=True, kw_only=True):
    """One step of a stage type."""

    name: str
    #: Seconds within which one call must be answered before it is handed out again.
    answer_by: float = 60.0
    #: Seconds after which the whole task has timed out; None = no limit of its own.
    timeout: float | None = None
    #: `stageTimeoutMs` of the stage replaces `timeout`.
    overridable: bool = False
    #: Seconds before the next call when the answer was a retryable error.
    backoff: float = 1.0
    #: How many retryable errors in a row are tried again.
    retries: int = 20
    effect: Effect = "idempotent"
    loop_start: bool = False
    loop_end: bool = False


class StageType(Struct, frozen=True, kw_only=True):
    """A stage type as its plugin publishes it at start and the catalogue keeps it."""

    type: str
    #: Cloud provider whose workers run it; empty for a type that belongs to no cloud.
    provider: str = ""
    plugin: str = ""
    version: str = ""
    description: str = ""
    tasks: tuple[TaskType, ...] = ()
    before: bool = False
    after: bool = False
    on_failure: bool = False
    cancel: bool = False
    #: A person may skip it while it runs (context `skippable: true`).
    skippable: bool = False
    #: Bounded under 100 ms: its work may travel in envelopes (rule 12).
    quick: bool = False
    #: Context keys removed when the stage is restarted.
    restart_clears: tuple[str, ...] = ()
    #: Why no stage of this type can run, such as a cloud that lacks what it needs.
    refusal: str = ""
    #: It waits for a person's answer.
    asks: bool = False
    #: Where the context holds bare conditions (an expression without `${}`), as paths: `preconditions.*.context.expression`. The result
    #: stands beside each as `expressionResult`; the text itself is never evaluated as a template.
    conditions: tuple[str, ...] = ()
    #: Key of a list of `{key, value}` whose values are evaluated in order, each seeing those before it.
    sequential: str = ""
    #: Keys that are not evaluated while the context has `skipExpressionEvaluation: true`.
    skips: tuple[str, ...] = ()
    #: Functions for expressions that its plugin brings; only types of `expression.evaluate` have any.
    functions: tuple[str, ...] = ()
    #: JSON Schema of the stage's own fields.
    fields: dict[str, Any] = {}

    @property
    def key(self) -> str:
        """What it is found by in `StageTypes`."""
        return f"{self.type}.{self.provider}" if self.provider else self.type

    @property
    def queue(self) -> str:
        """The name of the queue, and routing key, of this type's work."""
        return f"stage.run.{self.type}.{self.provider}" if self.provider else f"stage.run.{self.type}"


#: The cloud of a stage that names none, as in Spinnaker.
_DEFAULT_PROVIDER = "aws"
#: The stage types that exist, by `type` or `type.provider`.
StageTypes = dict[str, StageType]


def find(types: StageTypes, type_: str, context: dict[str, Any]) -> StageType | None:
    """The declaration of a stage: its cloud provider's where there is one, else the type's own."""
    provider = context.get("cloudProvider") or context.get("cloudProviderType")
    if isinstance(provider, str) and (found := types.get(f"{type_}.{provider}")):
        return found
    return types.get(type_) or (types.get(f"{type_}.{_DEFAULT_PROVIDER}") if provider is None else None)
