"""One writer, many callers: whoever comes while a commit is under way shares the next one.

Separate from `sqlite` because it is about threads and knows of the database only how to run one work and how to commit.
No timers: a lone caller commits at once ("by what is there", PERFORMANCE §3).
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

_AT_MOST = 64


class Turn:
    """One caller's work and what came of it."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.settled = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> None:
        """Until it is settled or asked to lead."""
        self._gate.acquire()

    def wake(self) -> None:
        """End the wait."""
        self._gate.release()


class GroupCommit:
    """Runs works one at a time in the thread of one of the callers. `run` must settle neither more nor less than its turns."""

    def __init__(self, run: Callable[[Sequence[Turn]], None]) -> None:
        self._run = run
        self._mutex = threading.Lock()
        self._waiting: deque[Turn] = deque()
        self._leader: int | None = None
        self._led = False

    def __call__(self, work: Callable[..., Any]) -> Any:
        """The result of `work`, once it is durable. Raises what it raised, or what the commit raised."""
        if self._leader == threading.get_ident():
            raise RuntimeError("a transaction inside a transaction: give the connection to the inner call instead")
        turn = Turn(work)
        with self._mutex:
            self._waiting.append(turn)
            leads, self._led = not self._led, True
        if not leads:
            self._follow(turn)
        if not turn.settled:
            self._lead()
        if turn.error is not None:
            raise turn.error
        return turn.result

    def _follow(self, turn: Turn) -> None:
        try:
            turn.wait()
        except BaseException:  # a signal: leave the queue, and the lead to the next
            with self._mutex:
                if turn in self._waiting:
                    was_next = self._waiting[0] is turn and self._leader is None
                    self._waiting.remove(turn)
                    if was_next:
                        self._pass_on()
            raise

    def _lead(self) -> None:
        with self._mutex:
            self._leader = threading.get_ident()
            turns = [self._waiting.popleft() for _ in range(min(_AT_MOST, len(self._waiting)))]
        try:
            self._run(turns)
        finally:
            with self._mutex:
                self._leader = None
                for turn in turns:
                    turn.settled = True
                self._pass_on()
            for turn in turns:
                turn.wake()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting[0].wake()
        else:
            self._led = False
