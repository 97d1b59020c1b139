"""Keeps the inventory: writes what workers tell, and asks them to look when it is time.

Separate because it runs where there is a database, which workers need not have. Several keepers may run at once: each request is
claimed in a transaction, and what is written does not depend on order.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from gennaker.bus.event import Event
from gennaker.bus.middleware.call import Rejected
from gennaker.bus.port import Transport
from gennaker.bus.subscriber import Subscriber
from gennaker.core.cloud.inventory import Json
from gennaker.core.errors import GennakerError
from gennaker.core.inventory import areas, facts, rows
from gennaker.core.inventory.facts import Areas, Looked, Seen
from gennaker.core.inventory.read import SqlInventory
from gennaker.core.store.database import Database

_log = logging.getLogger("gennaker.inventory")
_SOURCE = "gennaker/inventory"
#: Seconds between two looks at who is due.
TICK_S = 1.0
#: A tick in so many strikes out what is not heard of any more.
_FORGET_EVERY = 600


class Keeper:
    """A subscriber and a thread. `clock` gives epoch milliseconds."""

    def __init__(self, transport: Transport, database: Database, clock: Callable[[], int]) -> None:
        self._transport = transport
        self._database = database
        self._clock = clock
        patterns = (facts.SEEN, facts.LOOKED, facts.AREAS)
        self._subscriber = Subscriber(transport, "inventory.kept", patterns, self.handle, threads=2)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inventory", daemon=True)

    def start(self) -> None:
        """Begin to write and to ask."""
        self._subscriber.start()
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End."""
        self._stopping.set()
        self._subscriber.stop(timeout)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def handle(self, given: Event) -> None:
        """Write what an event tells. Raises Rejected for one that cannot be read, Unavailable."""
        try:
            fact = facts.read(given)
        except ValueError as error:
            raise Rejected(f"cannot be read: {error}") from error
        now = self._clock()
        match fact:
            case Seen():
                self._database.transact(lambda connection: rows.keep(connection, fact))
            case Looked():
                self._database.transact(lambda connection: areas.looked(connection, fact, now))
            case Areas():
                self._database.transact(lambda connection: areas.announce(connection, fact, now))
            case _:
                raise Rejected(f"{given.type} tells nothing about the inventory")

    def ask(self) -> int:
        """Ask for the looks that are due; returns how many. Raises Unavailable."""
        now = self._clock()
        wanted = self._database.transact(lambda connection: areas.ask(connection, now))
        # A request that nobody took in time is not worth anything any more.
        expiry = datetime.fromtimestamp((now + areas.LOST_MS) / 1000, UTC).isoformat()
        for one in wanted:
            event = facts.event(one, source=_SOURCE, at=now, extensions={"expirytime": expiry})
            self._transport.publish([event], lambda _problem: None)
        return len(wanted)

    def health(self) -> Json | None:
        """The part `inventory` of the health; None while no worker has told of a cloud. Raises Unavailable."""
        found = SqlInventory(self._database, self._clock).areas()
        if not found:
            return None
        failing = {f"{one['account']}/{one['region']}": one["error"] for one in found if one["error"]}
        told: Json = {"status": "UP", "areas": len(found)}
        return {**told, "failing": failing} if failing else told

    def _run(self) -> None:
        ticks = 0
        while not self._stopping.wait(TICK_S):
            ticks += 1
            try:
                if self._due():
                    self.ask()
                if ticks % _FORGET_EVERY == 0:
                    self._forget()
            except GennakerError as error:
                _log.debug("nobody can be asked to look at the clouds: %s", error)
            except Exception:
                _log.exception("asking for looks at the clouds failed")

    def _due(self) -> bool:
        """Whether anything is due, by a read: most ticks need no transaction."""
        now = self._clock()
        with self._database.reading() as connection:
            return areas.due(connection, now)

    def _forget(self) -> None:
        now = self._clock()
        forgotten = self._database.transact(lambda connection: areas.forget(connection, now))
        if forgotten:
            _log.info("%d accounts and regions that no worker has any more are forgotten", forgotten)
