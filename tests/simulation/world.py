"""A world in virtual time: engine, store, bus, workers and people, all driven by one seed.

The seed decides delays, duplicates, reorders, losses and crashes at every point where a crash is possible.
"""

import heapq
import random
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from simulation.invariants import check_change, check_end, check_limits, check_waiting
from simulation.outside import TYPES, Service, Worker
from simulation.store import Store

from gennaker.core.engine.deadlines import due_at
from gennaker.core.engine.requests import accept_pipeline
from gennaker.core.engine.work import carrier, work_for
from gennaker.core.model import messages as m
from gennaker.core.model.execution import Execution
from gennaker.core.model.work import Work
from gennaker.core.runtime import outgoing
from gennaker.core.runtime.decisions import Decisions, Item, decide_all
from gennaker.core.store.commands import Told

_END = 12 * 3600 * 1000


class Crash(Exception):
    """The engine's process dies here."""


class World:
    """Everything there is, until every execution has ended."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.durable = self.rng.random() < 0.5
        self.crashing = self.rng.choice((0.0, 0.01, 0.05))
        self.now = 1_700_000_000_000
        self.store = Store()
        self.service = Service()
        self.worker = Worker(self.rng, self.service)
        self.warm: dict[str, Execution] = {}
        self.inbox: list[Item] = []
        self.pipelines = [self._pipeline(i) for i in range(3)]
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = 0
        self._life = 0
        self._began = self.now
        self.commands = 0

    def run(self) -> None:
        """Let it all happen, then check how it ended."""
        self._take_over()
        for i in range(self.rng.randrange(1, 5)):
            self._later(self.rng.randrange(3000), lambda i=i: self._accept(f"E{i}"))
        for _ in range(self.rng.randrange(5)):
            self._later(self.rng.randrange(60_000), self._person)
        self._later(90_000, self._resume_all)
        while self._queue:
            at, _, action = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            if self.now - self._began > _END:
                break
            action()
            if not self._queue:
                self._answer_judgments()
        check_end(self)

    def _later(self, delay: int, action: Callable[[], None]) -> None:
        self._numbers += 1
        heapq.heappush(self._queue, (self.now + delay, self._numbers, action))

    def _pipeline(self, number: int) -> dict[str, Any]:
        count = self.rng.randrange(1, 6)
        stages = []
        for i in range(count):
            needs = [str(j) for j in range(i) if self.rng.random() < 0.5]
            type_ = self.rng.choice(("quick", "quick", "long", "loop", "rich", "judge", "child", "locked"))
            stage: dict[str, Any] = {"type": type_, "refId": str(i), "requisiteStageRefIds": needs, "skippable": True}
            stage.update(self.rng.choice(_OPTIONS))
            stage.update(self.rng.choice(_EXPRESSIONS))
            if type_ == "child":
                stage["type"], stage["pipeline"] = ("child", str(number + 1)) if number < 2 else ("quick", "")
            stages.append(stage)
        limits: dict[str, Any] = self.rng.choice(
            ({}, {}, {"limitConcurrent": True}, {"maxConcurrentExecutions": 2, "keepWaitingPipelines": True})
        )
        return {"application": "app", "name": f"p{number}", "id": str(number), "stages": stages, **limits}

    def _accept(self, id_: str) -> None:
        pipeline = self.pipelines[self.rng.choice((0, 0, 1))]
        for _ in range(self.rng.choice((1, 1, 2))):
            event = accept_pipeline(pipeline, {}, id_=id_, now=self.now, user="sim")
            self.store.accept(event, self.now)
        self._later(self.rng.randrange(1000), self._step)

    def _person(self) -> None:
        """Someone cancels, pauses, resumes, skips or restarts; the same command may be stored twice."""
        ids = sorted(self.store.logs) or ["E0"]
        id_ = self.rng.choice(ids)
        state = self.store.load(id_)
        stages = sorted(state.stages) if state else []
        self.commands += 1
        key = f"c{self.commands}"
        choices: list[m.Command] = [m.Cancel(id=key, execution=id_), m.Pause(id=key), m.Resume(id=key)]
        if stages:
            stage = self.rng.choice(stages)
            choices += [m.Restart(id=key, stage=stage)] * 2
            choices.append(m.Patch(id=key, stage=stage, context={"manualSkip": True}))
            choices.append(m.Patch(id=key, stage=stage, context={"judgmentStatus": "continue"}))
        self._command(id_, self.rng.choice(choices))

    def _command(self, id_: str, message: m.Command) -> None:
        self.store.put(Told(execution=id_, message=message, id=message.id))  # type: ignore[arg-type]
        self._later(self.rng.randrange(1000), self._step)

    def _resume_all(self) -> None:
        for id_ in sorted(self.store.logs):
            self.commands += 1
            self._command(id_, m.Resume(id=f"c{self.commands}"))

    def _answer_judgments(self) -> None:
        """Nothing else will happen: whoever waits for a person gets an answer, and paused executions go on."""
        for id_ in sorted(self.store.logs):
            state = self.store.load(id_)
            if state is None or state.status.complete:
                continue
            self.commands += 1
            if state.status == "PAUSED":
                self._command(id_, m.Resume(id=f"c{self.commands}"))
            for stage_id in state.active:
                if state.stages[stage_id].type == "judge":
                    self.commands += 1
                    patch = m.Patch(id=f"c{self.commands}", stage=stage_id, context={"judgmentStatus": "stop"})
                    self._command(id_, patch)

    # The engine's process.

    def _take_over(self) -> None:
        """A new life of the owner: the fold of the log, and everything that is out is sent again."""
        self.store.epoch += 1
        self._life += 1
        self.epoch = self.store.epoch
        self.warm = {}
        self.inbox = [] if not self.durable else self.inbox
        for id_ in sorted(self.store.logs):
            state = self.store.load(id_)
            assert state is not None
            if not state.status.complete or state.active or state.slot:
                self.warm[id_] = state
                self._watch(state)
                self._recover_children(state)
        owed = outgoing.outstanding(self.warm.values())
        if self.durable:
            for id_, stage_id in owed:
                self._send(id_, stage_id, again=True)
        else:
            self.inbox += [Item(id_, m.Recover()) for id_, _ in dict(owed).items()]
        self._later(1, self._step)

    def _step(self) -> None:
        try:
            self._decide()
        except Crash:
            life = self._life
            self._later(self.rng.randrange(5000), lambda: self._take_over() if life == self._life else None)
            self.epoch = -1
            self.warm = {}

    def _may_crash(self) -> None:
        if self.rng.random() < self.crashing:
            raise Crash

    def _decide(self) -> None:
        if self.epoch < 0:
            return
        items, self.inbox = self.inbox, []
        rows = sorted(self.store.commands.values(), key=lambda row: row.number)
        items = items + [Item(row.execution, row.message, None, row.number, row.id) for row in rows]
        self.rng.shuffle(items)
        items += [
            Item(id_, m.Tick()) for id_, state in self.warm.items() if (due_at(state, TYPES) or 1 << 60) <= self.now
        ]
        for item in items:
            if item.execution not in self.warm and (state := self.store.load(item.execution)):
                self.warm[item.execution] = state
        if not items:
            return
        for _ in range(self.rng.choice((1, 1, 2)) - 1):
            self.inbox += [item for item in items if not item.row and isinstance(item.message, m.Reply)]
        decisions = decide_all(items, self.warm, self.now, TYPES)
        assert not decisions.failed, decisions.failed[0].error
        if self.durable:
            self._crash_with(items)
        else:
            self._may_crash()
        if self.rng.random() < self.crashing:
            self._deposed(items, decisions)
            return
        for change in decisions.changes:
            check_change(self, change)
        assert self.store.commit(self.epoch, decisions, [item.cause for item in items if item.row])
        self._may_crash()
        self.warm.update(decisions.states)
        check_limits(self)
        for state in decisions.states.values():
            check_waiting(self, state)
            self._watch(state)
        for id_, stage_id in outgoing.handed_out(decisions.changes):
            self._may_crash()
            self._send(id_, stage_id)
        for parent, stage_id in decisions.children:
            self._may_crash()
            self._child(parent, stage_id)
        if self.store.commands or self.inbox:
            self._later(self.rng.randrange(1, 200), self._step)

    def _deposed(self, items: list[Item], decisions: Decisions) -> None:
        """The process stood still for too long and another one owns the shard: its batch must not be written (rule 3)."""
        epoch = self.epoch
        if self.durable:
            self.inbox += [item for item in items if isinstance(item.message, m.Reply)]
        self._take_over()
        before = {id_: len(log) for id_, log in self.store.logs.items()}
        assert not self.store.commit(epoch, decisions, [item.cause for item in items if item.row])
        assert before == {id_: len(log) for id_, log in self.store.logs.items()}

    def _crash_with(self, items: list[Item]) -> None:
        """A durable bus delivers again what was not acknowledged."""
        if self.rng.random() < self.crashing:
            self.inbox += [item for item in items if isinstance(item.message, m.Reply)]
            raise Crash

    def _watch(self, state: Execution) -> None:
        due = due_at(state, TYPES)
        if due is not None:
            self._later(max(0, due - self.now), self._step)

    def _recover_children(self, state: Execution) -> None:
        for id_ in state.active:
            stage = state.stages[id_]
            if stage.child and stage.status == "RUNNING" and stage.context.get("executionId") != stage.child.id:
                self._later(1, lambda id_=id_: self._child(state, id_))

    def _child(self, parent: Execution, stage_id: str) -> None:
        child = parent.stages[stage_id].child
        assert child is not None
        pipeline = self.pipelines[int(child.pipeline)]
        event = accept_pipeline(pipeline, {}, id_=child.id, now=self.now, user="sim")
        if not child.detached:
            event = replace(event, parent=parent.id, parent_stage=stage_id)
        self.store.accept(event, self.now)
        accepted = m.ChildAccepted(stage=stage_id, child=child.id)
        self.store.put(Told(execution=parent.id, message=accepted, id=f"{child.id}/accepted"))
        self._later(self.rng.randrange(500), self._step)

    # The bus and the workers.

    def _send(self, id_: str, stage_id: str, *, again: bool = False) -> None:
        state = self.warm.get(id_)
        stage = state.stages.get(stage_id) if state else None
        if state is None or stage is None or stage.handout is None:
            return
        work = work_for(state, stage, carrier(TYPES, stage), 0, again=again)
        if self.rng.random() < 0.03 and not self.durable:
            return
        life = self._life
        self._later(self.rng.choice((1, 5, 50, 2000)), lambda: self._work(work, life))

    def _work(self, work: Work, life: int, *, redelivered: bool = False) -> None:
        if not self.durable and life != self._life:
            return
        if redelivered:
            work = replace(work, again=True)
        reply = self.worker.run(work) if self.now <= work.not_after else self.worker.expired(work)
        if self.rng.random() < self.crashing:
            if self.durable:
                self._later(1000, lambda: self._work(work, life, redelivered=True))
            return
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            self._later(self.rng.choice((1, 10, 300)), lambda: self._reply(work.execution, reply, life))

    def _reply(self, id_: str, reply: m.Reply, life: int) -> None:
        if self.durable or life == self._life:
            self.inbox.append(Item(id_, reply))
            self._later(self.rng.randrange(1, 20), self._step)


_EXPRESSIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"said": "${trigger.type}", "later": "${go}"},
    {"said": "${#ask('a')} and ${#ask('b')}"},
    {"stageEnabled": {"type": "expression", "expression": "#ask('a') == 'yes'"}},
    {"forEach": {"items": [1, 2, 3], "limit": 2}, "said": "${#ask('a')} ${item}"},
    {"restrictExecutionDuringTimeWindow": True, "restrictedExecutionWindow": {"days": [1]}},
)
_OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"failPipeline": False, "continuePipeline": True},
    {"failPipeline": False},
    {"failPipeline": False, "completeOtherBranchesThenFail": True},
    {"stageTimeoutMs": 20_000},
    {"stageTimeoutMs": 20_000, "markSuccessfulOnTimeout": True},
)
