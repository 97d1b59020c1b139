"""Keeps a message that the engine cannot take, with the reason, for people to look at (rules 11, 13).

Separate because it is the last resort of the owner, and needs a transaction of its own.
"""

import logging
import traceback

import msgspec

from gennaker.core.runtime.decisions import Item
from gennaker.core.store import letters
from gennaker.core.store.database import Database
from gennaker.core.store.letters import Letter

_log = logging.getLogger("gennaker.engine")


def bury(database: Database, item: Item, error: BaseException, now: int) -> None:
    """Put a message with the dead letters. Raises Unavailable."""
    _log.error("a message for %s cannot be taken: %s: %s", item.execution, type(error).__name__, error)
    body = msgspec.json.encode(item.message)
    name = item.delivery.event.id if item.delivery else f"row/{item.row}"
    letter = Letter(
        id=f"{item.execution}/{name}/{now}",
        queue="engine",
        type=type(item.message).__name__,
        subject=item.execution,
        reason=f"{type(error).__name__}: {error}",
        traceback="".join(traceback.format_exception(error)),
        at=now,
        body=body,
    )
    database.transact(lambda connection: letters.put(connection, letter))
