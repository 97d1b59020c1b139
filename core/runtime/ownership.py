"""Which shards this process owns: heart-beats, leases, fair shares (rules 1 to 3).

Separate from the owner because it looks at the other processes, and an owner never does.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable

from sqlalchemy import Connection

from gennaker.core.errors import GennakerError, Unavailable
from gennaker.core.runtime.owner import Owner
from gennaker.core.store import engines
from gennaker.core.store import shards as leases
from gennaker.core.store.database import Database
from gennaker.core.store.engines import Process
from gennaker.core.store.shards import Shard

_log = logging.getLogger("gennaker.engine")

#: How long a lease lasts.
LEASE_MS = 9_000
#: Seconds between two looks at the leases: one that is missed does no harm yet.
BEAT_S = LEASE_MS / 3000


class Ownership:
    """The shards of one process, in one thread."""

    def __init__(
        self,
        process: Process,
        database: Database,
        new_owner: Callable[[Shard], Owner],
        clock: Callable[[], int],
    ) -> None:
        self._process = process
        self._database = database
        self._new_owner = new_owner
        self._clock = clock
        self._owners: dict[int, Owner] = {}
        self._stopping = threading.Event()
        self._alone = False
        self.problem = ""
        self._thread = threading.Thread(target=self._run, name="ownership", daemon=True)

    @property
    def owners(self) -> list[Owner]:
        """Those that this process has now."""
        return list(self._owners.values())

    def start(self) -> None:
        """Claim what is free, then go on in a thread. Raises Refused when the database allows one engine and has one."""
        self._alone = self._database.hold()
        self._turn()
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish what is at hand and give everything back."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        for owner in self.owners:
            owner.stop(timeout)
        try:
            self._database.transact(self._release_all)
        except Unavailable as error:
            _log.warning("the leases could not be given back: %s", error)

    def _release_all(self, connection: Connection) -> None:
        for owner in self._owners.values():
            leases.release(connection, owner.shard.id, owner.shard.epoch, owner.relay.published_upto)
        engines.forget(connection, self._process.id)

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_S):
            try:
                self._turn()
                self.problem = ""
            except GennakerError as error:
                self.problem = error.message
                _log.warning("shards: %s", error.message)
            except Exception as error:
                self.problem = f"{type(error).__name__}: {error}"
                _log.exception("shards could not be looked after")

    def _turn(self) -> None:
        for id_, owner in list(self._owners.items()):
            if owner.deposed:
                del self._owners[id_]
        now = self._clock()
        epochs = {id_: owner.shard.epoch for id_, owner in self._owners.items()}
        ours, known, live = self._database.transact(lambda connection: self._look(connection, now, epochs))
        for id_ in set(self._owners) - ours:
            self._owners.pop(id_).stop(1.0)
        share = -(-len(known) // max(1, live))
        for id_ in sorted(self._owners)[share:]:
            self._give_back(id_)
        self._claim([shard.id for shard in known if shard.id not in self._owners], share - len(self._owners), now)

    def _look(self, connection: Connection, now: int, epochs: dict[int, int]) -> tuple[set[int], list[Shard], int]:
        engines.beat(connection, self._process_at(now))
        ours = leases.renew(connection, self._process.id, epochs, now, LEASE_MS)
        alive = engines.live(connection, now, LEASE_MS)
        for process in alive:
            if process.host == self._process.host and _dead(process.pid):
                engines.forget(connection, process.id)
                for shard in leases.read(connection):
                    if shard.owner == process.id:
                        leases.release(connection, shard.id, shard.epoch)
        live = sum("engine" in each.roles and not self._is_dead(each) for each in alive)
        return ours, leases.read(connection), live

    def _is_dead(self, process: Process) -> bool:
        return process.host == self._process.host and _dead(process.pid)

    def _process_at(self, now: int) -> Process:
        known = self._process
        return Process(
            id=known.id,
            host=known.host,
            pid=known.pid,
            version=known.version,
            roles=known.roles,
            started=known.started,
            seen=now,
        )

    def _claim(self, free: list[int], room: int, now: int) -> None:
        """Take as many as there is room for; those of others are passed over."""
        for id_ in free:
            if room <= 0 and not self._alone:
                break
            shard = self._database.transact(
                lambda connection, id_=id_: leases.claim(  # type: ignore[misc]
                    connection, id_, self._process.id, now, LEASE_MS, steal=self._alone
                )
            )
            if shard is not None:
                owner = self._new_owner(shard)
                self._owners[id_] = owner
                owner.start()
                room -= 1

    def _give_back(self, id_: int) -> None:
        owner = self._owners.pop(id_)
        owner.stop()
        upto = owner.relay.published_upto
        self._database.transact(lambda connection: leases.release(connection, id_, owner.shard.epoch, upto))


def _dead(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def this_host() -> str:
    """What tells machines apart: a process id means something on one host, and in one boot, only."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        boot = ""
    return f"{socket.gethostname()}/{boot}"
