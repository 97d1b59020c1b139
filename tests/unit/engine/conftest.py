"""Drives one execution through the engine: tell it something, look at what came of it."""

from typing import Any

import pytest

from gennaker.core.engine.apply import fold
from gennaker.core.engine.deadlines import due_at
from gennaker.core.engine.decide import advance
from gennaker.core.engine.explain import explain
from gennaker.core.engine.requests import accept_pipeline, accept_task
from gennaker.core.model import messages as m
from gennaker.core.model.events import AnyEvent
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.stage_type import StageType, StageTypes, TaskType
from gennaker.core.model.status import Status

TYPES: StageTypes = {
    each.type: each
    for each in (
        StageType(type="go", tasks=(TaskType(name="go"),)),
        StageType(type="two", tasks=(TaskType(name="first"), TaskType(name="second"))),
        StageType(
            type="loop", tasks=(TaskType(name="head"), TaskType(name="body", loop_start=True), TaskType(name="tail"))
        ),
        StageType(type="poll", tasks=(TaskType(name="poll", timeout=100, overridable=True, retries=2, backoff=1.0),)),
        StageType(type="clean", tasks=(TaskType(name="go"),), cancel=True, restart_clears=("made",)),
        StageType(type="rich", tasks=(TaskType(name="go"),), before=True, after=True, on_failure=True),
        StageType(type="skip", tasks=(TaskType(name="go"),), skippable=True),
        StageType(type="empty"),
        StageType(type="go", provider="sky", tasks=(TaskType(name="fly"),)),
    )
}
TYPES["go.sky"] = TYPES.pop("go")
TYPES["go"] = StageType(type="go", tasks=(TaskType(name="go"),))


class Driver:
    """One execution. After each message the fold of the facts is compared with the state that was decided."""

    types = TYPES

    def __init__(self) -> None:
        self.now = 1_000_000
        self.x: Execution | None = None
        self.events: list[AnyEvent] = []
        self._commands = 0

    def begin(self, *stages: dict[str, Any], trigger: dict[str, Any] | None = None, **pipeline: Any) -> "Driver":
        """Accept a pipeline and start it."""
        whole = {"application": "app", "name": "p", "stages": list(stages), **pipeline}
        event = accept_pipeline(whole, trigger or {}, id_="E", now=self.now, user="ann")
        self.x = fold(None, (event,), self.now)
        self.tell(m.Begin())
        return self

    def begin_task(self, *jobs: dict[str, Any]) -> "Driver":
        """Accept an ad-hoc orchestration and start it."""
        event = accept_task({"application": "app", "job": list(jobs)}, id_="E", now=self.now, user="ann")
        self.x = fold(None, (event,), self.now)
        self.tell(m.Begin())
        return self

    def tell(self, message: m.AnyMessage) -> list[str]:
        """The names of the facts that a message led to."""
        before = self.x
        self.x, events = advance(before, message, self.now, TYPES)
        if events:
            assert fold(before, events, self.x.stamp) == self.x  # type: ignore[union-attr]
        self.events += events
        return [type(event).__name__ for event in events]

    def command(self, type_: type[m.Command], **fields: Any) -> str:
        """Send a command; the reason it was refused, or the empty text."""
        self._commands += 1
        message = type_(id=f"c{self._commands}", user="bob", **fields)
        self.tell(message)
        assert self.x is not None
        return self.x.handled[message.id]

    def answer(self, ref: str, status: Status | str = Status.SUCCEEDED, **outcome: Any) -> list[str]:
        """Answer what is handed out for a stage."""
        stage = self.stage(ref)
        handout = stage.handout
        assert handout is not None, f"nothing is handed out for {ref}"
        reply = m.Reply(
            stage=stage.id,
            kind=handout.kind,
            name=handout.name,
            round=stage.round,
            attempt=handout.attempt,
            outcome=m.Outcome(status=Status(status), **outcome),
        )
        return self.tell(reply)

    def later(self, seconds: float) -> list[str]:
        """Let time pass, then tick."""
        self.now += round(seconds * 1000)
        return self.tell(m.Tick())

    def stage(self, ref: str) -> Stage:
        """A stage by its refId."""
        assert self.x is not None
        return next(stage for stage in self.x.stages.values() if stage.ref_id == ref)

    def status(self, ref: str = "") -> str:
        """The status of a stage, or of the execution."""
        assert self.x is not None
        return str(self.stage(ref).status if ref else self.x.status)

    def out(self) -> list[str]:
        """What is handed out, as `ref:name`."""
        assert self.x is not None
        return [f"{s.ref_id}:{s.handout.name}" for s in self.x.stages.values() if s.handout is not None]

    @property
    def due(self) -> float | None:
        """Seconds until the execution has to be looked at."""
        assert self.x is not None
        at = due_at(self.x, TYPES)
        return None if at is None else (at - self.now) / 1000

    @property
    def why(self) -> str:
        """What it waits for."""
        assert self.x is not None
        return explain(self.x, self.now, TYPES)


@pytest.fixture
def run() -> Driver:
    """An execution to drive."""
    return Driver()


@pytest.fixture
def stage() -> Any:
    """Makes a stage's JSON: `stage("2", "1", type="go")` is stage 2 after stage 1."""

    def make(ref: str, *needs: str, type: str = "go", **context: Any) -> dict[str, Any]:
        return {"refId": ref, "requisiteStageRefIds": list(needs), "type": type, **context}

    return make
