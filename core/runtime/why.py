"""`services.Why`: the engine's own explanation, with what this process knows of its queues.

Separate because the explanation is pure and this is where it meets the clock.
"""

from collections.abc import Callable

from gennaker.core.engine.explain import explain
from gennaker.core.model.execution import Execution
from gennaker.core.model.stage_type import StageTypes


class LiveWhy:
    """See `gennaker.core.services.Why`."""

    def __init__(
        self,
        types: Callable[[], StageTypes],
        unroutable: Callable[[], frozenset[str]],
        clock: Callable[[], int],
    ) -> None:
        self._types = types
        self._unroutable = unroutable
        self._clock = clock

    def why(self, execution: Execution) -> str:
        """One sentence: what it waits for and until when."""
        return explain(execution, self._clock(), self._types(), self._unroutable())
