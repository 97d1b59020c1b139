"""The states of executions, stages and tasks, with the questions the engine asks of them.

Separate because every layer reads a status and none may invent one.
"""

from enum import StrEnum


class Status(StrEnum):
    """Spinnaker's ExecutionStatus; the value is the name used in JSON."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    SUCCEEDED = "SUCCEEDED"
    FAILED_CONTINUE = "FAILED_CONTINUE"
    TERMINAL = "TERMINAL"
    CANCELED = "CANCELED"
    REDIRECT = "REDIRECT"
    STOPPED = "STOPPED"
    SKIPPED = "SKIPPED"

    # An enumeration hashes by a function in Python; the engine asks for a status in sets many times a message.
    __hash__ = str.__hash__

    @property
    def complete(self) -> bool:
        """Nothing will change this state any more, short of a restart."""
        return self in COMPLETE

    @property
    def halts(self) -> bool:
        """Whatever comes after does not run."""
        return self in HALTS

    @property
    def failed(self) -> bool:
        """Something went wrong, whether or not the pipeline goes on."""
        return self in FAILED

    @property
    def lets_downstream_start(self) -> bool:
        """A stage that requires one in this state may start."""
        return self in LETS_DOWNSTREAM_START


LETS_DOWNSTREAM_START = frozenset({Status.SUCCEEDED, Status.FAILED_CONTINUE, Status.SKIPPED})
HALTS = frozenset({Status.TERMINAL, Status.CANCELED, Status.STOPPED})
COMPLETE = LETS_DOWNSTREAM_START | HALTS
FAILED = frozenset({Status.TERMINAL, Status.STOPPED, Status.FAILED_CONTINUE})
