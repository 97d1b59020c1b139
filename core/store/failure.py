"""What a database error means to the caller.

Separate because both databases fail in the same few ways: cannot be reached, try again, the data is wrong.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, TimeoutError

from gennaker.core.errors import Unavailable

#: Serialization failure and deadlock: the transaction was undone and may simply be run again.
_RETRYABLE = frozenset({"40001", "40P01"})
#: "program limit exceeded" is an OperationalError, and still the data's fault.
_OF_DATA = "54"


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five letters; empty for anything else."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def retryable(error: BaseException) -> bool:
    """The database undid the transaction and nothing is wrong with it."""
    return isinstance(error, DBAPIError) and sqlstate(error) in _RETRYABLE


def lost(error: BaseException) -> bool:
    """The connection is gone."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def unreachable(error: BaseException) -> bool:
    """The database, rather than what was asked of it, is the trouble."""
    if isinstance(error, TimeoutError | sqlite3.OperationalError) or lost(error):
        return True
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    return not sqlstate(error).startswith(_OF_DATA)


def unavailable(error: BaseException) -> Unavailable:
    """The error that people see."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    return Unavailable(f"the database cannot be used now: {reason[0]}")


def outcome_unknown(error: BaseException) -> Unavailable:
    """A commit that may or may not have happened: whatever was believed about the data must be read again."""
    return Unavailable(f"{unavailable(error).message}; whether the last commit took place is not known")


@contextmanager
def told_plainly() -> Iterator[None]:
    """Raise Unavailable for what is the database's trouble, and leave every other error as it is."""
    try:
        yield
    except Exception as error:
        if unreachable(error):
            raise unavailable(error) from error
        raise
