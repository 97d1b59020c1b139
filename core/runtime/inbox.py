"""What waits for the owner of a shard: answers from the bus, rows of commands, deadlines.

Separate from the owner because threads of others put things in and the owner takes them out, all that is there at once.
"""

import heapq
import threading
import time
from collections import deque
from collections.abc import Iterable

from gennaker.bus.port import Delivery

#: The owner looks for rows this often even if nobody rings (rule 5).
LOOK_S = 1.0


class Inbox:
    """Thread-safe for `put`, `ring`, `stop` and `give_back`; the rest belongs to the owner's thread."""

    def __init__(self) -> None:
        self._ready = threading.Condition(threading.Lock())
        self._deliveries: deque[Delivery] = deque()
        self._rung = True
        self._sleeping = False
        self._stopped = False
        self._ended = False
        self._looked = 0.0
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    @property
    def stopped(self) -> bool:
        """The owner is to end."""
        return self._stopped

    def put(self, delivery: Delivery) -> None:
        """An answer arrived."""
        self._deliveries.append(delivery)
        if self._ended:
            self.give_back()
        elif self._sleeping:
            self._wake()

    def ring(self) -> None:
        """A row was stored."""
        self._rung = True
        if self._sleeping:
            self._wake()

    def stop(self) -> None:
        """Have the owner end."""
        self._stopped = True
        self._wake()

    def _wake(self) -> None:
        with self._ready:
            self._ready.notify()

    def set_due(self, execution: str, at: int | None) -> None:
        """When an execution next has to be looked at, epoch milliseconds."""
        if at is None:
            self._due.pop(execution, None)
        elif self._due.get(execution) != at:
            self._due[execution] = at
            heapq.heappush(self._heap, (at, execution))

    def forget_due(self) -> None:
        """Forget every deadline; they are about to be read again."""
        self._due.clear()
        self._heap.clear()

    def wait(self, now: int) -> None:
        """Sleep until something is there, due or to be looked for. `now` is epoch milliseconds."""
        if self._anything(now):
            return
        with self._ready:
            self._sleeping = True
            try:
                if not self._anything(now):
                    look = self._looked + LOOK_S - time.monotonic()
                    due = (self._heap[0][0] - now) / 1000 if self._heap else look
                    self._ready.wait(max(0.0, min(look, due)))
            finally:
                self._sleeping = False

    def _anything(self, now: int) -> bool:
        self._drop_stale()
        return bool(self._deliveries or self._rung or self._stopped or (self._heap and self._heap[0][0] <= now))

    def _drop_stale(self) -> None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)

    def take(self, most: int) -> list[Delivery]:
        """The answers that are there."""
        taken: list[Delivery] = []
        while self._deliveries and len(taken) < most:
            taken.append(self._deliveries.popleft())
        return taken

    def put_back(self, deliveries: Iterable[Delivery]) -> None:
        """What could not be handled yet: it comes before everything else."""
        self._deliveries.extendleft(reversed(list(deliveries)))

    def give_back(self) -> None:
        """The owner has ended: what is here, and whatever may still come, is delivered again to the next one.

        Kept, it would hold its place with the broker for as long as this process lives.
        """
        self._ended = True
        while True:
            try:
                delivery = self._deliveries.popleft()
            except IndexError:
                return
            delivery.retry(0)

    def due(self, now: int, most: int) -> list[str]:
        """Executions whose time has come; they are not named again until `set_due` is called for them."""
        taken: list[str] = []
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now and len(taken) < most:
            _, execution = heapq.heappop(self._heap)
            self._due.pop(execution, None)
            taken.append(execution)
            self._drop_stale()
        return taken

    def should_look(self) -> bool:
        """Whether rows are to be read now: somebody rang, or the last look was too long ago."""
        if self._rung or time.monotonic() - self._looked >= LOOK_S:
            self._rung = False
            self._looked = time.monotonic()
            return True
        return False
