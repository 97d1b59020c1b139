"""How long a list of one application takes while the whole inventory is looked at and written again and again.

Separate because it needs neither engine nor stages: a cloud that is a list, the looker, the bus, the keeper, and a reader.
"""

import threading
import time

import ground
from msgspec import Struct
from msgspec.structs import replace

from gennaker.bus.memory import MemoryTransport
from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.model import Account, Capacity, Health, Image, Instance, ServerGroup
from gennaker.core.cloud.provider import Cloud
from gennaker.core.cloud.view import server_group_json
from gennaker.core.inventory import facts
from gennaker.core.inventory.facts import Wanted
from gennaker.core.inventory.keeper import Keeper
from gennaker.core.inventory.looker import Looker
from gennaker.core.inventory.read import SqlInventory
from gennaker.core.store.database import Database
from gennaker.core.view import to_bytes

_APPLICATIONS = 100
_INSTANCES = 10
#: Every so-many-th server group is another one in each look: an instance of it has changed its health.
_CHANGING = 20


class Measured(Struct, frozen=True):
    """Seconds: of each list, of the first look until all of it is written, of each look after that."""

    lists: list[float]
    first: float
    looks: list[float]


class Listed(Cloud):
    """A cloud of many server groups, a few of which are different each time."""

    name = "listed"

    def __init__(self, count: int) -> None:
        self.groups = [_group(number) for number in range(count)]
        self.look = 0

    def accounts(self) -> list[Account]:
        return [Account(name="prod", provider="listed", regions=("here",))]

    def server_groups(self, account: str, region: str, application: str = "") -> list[ServerGroup]:
        self.look += 1
        for number in range(self.look % _CHANGING, len(self.groups), _CHANGING):
            group = self.groups[number]
            health = Health(type="LoadBalancer", state="Down" if self.look % 2 else "Up")
            first = replace(group.instances[0], healths=(health,))
            self.groups[number] = replace(group, instances=(first, *group.instances[1:]))
        return list(self.groups)


def measure(groups: int, seconds: float) -> Measured:
    """Look once, then list and look at the same time for so many seconds."""
    with ground.folder() as home:
        database = Database.open(f"sqlite:///{home}/inventory.db")
        transport = MemoryTransport()
        cloud = Listed(groups)
        looker = Looker(transport, {"listed": cloud}, _now)
        keeper = Keeper(transport, database, _now)
        keeper.start()
        inventory = SqlInventory(database, _now)
        wanted = Wanted(provider="listed", account="prod", region="here", kinds=("serverGroups",))
        event = facts.event(wanted, source="bench", at=0)
        stop = threading.Event()
        looks: list[float] = []

        def look() -> None:
            began = time.perf_counter()
            looker.handle(event)
            while any(queue.messages for queue in transport.status()):
                time.sleep(0.005)
            looks.append(time.perf_counter() - began)

        def again() -> None:
            while not stop.is_set():
                look()

        try:
            look()
            refreshing = threading.Thread(target=again)
            refreshing.start()
            lists = _lists(inventory, groups, seconds)
            stop.set()
            refreshing.join()
        finally:
            stop.set()
            keeper.stop()
            transport.close()
            database.close()
    return Measured(lists, looks[0], looks[1:])


def _lists(inventory: SqlInventory, groups: int, seconds: float) -> list[float]:
    found = []
    until = time.perf_counter() + seconds
    number = 0
    while time.perf_counter() < until:
        number += 1
        began = time.perf_counter()
        listed = inventory.server_groups(Place(application=f"app{number % _APPLICATIONS}"))
        to_bytes([server_group_json(group) for group in listed])
        found.append(time.perf_counter() - began)
        if groups >= _APPLICATIONS and not listed:
            raise RuntimeError("an application has no server groups")
        time.sleep(0.01)
    return found


def _group(number: int) -> ServerGroup:
    app, version = number % _APPLICATIONS, number // _APPLICATIONS
    instances = tuple(
        Instance(
            id=f"i-{number:05d}{n:02d}",
            zone="here-a",
            launched=1_700_000_000_000,
            healths=(
                Health(type="Machine", state="Unknown", platform=True),
                Health(
                    type="TargetGroup",
                    state="Up",
                    extra={"targetGroups": [{"targetGroupName": f"app{app}", "healthState": "Up", "state": "healthy"}]},
                ),
            ),
        )
        for n in range(_INSTANCES)
    )
    return ServerGroup(
        name=f"app{app}-web-v{version:03d}",
        provider="listed",
        account="prod",
        region="here",
        created=1_700_000_000_000 + number,
        capacity=Capacity(min=1, max=20, desired=_INSTANCES),
        zones=("here-a", "here-b"),
        instances=instances,
        image=Image(id=f"image-{version}", name=f"app{app}-1.{version}", provider="listed"),
        target_groups=(f"app{app}",),
        firewalls=("sg-1", "sg-2"),
        tags={"team": "web", "cost": "42"},
        extra={"vpcId": "vpc-1", "launchTemplate": {"launchTemplateName": f"app{app}-web-v{version:03d}"}},
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
