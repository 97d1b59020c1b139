"""One call of a stage type's code: from a hand-out to its outcome, whatever the code does.

Separate because the worker and the test kit must treat an author's code in exactly the same way.
"""

import traceback
from typing import Any

from gennaker.core.cloud.provider import CloudError
from gennaker.core.errors import GennakerError, Unavailable
from gennaker.core.log import about
from gennaker.core.lookups import Lookup
from gennaker.core.model.messages import Outcome
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.outbound import CallFailed
from gennaker.core.run import Caller, Retryable, Run, exception_json
from gennaker.core.services import Services
from gennaker.core.stage import PHASES, Stage


def call(stage: type[Stage], work: Work, services: Services, caller: Caller | None = None) -> Outcome:
    """Run what the hand-out asks for. Never raises: whatever the code raises, SystemExit included, is a failed outcome.

    An error of the program's own tree is an answer and brings no traceback. `Retryable`, `Unavailable` and a call without an answer give a retryable one (rule 11: the engine is the one retry layer for work).
    """
    try:
        with about(execution=work.execution, stage=work.stage):
            return _made(stage, work, Run(work, services, caller))
    except BaseException as error:
        message = str(error) or type(error).__name__
        expected = isinstance(error, GennakerError | Retryable)
        trace = "" if expected else "".join(traceback.format_exception(error))
        retryable = isinstance(error, Retryable | Unavailable) or (
            isinstance(error, CallFailed | CloudError) and error.retryable
        )
        return failure(work, type(error).__name__, message, retryable=retryable, stack_trace=trace)


def _made(stage: type[Stage], work: Work, run: Run) -> Outcome:
    if work.kind == "task":
        return _task(stage, work, run)
    if work.kind == "plan":
        return _plan(stage, work, run)
    if work.kind == "evaluate" and issubclass(stage, Lookup):
        return stage({}, "").look_up(run)
    if work.kind == "cancel" and (method := getattr(stage, "cancel", None)) is not None:
        answer = method(_read(stage, work), run)
        return Outcome(status=Status.SUCCEEDED) if answer is None else _checked(work, answer)
    return failure(work, "UnknownWork", f"stage type {work.type!r} has nothing to do for {work.kind} {work.name!r}")


def failure(
    work: Work, exception_type: str, message: str, *, retryable: bool = False, stack_trace: str = ""
) -> Outcome:
    """A failed outcome with the error in Spinnaker's shape."""
    error = exception_json(work, exception_type, message, retryable=retryable, stack_trace=stack_trace)
    return Outcome(status=Status.TERMINAL, error=error, retryable=retryable)


def _task(stage: type[Stage], work: Work, run: Run) -> Outcome:
    known = stage.tasks.get(work.name)
    if known is None:
        names = ", ".join(stage.tasks) or "none"
        return failure(work, "UnknownTask", f"stage type {work.type!r} has no task {work.name!r}; it has {names}")
    declared, method = known
    if work.again and declared.effect == "at_most_once":
        message = "outcome unknown: the call may have been made before, and it must not be made twice"
        return failure(work, "OutcomeUnknown", message)
    return _checked(work, method(_read(stage, work), run))


def _plan(stage: type[Stage], work: Work, run: Run) -> Outcome:
    method = getattr(stage, work.name, None) if work.name in PHASES else None
    if method is None:
        return failure(work, "UnknownPhase", f"stage type {work.type!r} plans no stages {work.name!r}")
    planned = method(_read(stage, work), run)
    if not isinstance(planned, list | tuple) or not all(isinstance(one, dict) and one.get("type") for one in planned):
        message = f"{work.name} of stage type {work.type!r} answered {_shown(planned)}, expected a list of stages with a `type`"
        return failure(work, "WrongAnswer", message)
    return Outcome(status=Status.SUCCEEDED, stages=tuple(planned))


def _read(stage: type[Stage], work: Work) -> Stage:
    return stage(work.context, f"stage {work.stage_name or work.ref_id!r} (type {work.type})")


def _checked(work: Work, answer: Any) -> Outcome:
    if isinstance(answer, Outcome):
        return answer
    message = f"{work.name} of stage type {work.type!r} answered {_shown(answer)}, expected what `run.succeeded()`, `run.running()` … give"
    return failure(work, "WrongAnswer", message)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
