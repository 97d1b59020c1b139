"""One decision in the making: the execution as it would be, and the facts that make it so.

Separate because every rule emits facts the same way, and what follows from a fact waits its turn instead of nesting.
"""

from collections import deque
from collections.abc import Callable

from gennaker.core.engine.apply import apply
from gennaker.core.model.events import AnyEvent
from gennaker.core.model.execution import Execution, Stage
from gennaker.core.model.stage_type import StageType, StageTypes, find

Step = Callable[["Turn", str], None]


class Turn:
    """What one message makes of an execution. `now` is epoch milliseconds, never before the last stamp (rule 14)."""

    def __init__(self, execution: Execution, now: int, types: StageTypes) -> None:
        self.x = execution
        self.now = max(now, execution.stamp)
        self.types = types
        self.events: list[AnyEvent] = []
        #: Whether the execution as a whole may have come to an end.
        self.unsettled = False
        self._next: deque[tuple[Step, str]] = deque()

    def emit(self, *events: AnyEvent) -> None:
        """Facts, which count at once."""
        for event in events:
            self.x = apply(self.x, event, self.now)
            self.events.append(event)

    def then(self, step: Step, stage: str) -> None:
        """Go on with a stage once the current step is done."""
        self._next.append((step, stage))

    def run(self) -> None:
        """Everything that is to follow."""
        while self._next:
            step, stage = self._next.popleft()
            step(self, stage)

    def stage(self, id_: str) -> Stage:
        """The stage as it is now."""
        return self.x.stages[id_]

    def type_of(self, stage: Stage) -> StageType | None:
        """The declaration of a stage's type; None when no plugin ever gave one, and for a fan-out, whose copies do the work."""
        if stage.fan is not None:
            return None
        return find(self.types, stage.type, stage.context)
