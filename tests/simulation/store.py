"""The store of a simulated world: what a transaction wrote survives a crash, nothing else does."""

from dataclasses import dataclass, field

from gennaker.core.engine import slots as rules
from gennaker.core.engine.apply import fold
from gennaker.core.model import events as e
from gennaker.core.model import messages as m
from gennaker.core.model.execution import Execution
from gennaker.core.model.slot import Slot
from gennaker.core.runtime.decisions import Decisions
from gennaker.core.store.commands import Told


@dataclass
class Row:
    """A stored message for an execution."""

    number: int
    execution: str
    message: m.AnyMessage
    id: str


@dataclass
class Store:
    """Logs, commands and slots; `commit` is all or nothing."""

    logs: dict[str, list[tuple[e.AnyEvent, int]]] = field(default_factory=dict)
    commands: dict[str, Row] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    epoch: int = 0
    _numbers: int = 0

    def load(self, id_: str) -> Execution | None:
        """The fold of an execution's log."""
        state: Execution | None = None
        for event, stamp in self.logs.get(id_, ()):
            state = fold(state, (event,), stamp)
        return state

    def accept(self, event: e.ExecutionRequested, now: int) -> bool:
        """Accept a request once; False when its id exists."""
        if event.id in self.logs:
            return False
        self.logs[event.id] = [(event, now)]
        self.put(Told(execution=event.id, message=m.Begin(), id=f"{event.id}/begin"))
        return True

    def put(self, told: Told) -> None:
        """Store a message; the same id twice is one row."""
        if told.id not in self.commands:
            self._numbers += 1
            self.commands[told.id] = Row(self._numbers, told.execution, told.message, told.id)

    def commit(self, epoch: int, decisions: Decisions, done: list[str]) -> bool:
        """Write a batch as the owner of `epoch`; False when deposed."""
        if epoch != self.epoch:
            return False
        for change in decisions.changes:
            log = self.logs.setdefault(change.execution.id, [])
            assert len(log) + len(change.events) == change.execution.sequence, "sequences collide or have a gap"
            log += [(event, change.execution.stamp) for event in change.events]
        for id_ in done:
            self.commands.pop(id_, None)
        for told in decisions.tell:
            self.put(told)
        for execution, event in decisions.slots:
            self._slot(execution, event)
        return True

    def _slot(self, execution: Execution, event: rules.SlotEvent) -> None:
        name = rules.name_of(event)
        slot = rules.settled(self.slots.get(name) or Slot(pipeline=name), execution, event)
        slot, granted, superseded = rules.grant(slot)
        self.slots[name] = slot
        for id_, round_ in granted:
            told = Told(execution=id_, message=rules.grant_message(name, round_), id=rules.grant_id(name, id_, round_))
            self.put(told)
        for id_, round_ in superseded:
            cancel = m.Cancel(id=f"{id_}/superseded/{round_}", user="spinnaker", execution=id_, reason="superseded")
            self.put(Told(execution=id_, message=cancel, id=cancel.id))
