"""Publishes what a shard has committed: facts to subscribers, work to workers, in the order of the log (rule 4).

Separate from the owner because publishing has its own pace: a window of confirms, and a mark below which everything is confirmed.
"""

import threading
from collections import deque
from collections.abc import Sequence
from functools import partial

from msgspec import Struct

from gennaker.bus.event import Event
from gennaker.bus.port import RETURNED, Problem, Transport


class _Batch(Struct):
    position: int
    left: int


class Relay:
    """The outgoing side of one shard. `publish` is called by the owner's thread only; confirms come on any thread."""

    def __init__(self, transport: Transport, published_upto: int) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._batches: deque[_Batch] = deque()
        self._upto = published_upto
        self._unroutable: set[str] = set()

    @property
    def published_upto(self) -> int:
        """The highest position below which everything is confirmed."""
        return self._upto

    @property
    def unroutable(self) -> frozenset[str]:
        """Queues that took no work when it was last sent to them."""
        return frozenset(self._unroutable)

    def publish(self, position: int, facts: Sequence[Event], work: Sequence[tuple[str, Sequence[Event]]]) -> None:
        """Send what the entries up to `position` lead to; blocks while the transport's window is full."""
        batch = _Batch(position, len(work) + (1 if facts else 0))
        with self._lock:
            self._batches.append(batch)
            if batch.left == 0:
                self._advance()
        for queue, events in work:
            self._transport.send(queue, events, partial(self._settled, batch, queue))
        if facts:
            self._transport.publish(facts, partial(self._settled, batch, ""))

    def _settled(self, batch: _Batch, queue: str, problem: Problem) -> None:
        """Returned work is not delivered: the hand-out stays owed and its deadline sends it again (rule 9)."""
        with self._lock:
            if queue:
                if problem == RETURNED:
                    self._unroutable.add(queue)
                elif problem is None:
                    self._unroutable.discard(queue)
            if problem is None or problem == RETURNED:
                batch.left -= 1
                self._advance()

    def _advance(self) -> None:
        while self._batches and self._batches[0].left == 0:
            self._upto = max(self._upto, self._batches.popleft().position)
