"""Idempotency keys: what was accepted once is not accepted again (rule 6).

Separate from `executions` because a key outlives the execution that it stands for.
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection

from gennaker.core.store.statement import Insert, Sql
from gennaker.core.store.tables import accepted_key

_LONGEST = 200
_KEEP = Insert(accepted_key, on_conflict="(key) DO NOTHING")
_FIRST = Sql("SELECT execution FROM accepted_key WHERE key = ?")
_FORGET = Sql("DELETE FROM accepted_key WHERE key = ?")


def take(connection: Connection, keys: Sequence[str], execution: str, at: int) -> str | None:
    """Keep every key for this execution; when one is kept already, keep none and return the execution it stands for."""
    kept: list[str] = []
    for key in sorted(set(map(_stored, keys))):
        if _KEEP(connection, [(key, execution, at)]) == 0:
            give_back(connection, kept)
            first: str = _FIRST(connection, key).scalar_one()
            return first
        kept.append(key)
    return None


def give_back(connection: Connection, keys: Sequence[str]) -> None:
    """Forget keys that were taken in this transaction."""
    for key in map(_stored, keys):
        _FORGET(connection, key)


def _stored(key: str) -> str:
    """The key as an index takes it: a long or odd one is told by its hash, which is left as it is when asked for again."""
    if len(key) <= _LONGEST and key.isprintable():
        return key
    return f"#{hashlib.blake2b(key.encode(), digest_size=32).hexdigest()}"
