"""Runs a pipeline with the real engine and an author's stage code, on a virtual clock, in one thread.

Separate from the daemon because it has neither database nor bus: a test of a stage takes a millisecond, a wait of a week no longer.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from gennaker.core.call import call
from gennaker.core.engine.apply import apply
from gennaker.core.engine.deadlines import due_at
from gennaker.core.engine.decide import advance
from gennaker.core.engine.requests import accept_pipeline
from gennaker.core.engine.work import carrier, work_for
from gennaker.core.lookups import StandardLookup
from gennaker.core.model import events as e
from gennaker.core.model import messages as m
from gennaker.core.model.execution import Execution
from gennaker.core.model.execution import Stage as StageState
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.model.status import Status
from gennaker.core.model.work import Work
from gennaker.core.services import Json, Services
from gennaker.core.stage import Stage, declaration, key_of
from gennaker.core.testing.clock import Clock
from gennaker.core.testing.trouble import Fate, Trouble
from gennaker.core.testing.web import FakeHttp

_A_MONTH_S = 30 * 24 * 3600.0
_REPLY = msgspec.json.Decoder(m.Reply)


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """A call of stage code that was made."""

    work: Work
    outcome: m.Outcome
    #: Seconds of real time.
    took: float


class Rig:
    """One pipeline at a time, as execution `id_`. `http` is a FakeHttp unless the services bring their own; `settings` are the plugin's."""

    def __init__(
        self,
        *stages: type[Stage],
        services: Services | None = None,
        settings: Any = None,
        trouble: Trouble | None = None,
        id_: str = "TEST",
    ) -> None:
        self.clock = Clock()
        self.http = FakeHttp()
        #: Calls that were made, in order.
        self.called: list[Called] = []
        #: What calls told of themselves (`run.progress`), line by line.
        self.told: list[str] = []
        #: Set it to have calls end early (`run.stop`).
        self.stop = threading.Event()
        #: How children end, by the pipeline that a stage asks for; SUCCEEDED without outputs otherwise.
        self.children: dict[str, tuple[Status, Json]] = {}
        all_stages: list[type[Stage]] = [StandardLookup, *stages]
        self._stages = {key_of(stage): stage for stage in all_stages}
        self._types: StageTypes = {key: declaration(stage, "test", "0") for key, stage in self._stages.items()}
        given = services or Services(settings=settings)
        self._services = replace(given, clock=self.clock, http=given.http or self.http)
        self._fate = Fate(trouble or Trouble())
        self._id = id_
        self._under_way: list[Work | m.AnyMessage] = []
        self._execution: Execution | None = None

    @property
    def execution(self) -> Execution:
        """The execution as it is now. Raises RuntimeError before `start`."""
        if self._execution is None:
            raise RuntimeError("nothing was started: call start() or run() with a pipeline first")
        return self._execution

    def stage(self, name: str) -> StageState:
        """A stage by its name. Raises KeyError."""
        found = [stage for stage in self.execution.stages.values() if stage.name == name]
        if not found:
            raise KeyError(f"no stage is called {name!r}; there are {[s.name for s in self.execution.stages.values()]}")
        return found[0]

    def start(self, pipeline: Json | Sequence[Json], parameters: Json | None = None) -> None:
        """Begin a pipeline, or stages that follow one another. Raises InvalidRequest."""
        if not isinstance(pipeline, dict):
            pipeline = {"stages": [dict(stage) for stage in pipeline]}
        whole = {"application": "test", "name": "test", **pipeline}
        request = accept_pipeline(
            whole, {"parameters": parameters or {}}, id_=self._id, now=self.clock(), user="tester"
        )
        self._under_way.clear()
        self._execution = apply(None, request, self.clock())
        self._tell(m.Begin())

    def run(
        self,
        pipeline: Json | Sequence[Json] | None = None,
        *,
        parameters: Json | None = None,
        seconds: float = _A_MONTH_S,
    ) -> Execution:
        """Go on (with a new pipeline if one is given) until it has ended, waits for a person, or so much virtual time has passed."""
        if pipeline is not None:
            self.start(pipeline, parameters)
        until = self.clock() + round(seconds * 1000)
        while self._step(until):
            pass
        return self.execution

    def progress(self, lines: Sequence[str]) -> None:
        """What a call tells of itself; see `gennaker.core.run.Caller`."""
        self.told += lines

    def patch(self, name: str, **context: Any) -> None:
        """Change the context of a stage, as a person would."""
        self._tell(m.Patch(user="tester", stage=self.stage(name).id, context=context))

    def cancel(self, reason: str = "test") -> None:
        """Cancel the execution, as a person would."""
        self._tell(m.Cancel(user="tester", reason=reason))

    def _step(self, until: int) -> bool:
        if self._under_way:
            self._arrive(self._under_way.pop(self._fate.next_of(len(self._under_way))))
            return True
        due = due_at(self.execution, self._types)
        if due is None or due > until:
            if due is not None:
                self.clock.reach(until)
            return False
        self.clock.reach(due)
        self._tell(m.Tick())
        return True

    def _arrive(self, item: Work | m.AnyMessage) -> None:
        if not isinstance(item, Work):
            self._tell(item)
            return
        attempt = (item.stage, item.kind, item.name, item.round, item.attempt)
        if self._fate.lost(attempt):
            return
        replies = [self._call(item)]
        if self._fate.duplicated():
            replies.append(self._call(replace(item, again=True)))
        if not self._fate.crashed(attempt):
            self._under_way.extend(replies)

    def _call(self, work: Work) -> m.Reply:
        stage = self._stages[f"{work.type}.{work.provider}" if work.provider else work.type]
        began = time.perf_counter()
        outcome = call(stage, work, self._services, self)
        self.called.append(Called(work=work, outcome=outcome, took=time.perf_counter() - began))
        reply = m.Reply(
            stage=work.stage, kind=work.kind, name=work.name, round=work.round, attempt=work.attempt, outcome=outcome
        )
        return _REPLY.decode(msgspec.json.encode(reply))

    def _tell(self, message: m.AnyMessage) -> None:
        self._execution, events = advance(self.execution, message, self.clock(), self._types)
        for event in events:
            match event:
                case e.TaskHandedOut():
                    self._hand_out(event.stage)
                case e.LockRequested():
                    self._under_way.append(m.LockGranted(key=event.key, round=event.round))
                case e.SlotRequested():
                    self._under_way.append(m.Granted(round=event.round))
                case e.LockRequested():
                    self._under_way.append(m.LockGranted(key=event.key, round=event.round))
                case e.ChildRequested():
                    status, outputs = self.children.get(event.pipeline, (Status.SUCCEEDED, {}))
                    self._under_way.append(m.ChildAccepted(stage=event.stage, child=event.child, name=event.pipeline))
                    ended = m.ChildEnded(stage=event.stage, child=event.child, status=status, outputs=outputs)
                    self._under_way.append(ended)

    def _hand_out(self, id_: str) -> None:
        stage = self.execution.stages[id_]
        type_ = carrier(self._types, stage)
        if stage.handout is not None:
            self._under_way.append(work_for(self.execution, stage, type_, 0))
