"""A worker that looks and has no database, a process with a database that has no cloud, and a broker between them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import eventually
from tiny_cloud import TinyCloud, group, machine

from gennaker.bus.open import open_bus
from gennaker.bus.port import Transport
from gennaker.core.cloud.inventory import Place
from gennaker.core.inventory import keeper as keeping
from gennaker.core.inventory.keeper import Keeper
from gennaker.core.inventory.looker import Looker
from gennaker.core.inventory.read import SqlInventory
from gennaker.core.runtime.runtime import wall_clock
from gennaker.core.store.database import Database


@pytest.fixture
def connect(amqp_url: str, bus_prefix: str) -> Iterator[Callable[[str], Transport]]:
    made: list[Transport] = []

    def open_one(name: str) -> Transport:
        made.append(open_bus(amqp_url, bus_prefix, name=name))
        return made[-1]

    yield open_one
    for transport in made:
        transport.close(2)


def test_what_lone_workers_see_is_kept_by_whoever_has_the_database(
    connect: Callable[[str], Transport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TICK_S", 0.05)
    database = Database.open(f"sqlite:///{tmp_path}/gennaker.db", synchronous="NORMAL")
    keeper = Keeper(connect("engine"), database, wall_clock)
    cloud = TinyCloud()
    cloud.groups = [group(f"shop-web{n}-v000", machine(f"i-{n}")) for n in range(450)]
    cloud.groups.append(group("shop-web-v000", region="south"))
    lookers = [Looker(connect(f"worker {n}"), {"tiny": cloud}, wall_clock) for n in range(2)]
    inventory = SqlInventory(database, wall_clock)
    keeper.start()
    try:
        for looker in lookers:
            looker.start()
        eventually(lambda: len(inventory.server_groups(Place(application="shop"))) == 451)
        eventually(lambda: {one["state"] for one in inventory.areas()} == {"ok"})
        assert sorted(cloud.reads) == [("north", ""), ("south", "")]
        cloud.groups = cloud.groups[:1]
        lookers[0].refresh("tiny", "prod", [], "shop", ["serverGroups"])
        eventually(lambda: [one.name for one in inventory.server_groups(Place())] == ["shop-web0-v000"])
    finally:
        for looker in lookers:
            looker.stop()
        keeper.stop()
        database.close()
