"""One process of the program: its parts by role, started in order and drained in reverse.

Separate because this is the only place that knows all parts. Roles: `engine` owns shards, `worker` runs stage types and subscriptions,
`api` serves HTTP; every role talks to the bus, and all but a lone worker to the database.
"""

import importlib.metadata
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gennaker.bus.open import open_bus
from gennaker.bus.port import Transport
from gennaker.config.settings import Settings
from gennaker.core import metrics
from gennaker.core.artifacts.accounts import Accounts
from gennaker.core.errors import GennakerError
from gennaker.core.inventory.looker import Looker
from gennaker.core.inventory.read import SqlInventory
from gennaker.core.model.ids import ulid
from gennaker.core.model.stage_type import StageTypes
from gennaker.core.outbound import Outbound
from gennaker.core.plugins import Plugins
from gennaker.core.runtime.after_work import after_work
from gennaker.core.runtime.bell import Bell
from gennaker.core.runtime.catalogue import Catalogue
from gennaker.core.runtime.children import Children
from gennaker.core.runtime.control import SqlControl
from gennaker.core.runtime.letters import Letters, ask_anew
from gennaker.core.runtime.live import LogLive
from gennaker.core.runtime.owner import Owner
from gennaker.core.runtime.ownership import Ownership, this_host
from gennaker.core.runtime.pruning import Pruning
from gennaker.core.runtime.sidelines import Sidelines
from gennaker.core.runtime.why import LiveWhy
from gennaker.core.runtime.worker import Worker
from gennaker.core.services import HealthReport, Json, Services
from gennaker.core.store.database import Database
from gennaker.core.store.definitions import SqlDefinitions
from gennaker.core.store.engines import Process
from gennaker.core.store.executions import SqlExecutions
from gennaker.core.store.shards import Shard
from gennaker.core.store.sources import SqlSources

if TYPE_CHECKING:
    from gennaker.core.inventory.keeper import Keeper

_log = logging.getLogger("gennaker")


def wall_clock() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Runtime:
    """What `gennaker up` runs, and what tests run without a process of their own."""

    def __init__(self, settings: Settings, plugins: Plugins, clock: Callable[[], int] = wall_clock) -> None:
        self.settings = settings
        self.plugins = plugins
        self._clock = clock
        self._roles = frozenset(settings.roles)
        self.database = _database(settings)
        try:
            self.transport: Transport = open_bus(settings.bus.url, settings.bus.prefix, name="+".join(settings.roles))
        except BaseException:
            self.database.close()
            raise
        self.bell = Bell(self.transport)
        self._process = _this_process(settings, clock())
        self._catalogue = Catalogue(self.database, self._process.id, plugins.types, clock)
        definitions = SqlDefinitions(self.database, clock)
        http = Outbound(settings.outbound.allow)
        artifacts = Accounts(plugins.accounts(), http)
        self._children = Children(self.database, definitions, self.bell, clock, artifacts)
        self._ownership = Ownership(self._process, self.database, self._owner, clock)
        live = LogLive(self.database, self.transport if self.transport.capabilities.shared else None)
        self.bell.on_news(live.news)
        control = SqlControl(self.database, definitions, self.bell, clock, self._types, artifacts, plugins.stages)
        self.services = Services(
            home=settings.home,
            definitions=definitions,
            executions=SqlExecutions(self.database),
            control=control,
            bus=Letters(self.transport, self.database, ask_anew(control)),
            live=live,
            why=LiveWhy(self._types, self._unroutable, clock),
            sources=SqlSources(self.database, clock),
            http=http,
            artifacts=artifacts,
            inventory=SqlInventory(self.database, clock),
            clouds=plugins.clouds,
            stage_types=self._types,
            health=self.health,
            metrics=self._metrics,
            clock=clock,
        )
        self.services = replace(self.services, bakery=plugins.bakery(self.services))
        self._declared = set[str]()
        self._worker: Worker | None = None
        self._sidelines: Sidelines | None = None
        self._pruning = Pruning(self.database, settings.database.keep_days, clock)
        self._looker = Looker(self.transport, plugins.clouds, clock)
        self._keeper: Keeper | None = None

    def start(self) -> None:
        """Begin everything that this process's roles ask for. Raises Refused, Unavailable."""
        self._declare()
        self._catalogue.start()
        self._declare()
        # A bus that nobody shares can bring nothing from clouds that this process does not have.
        if "engine" in self._roles and (self.plugins.clouds or self.transport.capabilities.shared):
            from gennaker.core.inventory.keeper import Keeper

            self._keeper = Keeper(self.transport, self.database, self._clock)
            self._keeper.start()
        if "worker" in self._roles:
            self._looker.start()
            self._worker = Worker(
                self.transport,
                self.plugins.stages,
                lambda name: self.plugins.services_for(name, self.services),
                finished=after_work(self._looker),
            )
            self._worker.start()
        if "engine" in self._roles:
            self._children.start()
            self._ownership.start()
            self._pruning.start()
        if "worker" in self._roles:
            self._sidelines = Sidelines(self.transport, self.plugins, self.services)
            self._sidelines.start()

    def _declare(self) -> None:
        """The queue of a stage type exists before anybody sends to it, so ours before others hear of our types (rule 9)."""
        for queue in {type_.queue for type_ in self._types().values()} - self._declared:
            self.transport.declare_work(queue)
            self._declared.add(queue)

    def drain(self, timeout: float = 20.0) -> None:
        """Take nothing new, finish what is at hand, let go of everything."""
        until = time.monotonic() + timeout
        if self._sidelines is not None:
            self._sidelines.stop()
        if self._worker is not None:
            self._worker.drain(max(1.0, until - time.monotonic()))
        self._looker.stop()
        if self._keeper is not None:
            self._keeper.stop()
        if "engine" in self._roles:
            self._children.stop()
            self._ownership.stop()
            self._pruning.stop()
        self._catalogue.stop()
        self.transport.close(max(1.0, until - time.monotonic()))
        self.database.close()

    def wait_ready(self, timeout: float = 30.0) -> bool:
        """Wait until the shards of this process are taken over."""
        until = time.monotonic() + timeout
        return all(owner.ready.wait(max(0.0, until - time.monotonic())) for owner in self._ownership.owners)

    def health(self) -> HealthReport:
        """What works and what does not."""
        components: dict[str, Json] = {"database": self._database_health(), "bus": self._bus_health()}
        if "engine" in self._roles:
            components["engine"] = self._engine_health()
        if (inventory := self._inventory_health()) is not None:
            components["inventory"] = inventory
        if self.plugins.broken:
            listed = {each.name: each.reason for each in self.plugins.broken}
            components["plugins"] = {"status": "UP", "broken": listed}
        return HealthReport(up=all(each["status"] == "UP" for each in components.values()), components=components)

    def _database_health(self) -> Json:
        try:
            self.database.ping()
        except GennakerError as error:
            return {"status": "DOWN", "reason": error.message}
        return {"status": "UP", "dialect": self.database.dialect}

    def _bus_health(self) -> Json:
        health = self.transport.health()
        found: Json = {"status": "UP" if health.up and not health.blocked else "DOWN", "transport": health.transport}
        if health.reason:
            found["reason"] = health.reason
        return {**found, "outstanding": health.outstanding}

    def _engine_health(self) -> Json:
        owners = self._ownership.owners
        ready = all(owner.alive and owner.ready.is_set() for owner in owners)
        found: Json = {"status": "UP" if ready and not self._ownership.problem else "DOWN"}
        if self._ownership.problem:
            found["reason"] = self._ownership.problem
        elif not ready:
            found["reason"] = "taking over its shards"
        return {**found, "shards": sorted(owner.shard.id for owner in owners)}

    def _inventory_health(self) -> Json | None:
        try:
            return self._keeper.health() if self._keeper is not None else None
        except GennakerError:
            return None  # the part `database` tells it

    def _metrics(self) -> bytes:
        health = self.transport.health()
        metrics.bus(up=health.up and not health.blocked, outstanding=health.outstanding)
        return metrics.text()

    def _types(self) -> StageTypes:
        return self._catalogue.types

    def _unroutable(self) -> frozenset[str]:
        return frozenset().union(*(owner.relay.unroutable for owner in self._ownership.owners))

    def _owner(self, shard: Shard) -> Owner:
        return Owner(shard, self.database, self.transport, self.bell, self._children, self._types, self._clock)


def _database(settings: Settings) -> Database:
    given = settings.database
    return Database.open(given.url, synchronous=given.synchronous, shards=given.shards, pool=given.pool)


def _this_process(settings: Settings, now: int) -> Process:
    return Process(
        id=ulid(now, os.urandom(16)),
        host=this_host(),
        pid=os.getpid(),
        version=importlib.metadata.version("gennaker"),
        roles=tuple(settings.roles),
        started=now,
        seen=now,
    )
