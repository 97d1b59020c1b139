"""What a task is given and what it answers with.

Separate from `stage` because a declaration is read once at start, and this is made for every call.
"""

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from gennaker.core.artifacts.visible import expected_by, visible
from gennaker.core.model.messages import ChildRequest, Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.redact import redactor
from gennaker.core.services import Json, Services


class Retryable(Exception):
    """Raised by a task: it went wrong in a way that may pass, so the same call is made again after a back-off."""


class Caller(Protocol):
    """Whoever makes a call, and waits for it."""

    #: Set when the call is to end early: its execution was cancelled, its stage stopped, or this process ends.
    stop: threading.Event

    def progress(self, lines: Sequence[str]) -> None:
        """See `Run.progress`."""


class Run:
    """One call of a task, plan or cancel: what is known of the stage, and the words to answer with."""

    __slots__ = ("_caller", "services", "stop", "work")

    def __init__(self, work: Work, services: Services, caller: Caller | None = None) -> None:
        #: The hand-out as it travelled.
        self.work = work
        #: What the program offers; `services.settings` is the plugin's own section.
        self.services = services
        #: Set when a long call is to end early, as its answer is wanted no more, or another worker is to go on: look at it often.
        self.stop = caller.stop if caller else threading.Event()
        self._caller = caller

    def progress(self, lines: Sequence[str] = ()) -> None:
        """Say that this call still works, and what there is to tell, in the execution's log; it gets its `answer_by` anew.

        For calls that take longer than that: say it several times in each `answer_by`. Lines are made free of secrets here.
        """
        if self._caller is not None:
            self._caller.progress([redactor.text(line) for line in lines])

    @property
    def execution(self) -> str:
        """Id of the execution."""
        return self.work.execution

    @property
    def stage(self) -> str:
        """Id of the stage."""
        return self.work.stage

    @property
    def stage_name(self) -> str:
        """The stage's name, as people gave it."""
        return self.work.stage_name

    @property
    def application(self) -> str:
        """The application that the execution belongs to."""
        return self.work.application

    @property
    def user(self) -> str:
        """Whom the stage runs as."""
        return self.work.user

    @property
    def trigger(self) -> Json:
        """The trigger of the execution, with `parameters`."""
        return self.work.trigger

    @property
    def context(self) -> Json:
        """The stage's context over the outputs of its ancestors, expressions evaluated."""
        return self.work.context

    @property
    def outputs(self) -> Json:
        """The stage's own outputs so far."""
        return self.work.outputs

    @property
    def parts(self) -> tuple[Json, ...]:
        """The outputs of the stage's own before-stages, in their order, those that have none left out: what it is put together from."""
        return self.work.parts

    @property
    def artifacts(self) -> list[Json]:
        """The artifacts that the stage sees, each once: its own, those of the stages before it (nearest first), those of the trigger."""
        work = self.work
        return visible(work.outputs, [work.context, {"artifacts": work.hidden_artifacts}], work.trigger)

    @property
    def expected_artifacts(self) -> list[Json]:
        """The expected artifacts that are bound as the stage sees it, nearest first."""
        hidden = {"resolvedExpectedArtifacts": self.work.hidden_expected}
        return expected_by(self.work.context, [hidden], self.work.trigger)

    @property
    def last_modified(self) -> Json:
        """Who changed the stage last, and when: `{user, allowedAccounts, lastModifiedTime}`; empty when nobody did."""
        return self.work.last_modified or {}

    @property
    def key(self) -> str:
        """The effect key: the same for every repeat of this call, another one after a restart (rule 10)."""
        return self.work.key

    @property
    def again(self) -> bool:
        """The call may have been made before, so its effect may exist already."""
        return self.work.again

    @property
    def attempt(self) -> int:
        """Which call of this task it is, counted by the engine."""
        return self.work.attempt

    @property
    def reason(self) -> str | None:
        """Why the stage is cancelled, in a cancel."""
        return self.work.reason

    @property
    def now(self) -> int:
        """Epoch milliseconds of the engine's clock when the call was handed out."""
        return self.work.at

    @property
    def answer_by(self) -> int:
        """Epoch milliseconds by which the answer must be there, or the call is made again."""
        return self.work.answer_by

    @property
    def seconds_left(self) -> float:
        """Seconds until `answer_by`, at least 0: bound every wait for somebody else by it."""
        return max(0.0, (self.work.answer_by - self.services.clock()) / 1000)

    @property
    def elapsed(self) -> float:
        """Seconds since the task started, pauses left out."""
        return max(0, self.work.at - self.work.task_start - self.work.task_paused) / 1000

    @property
    def stage_elapsed(self) -> float:
        """Seconds since the stage started, pauses left out."""
        return max(0, self.work.at - self.work.stage_start - self.work.paused) / 1000

    def succeeded(self, context: Json | None = None, outputs: Json | None = None) -> Outcome:
        """The task is done; `context` is merged into the stage's, `outputs` are what later stages see."""
        return Outcome(status=Status.SUCCEEDED, context=context or {}, outputs=outputs or {})

    def running(
        self, *, again_in: float | None = None, context: Json | None = None, outputs: Json | None = None
    ) -> Outcome:
        """Not done yet: call again in so many seconds, or earlier when someone changes the stage. None = only then."""
        return Outcome(status=Status.RUNNING, again_in=again_in, context=context or {}, outputs=outputs or {})

    def skipped(self) -> Outcome:
        """There is nothing to do for this stage."""
        return Outcome(status=Status.SKIPPED)

    def redirect(self) -> Outcome:
        """Go back to the task that starts the loop."""
        return Outcome(status=Status.REDIRECT)

    def lock(self, key: str, context: Json | None = None) -> Outcome:
        """Go on once the execution has something to itself, such as a cluster; it is given back when this stage has ended.

        Stages of one execution share it. Waiting counts against the task's limit.
        """
        return Outcome(status=Status.RUNNING, lock=key, context=context or {})

    def failed(
        self, message: str, *, retryable: bool = False, details: Json | None = None, context: Json | None = None
    ) -> Outcome:
        """The task failed; with `retryable` the call is made again after the task's back-off, as often as it allows."""
        error = exception_json(self.work, "TaskFailed", message, retryable=retryable, details=details)
        return Outcome(status=Status.TERMINAL, error=error, retryable=retryable, context=context or {})

    def child(
        self,
        application: str,
        pipeline: str,
        parameters: Json | None = None,
        *,
        detached: bool = False,
        discard_outputs: bool = False,
    ) -> Outcome:
        """Run another pipeline (by id or name). The engine ends the task when the child ends, or was accepted if `detached`."""
        request = ChildRequest(
            application=application,
            pipeline=pipeline,
            parameters=parameters or {},
            detached=detached,
            discard_outputs=discard_outputs,
        )
        return Outcome(status=Status.RUNNING, child=request)


def exception_json(
    work: Work,
    exception_type: str,
    message: str,
    *,
    retryable: bool = False,
    details: Json | None = None,
    stack_trace: str = "",
) -> dict[str, Any]:
    """An error in the shape that Spinnaker puts at `context.exception`, without secrets."""
    message = redactor.text(message)
    inner: dict[str, Any] = {"error": message, "errors": [message]}
    if stack_trace:
        inner["stackTrace"] = redactor.text(stack_trace)
    return {
        "timestamp": work.at,
        "exceptionType": exception_type,
        "operation": work.name,
        "details": {**inner, **(details or {})},
        "shouldRetry": retryable,
    }
