"""Reads the whole event log and says what in it is impossible.

Separate from the tests because a history is judged in the same way whatever was killed while it was written.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from kill import pipelines
from kill.load import Ledger

from gennaker.core.engine.apply import apply
from gennaker.core.engine.shape import upstream
from gennaker.core.engine.work import effect_key
from gennaker.core.model import events as e
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.status import Status
from gennaker.core.store import commands, entries, executions, shards, slots
from gennaker.core.store.database import Database
from gennaker.core.store.entries import Entry
from gennaker.core.store.shards import Shard

_ALL = 1_000_000


@dataclass
class Step:
    """What one execution's log says about effects, in its order: ("started" | "finished", key)."""

    what: str
    key: str


@dataclass
class History:
    """Everything that the database says, and what is wrong with it."""

    shards: list[Shard]
    entries: list[Entry]
    wrong: list[str] = field(default_factory=list)
    states: dict[str, Execution] = field(default_factory=dict)
    #: Execution to what happened to its tasks.
    steps: dict[str, list[Step]] = field(default_factory=lambda: defaultdict(list))
    #: Execution to the commands in its log.
    handled: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Request key to the executions that were requested with it.
    requested: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    children: list[str] = field(default_factory=list)
    #: Ids of all events of executions, as the bus tells them.
    facts: dict[str, str] = field(default_factory=dict)
    sent_again: int = 0

    @classmethod
    def read(cls, database: Database) -> "History":
        """Read and judge everything. The daemons are to be stopped."""
        with database.reading() as connection:
            found = cls(
                shards.read(connection),
                [entry for shard in range(database.shards) for entry in entries.after(connection, shard, 0, _ALL)],
            )
            found._check_positions()
            found._replay()
            found._check_limits()
            found._check_ends()
            ids = sorted(found.states)
            for id_, loaded in executions.load_many(connection, ids).items():
                if loaded != found.states[id_]:
                    found.wrong.append(f"{id_}: what is loaded is not the fold of its whole log")
            for shard in range(database.shards):
                left = [row.id for row in commands.pending(connection, shard, 0, _ALL)]
                active = executions.active(connection, shard)
                found.wrong += [f"shard {shard}: the command {id_} was never taken in" for id_ in left]
                found.wrong += [f"shard {shard}: {id_} is active in the table" for id_ in active]
            found.wrong += [f"the slot {slot} is not empty" for slot in slots.everything(connection)]
        return found

    def check(self, ledger: Ledger) -> None:
        """Each request is one execution and each answered command is in the log (rules 5 to 7)."""
        self.wrong += ledger.wrong
        for key, answered in ledger.accepted.items():
            if self.requested.get(key) != [answered]:
                self.wrong.append(f"request {key} was answered with {answered}, the log has {self.requested.get(key)}")
        for key, ids in self.requested.items():
            if len(ids) != 1:
                self.wrong.append(f"request {key} became {len(ids)} executions: {ids}")
        for about, count in ledger.answered.items():
            if self.handled[about] < count:
                self.wrong.append(f"{about}: {count} were answered, {self.handled[about]} are in the log")
        for about, count in self.handled.items():
            if about[1] != "cancel" and count > ledger.sent[about]:
                self.wrong.append(f"{about}: {ledger.sent[about]} were sent, {count} are in the log")

    def _check_positions(self) -> None:
        """Positions have no gap, per shard (rule 4)."""
        for shard in self.shards:
            positions = [entry.position for entry in self.entries if entry.shard == shard.id]
            if positions != list(range(1, shard.position + 1)):
                self.wrong.append(f"shard {shard.id}: positions up to {shard.position} are not without gaps")

    def _replay(self) -> None:
        for entry in self.entries:
            if ":" in entry.execution:
                continue
            state = self.states.get(entry.execution)
            where = f"{entry.execution} at {entry.shard}/{entry.position}"
            if entry.sequence != (state.sequence if state else 0) + 1:
                self.wrong.append(f"{where}: event {entry.sequence} follows event {state.sequence if state else 0}")
            if state is not None and entry.at < state.stamp:
                self.wrong.append(f"{where}: time goes back from {state.stamp} to {entry.at}")
            for number, event in enumerate(entries.decode(entry)):
                self.facts[f"{entry.execution}:{entry.sequence + number}"] = str(event.__struct_config__.tag)
                if state is not None:
                    self.wrong += [f"{where}: {problem}" for problem in _impossible(state, event)]
                after = apply(state, event, entry.at)
                if state is not None:
                    self.wrong += [f"{where}: {problem}" for problem in _unfinished(state, after, event)]
                self._note(after, event)
                state = after
            if state is not None:
                self.states[entry.execution] = state

    def _note(self, state: Execution, event: e.AnyEvent) -> None:
        match event:
            case e.ExecutionRequested():
                key = (event.trigger.get("parameters") or {}).get("request")
                if key and not event.parent:
                    self.requested[key].append(event.id)
            case e.CommandHandled():
                self.handled[state.id, event.command] += 1
            case e.ChildRequested():
                self.children.append(event.child)
            case e.TaskStarted():
                stage = state.stages[event.stage]
                self.steps[state.id].append(Step("started", effect_key(state.id, stage.id, event.task, stage.round)))
            case e.TaskFinished(status=Status.SUCCEEDED):
                stage = state.stages[event.stage]
                if stage.type in RECORDED:
                    key = effect_key(state.id, stage.id, event.task, stage.round)
                    self.steps[state.id].append(Step("finished", key))
            case e.TaskHandedOut() if event.handout.sends > 1:
                self.sent_again += 1

    def _check_limits(self) -> None:
        """Of a pipeline with a limit never more run than that, by the clock of the one machine (rule 17)."""
        running: dict[str, set[str]] = defaultdict(set)
        moments: list[tuple[int, int, str, str]] = []
        for order, entry in enumerate(self.entries):
            state = self.states.get(entry.execution)
            if state is None or not pipelines.limit_of(state.pipeline_config_id or ""):
                continue
            for event in entries.decode(entry):
                if isinstance(event, e.ExecutionStarted):
                    moments.append((entry.at, order, "start", state.id))
                elif isinstance(event, e.SlotReleased):
                    moments.append((entry.at, order, "end", state.id))
        if (
            len(self.shards) > 1
        ):  # the orders of two shards say nothing about one another; at one instant ends come first
            moments.sort(key=lambda moment: (moment[0], moment[2] == "start", moment[1]))
        for at, _, what, id_ in moments:
            pipeline = self.states[id_].pipeline_config_id or ""
            if what == "end":
                running[pipeline].discard(id_)
                continue
            running[pipeline].add(id_)
            if len(running[pipeline]) > pipelines.limit_of(pipeline):
                self.wrong.append(f"pipeline {pipeline}: {sorted(running[pipeline])} run at once at {at}")

    def _check_ends(self) -> None:
        """Everything came to its end, and every child that was asked for exists (rules 6, 16)."""
        for id_, state in self.states.items():
            if not state.status.complete or state.active or state.slot:
                self.wrong.append(f"{id_} ({state.name}): {state.status}, active {state.active}, slot {state.slot!r}")
        self.wrong += [f"the child {id_} never came" for id_ in self.children if id_ not in self.states]


#: Stage types whose every call is in the records.
RECORDED = frozenset({"quick", "slow", "flaky", "poll", "around", "failing", "loop", "once"})


def _impossible(state: Execution, event: e.AnyEvent) -> Iterable[str]:
    """Why this cannot happen to an execution in this state."""
    id_ = getattr(event, "stage", None)
    stage = state.stages.get(id_) if isinstance(id_, str) else None
    match event:
        case e.ExecutionRequested() | e.ExecutionTombstoned():
            yield "it was requested before"
        case e.ExecutionStarted() if state.status is not Status.NOT_STARTED:
            yield f"it started when it was {state.status}"
        case e.ExecutionFinished() if state.status.complete:
            yield f"it finished when it was {state.status}"
        case e.StageStarted() if stage is not None:
            yield from _wrong_start(state, stage)
        case e.StageFinished() if stage is not None and stage.status.complete:
            yield f"stage {stage.name} finished when it was {stage.status}"
        case e.TaskStarted() if stage is not None:
            early = [task.name for task in stage.tasks if task.status is Status.RUNNING]
            if early and event.task not in early:
                yield f"task {event.task} of {stage.name} started while {early} ran"
        case e.TaskFinished() if stage is not None and stage.tasks[stage.task].name != event.task:
            yield f"task {event.task} of {stage.name} finished and was not the current one"
        case e.TaskHandedOut() if stage is not None:
            yield from _wrong_hand_out(state, stage, event)


def _wrong_start(state: Execution, stage: Stage) -> Iterable[str]:
    if stage.status is not Status.NOT_STARTED:
        yield f"stage {stage.name} started when it was {stage.status}"
    if state.status not in (Status.RUNNING, Status.PAUSED):
        yield f"stage {stage.name} started while the execution was {state.status}"
    for other in upstream(state, stage):
        if not other.status.lets_downstream_start:
            yield f"stage {stage.name} started before {other.name}, which is {other.status}"
    if stage.parent is not None and state.stages[stage.parent].status is not Status.RUNNING:
        yield f"stage {stage.name} started and its parent did not run"


def _wrong_hand_out(state: Execution, stage: Stage, event: e.TaskHandedOut) -> Iterable[str]:
    given, known = event.handout, stage.handout
    if stage.status is not Status.RUNNING and not stage.cleaning:
        yield f"work of {stage.name} was handed out when it was {stage.status}"
    if known is None:
        if given.kind != "cancel" and state.status is not Status.RUNNING:
            yield f"new work of {stage.name} was handed out while the execution was {state.status}"
    elif (known.kind, known.name, known.attempt) != (given.kind, given.name, given.attempt):
        yield f"{given.kind} {given.name} of {stage.name} was handed out while {known.kind} {known.name} was out"
    elif not given.again:
        yield f"{given.kind} {given.name} of {stage.name} was handed out again and not marked so"


def _unfinished(before: Execution, after: Execution, event: e.AnyEvent) -> Iterable[str]:
    """Whatever had ended and has not any more, though nobody restarted it (rule 10)."""
    if isinstance(event, e.StageRestarted):
        return
    if before.status.complete and after.status is not before.status:
        yield f"it went from {before.status} to {after.status}"
    for id_, stage in before.stages.items():
        if stage.status.complete and after.stages[id_].status is not stage.status:
            yield f"stage {stage.name} went from {stage.status} to {after.stages[id_].status}"
