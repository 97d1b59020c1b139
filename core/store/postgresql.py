"""PostgreSQL: a pool of connections; what the server undid for no fault of ours is run again.

Separate from `database` because only PostgreSQL has deadlocks, serialization failures and a network.
"""

import random
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL

from gennaker.core.store.failure import lost, outcome_unknown, retryable, unavailable, unreachable

_TRIES = 8
_CONNECT_SECONDS = 5


def engines(url: URL, *, pool: int) -> tuple[Engine, Engine]:
    """The engine for transactions and the one for reading; they share a pool."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool,
        pool_use_lifo=True,
        max_overflow=pool,
        pool_timeout=30,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "gennaker",
            "keepalives_idle": 30,
            "tcp_user_timeout": 60_000,
        },
    )
    return engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


class Transactions:
    """Runs works, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def transact(self, work: Callable[[Connection], Any]) -> Any:
        """Run `work` in a transaction; returns its result after COMMIT. It may be run several times.

        Raises Unavailable when the server cannot be reached, or went away during COMMIT.
        """
        reconnected = False
        for attempt in range(1, _TRIES + 1):
            committing = False
            try:
                with self._engine.connect() as connection:
                    result = work(connection)
                    committing = True
                    connection.commit()
                    return result
            except Exception as error:
                if retryable(error) and attempt < _TRIES:
                    time.sleep(random.uniform(0, 0.002 * 2**attempt))
                    continue
                if not unreachable(error):
                    raise
                if committing:
                    raise outcome_unknown(error) from error
                if not lost(error) or reconnected:
                    raise unavailable(error) from error
                reconnected = True  # the pool has thrown its dead connections away
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Close the pool."""
        self._engine.dispose()
