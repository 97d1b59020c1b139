"""Stage types that note every call in a file: the outside world of the kill tests, with a service that honours effect keys.

A plugin: the tests copy it into `plugins.d` of each daemon. Separate processes append whole lines to one file, so that the order of
its lines is the order of what happened.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gennaker.bus.event import Event
from gennaker.core.fields import field
from gennaker.core.hookspecs import Subscription, hookimpl
from gennaker.core.stage import Outcome, Retryable, Run, Stage, task

_FOLDER = Path(os.environ["RECORDER_FOLDER"])
#: Seconds for one call. A worker that is killed holds its work no longer than that even where nobody notices its death.
_ANSWER_BY = 8.0


def note(file: str, **line: Any) -> None:
    """Append one line, whole or not at all; a killed process keeps what it has written."""
    handle = os.open(_FOLDER / file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
    finally:
        os.close(handle)


def effect(run: Run, seconds: float = 0.0) -> None:
    """Find or create what the effect key names; each call is noted when it begins and when the effect is there."""
    work = run.work
    note(
        "calls",
        what="began",
        key=run.key,
        again=run.again,
        execution=run.execution,
        stage=run.stage,
        kind=work.kind,
        name=work.name,
        round=work.round,
        attempt=run.attempt,
        pid=os.getpid(),
        at=time.time_ns() // 1_000_000,
    )
    time.sleep(seconds / 2)
    try:
        os.close(os.open(_FOLDER / "effects" / run.key.replace("/", "~"), os.O_CREAT | os.O_EXCL))
        what = "performed"
    except FileExistsError:
        what = "found"
    note("calls", what=what, key=run.key, again=run.again, pid=os.getpid())
    time.sleep(seconds / 2)


class Quick(Stage, type="quick", quick=True):
    """Two short tasks."""

    @task(answer_by=_ANSWER_BY)
    def first(self, run: Run) -> Outcome:
        """An effect and an output."""
        effect(run)
        return run.succeeded(outputs={"quick": run.key})

    @task(answer_by=_ANSWER_BY)
    def second(self, run: Run) -> Outcome:
        """An effect."""
        effect(run)
        return run.succeeded()


class Slow(Stage, type="slow"):
    """Two tasks that take their time."""

    seconds: float = field("seconds", "seconds that each task takes", default=0.2)

    @task(answer_by=_ANSWER_BY)
    def prepare(self, run: Run) -> Outcome:
        """An effect in the middle of the time."""
        effect(run, self.seconds)
        return run.succeeded(context={"prepared": True})

    @task(answer_by=_ANSWER_BY)
    def go(self, run: Run) -> Outcome:
        """An effect in the middle of the time, when the task before is done."""
        if not run.context.get("prepared"):
            return run.failed("this task came before the one that prepares it")
        effect(run, self.seconds)
        return run.succeeded()


class Flaky(Stage, type="flaky"):
    """Fails some times in a way that passes."""

    errors: int = field("errors", "how many calls fail", default=2)

    @task(answer_by=_ANSWER_BY, backoff=0.05, retries=6)
    def go(self, run: Run) -> Outcome:
        """A retryable error while calls are few."""
        effect(run)
        if run.attempt <= self.errors:
            raise Retryable("not yet")
        return run.succeeded()


class Poll(Stage, type="poll"):
    """Waits for something, and cleans up when it is cancelled."""

    seconds: float = field("seconds", "seconds until it is there", default=0.5)

    @task(answer_by=_ANSWER_BY)
    def begin(self, run: Run) -> Outcome:
        """Ask for it."""
        effect(run)
        return run.succeeded(context={"asked": run.key})

    @task(answer_by=_ANSWER_BY)
    def watch(self, run: Run) -> Outcome:
        """Look every tenth of a second."""
        effect(run)
        if run.elapsed < self.seconds:
            return run.running(again_in=0.1)
        return run.succeeded()

    def cancel(self, run: Run) -> None:
        """Take it back."""
        effect(run)


class Around(Stage, type="around"):
    """Has stages before and after it, and others when it fails."""

    fails: bool = field("fails", "whether the task fails", default=False)

    @task(answer_by=_ANSWER_BY)
    def go(self, run: Run) -> Outcome:
        """An effect that may come to nothing."""
        effect(run)
        return run.failed("as it was told to") if self.fails else run.succeeded()

    def before(self, run: Run) -> list[dict[str, Any]]:
        """Two, one after the other."""
        effect(run)
        return [{"type": "quick", "name": "one"}, {"type": "slow", "name": "two", "seconds": 0.05}]

    def after(self, run: Run) -> list[dict[str, Any]]:
        """One."""
        effect(run)
        return [{"type": "quick", "name": "three"}]

    def on_failure(self, run: Run) -> list[dict[str, Any]]:
        """One."""
        effect(run)
        return [{"type": "slow", "name": "repair", "seconds": 0.05}]


class Failing(Stage, type="failing"):
    """Fails for good; what follows is up to the stage's failure options."""

    @task(answer_by=_ANSWER_BY)
    def go(self, run: Run) -> Outcome:
        """An effect, and a failure."""
        effect(run)
        return run.failed("as it was told to")


class Loop(Stage, type="loop", quick=True):
    """Goes round three times; each round is an effect of its own."""

    @task(answer_by=_ANSWER_BY, loop_start=True)
    def head(self, run: Run) -> Outcome:
        """An effect per round."""
        effect(run)
        return run.succeeded(context={"turns": int(run.context.get("turns", 0)) + 1})

    @task(answer_by=_ANSWER_BY, loop_end=True)
    def tail(self, run: Run) -> Outcome:
        """Back to the head, twice."""
        effect(run)
        return run.redirect() if int(run.context["turns"]) % 3 else run.succeeded()


class Once(Stage, type="once"):
    """Does what must not be done twice."""

    @task(answer_by=_ANSWER_BY, effect="at_most_once")
    def go(self, run: Run) -> Outcome:
        """Only a call that was surely not made before comes here."""
        effect(run, 0.1)
        return run.succeeded()


@hookimpl
def gennaker_stages() -> Sequence[type[Stage]]:
    """All of the above."""
    return [Quick, Slow, Flaky, Poll, Around, Failing, Loop, Once]


@hookimpl
def gennaker_subscriptions() -> Sequence[Subscription]:
    """What is told about whole executions."""
    return [Subscription(queue="facts", patterns=("execution.*",), handler=_fact)]


def _fact(event: Event) -> None:
    note("facts", id=event.id, type=event.type, pid=os.getpid())
