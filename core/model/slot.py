"""The places that the executions of one pipeline share (rule 17).

Separate from the execution because it belongs to no single one.
"""

from msgspec import Struct

#: An execution and its round: a restarted execution asks anew.
Claim = tuple[str, int]
#: The slots of locks are kept apart from those of pipelines by this.
LOCK = "lock:"


class Slot(Struct, frozen=True, kw_only=True):
    """Who runs and who waits: sets, never counts, so a repeated message changes nothing."""

    #: The pipeline's id.
    pipeline: str
    #: How many may run at once.
    limit: int = 1
    #: Waiting ones start one after another, oldest first; otherwise only the newest is kept.
    keep_waiting: bool = False
    holders: tuple[Claim, ...] = ()
    #: Oldest first.
    waiters: tuple[Claim, ...] = ()
