"""The inventory on both databases: whatever comes in whatever order, what was seen last is what is there."""

import itertools
from typing import Any

import pytest

from gennaker.core.cloud.inventory import Place
from gennaker.core.cloud.model import Account, Capacity, Firewall, Image, Instance, LoadBalancer, ServerGroup
from gennaker.core.inventory import areas, rows
from gennaker.core.inventory.facts import Areas, Looked, Seen
from gennaker.core.inventory.items import Thing, item_of
from gennaker.core.inventory.read import SqlInventory
from gennaker.core.store.database import Database


def group(name: str, *instances: str, **fields: Any) -> ServerGroup:
    given = {
        "provider": "tiny",
        "account": "prod",
        "region": "north",
        "created": 1,
        "capacity": Capacity(min=1, max=1, desired=len(instances)),
        "instances": tuple(Instance(id=one) for one in instances),
    }
    return ServerGroup(name=name, **{**given, **fields})


def seen(started: int, *things: Thing, kind: Any = "serverGroups", **fields: Any) -> Seen:
    given = {"provider": "tiny", "account": "prod", "region": "north", "application": "", "part": 0, "parts": 1}
    return Seen(started=started, kind=kind, items=tuple(map(item_of, things)), **{**given, **fields})


@pytest.fixture
def inventory(database: Database) -> SqlInventory:
    return SqlInventory(database, lambda: 1_000)


def tell(database: Database, *facts: Seen) -> None:
    for fact in facts:
        database.transact(lambda connection, fact=fact: rows.keep(connection, fact))


def names(inventory: SqlInventory, **place: str) -> list[str]:
    return [one.name for one in inventory.server_groups(Place(**place))]


def raw(database: Database) -> list[tuple[str, bool]]:
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT id, stale FROM inventory_item ORDER BY id")
        return [(id_, stale > 0) for id_, stale in found]


def test_what_was_seen_is_read_back_whole(database: Database, inventory: SqlInventory) -> None:
    one = group("shop-web-v001", "i-1", "i-2", image=Image(id="ami", name="shop", provider="tiny"), tags={"a": "é"})
    tell(database, seen(10, one))
    assert inventory.server_groups(Place()) == [one]
    assert inventory.instance("prod", "north", "i-2") == (one, one.instances[1])
    assert inventory.instance("prod", "south", "i-2") is None


def test_a_place_narrows_down(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("shop-web-v001"), group("shop-api-v001"), group("Shop2-v000")))
    tell(database, seen(10, group("shop-web-v007", region="south"), region="south"))
    assert names(inventory, application="SHOP") == ["shop-api-v001", "shop-web-v001", "shop-web-v007"]
    assert names(inventory, application="shop2") == ["Shop2-v000"]
    assert names(inventory, application="shop", cluster="shop-web") == ["shop-web-v001", "shop-web-v007"]
    assert names(inventory, region="south") == ["shop-web-v007"]
    assert names(inventory, account="test") == []
    assert names(inventory, provider="tiny", name="shop-web-v001") == ["shop-web-v001"]
    assert inventory.clusters("Shop") == {"prod": ["shop-api", "shop-web"]}


def test_an_earlier_look_changes_nothing(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(20, group("a-v001", "i-1")), seen(10, group("a-v001"), group("a-v000")))
    assert names(inventory) == ["a-v001"]
    assert inventory.instance("prod", "north", "i-1") is not None


def test_what_a_whole_look_lacks_is_stale_and_then_removed(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("a-v000", "i-0"), group("a-v001")), seen(20, group("a-v001")))
    assert names(inventory) == ["a-v001"]
    assert inventory.instance("prod", "north", "i-0") is None
    assert raw(database) == [("a-v000", True), ("a-v001", False)]
    tell(database, seen(30, group("a-v001")))
    assert raw(database) == [("a-v001", False)]


def test_what_was_missed_once_comes_back_with_its_instances(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("a-v000", "i-0")), seen(20), seen(30, group("a-v000", "i-0")))
    assert names(inventory) == ["a-v000"]
    assert inventory.instance("prod", "north", "i-0") is not None


def test_nothing_is_missed_before_the_look_is_whole(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("a-v000"), group("b-v000")))
    tell(database, seen(20, group("c-v000"), part=1, parts=3), seen(20, part=1, parts=3), seen(20, part=2, parts=3))
    assert names(inventory) == ["a-v000", "b-v000", "c-v000"]
    tell(database, seen(20, group("b-v000"), part=0, parts=3))
    assert names(inventory) == ["b-v000", "c-v000"]


def test_other_kinds_accounts_and_regions_are_left_alone(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("a-v000")), seen(20, region="south"), seen(20, account="test"))
    tell(database, seen(20, kind="loadBalancers"))
    assert names(inventory) == ["a-v000"]


def test_a_look_at_one_application_misses_only_what_is_its_own(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("a-v000"), group("b-v000")), seen(20, group("a-v001"), application="a"))
    assert names(inventory) == ["a-v001", "b-v000"]


def test_an_earlier_whole_look_does_not_bring_back_what_an_application_lost(
    database: Database, inventory: SqlInventory
) -> None:
    """Also when that was never seen before: the look began before it was destroyed and is told after."""
    tell(database, seen(20, application="a"))
    tell(database, seen(10, group("a-v000"), group("b-v000")))
    assert names(inventory) == ["b-v000"]
    tell(database, seen(30, group("a-v000"), group("b-v000")))
    assert names(inventory) == ["a-v000", "b-v000"]


def test_the_order_in_which_looks_are_told_makes_no_difference(database: Database, inventory: SqlInventory) -> None:
    """Three looks in two parts each, in every order that keeps what no bus would mix up: nothing."""
    told = [
        seen(10, group("a-v000", "i-0"), part=0, parts=2),
        seen(10, group("b-v000"), part=1, parts=2),
        seen(15, group("a-v001", "i-1"), application="a"),
        seen(20, group("a-v001", "i-1"), part=0, parts=2),
        seen(20, group("c-v000", "i-2"), part=1, parts=2),
    ]
    for order in itertools.islice(itertools.permutations(told), 0, None, 7):
        tell(database, *order, order[0])
        assert names(inventory) == ["a-v001", "c-v000"], [(one.started, one.part) for one in order]
        assert [one.id for one in inventory.search("i-", "instances", 9)] == ["i-1", "i-2"]
        for table in ("item", "look", "instance"):
            database.transact(
                lambda connection, name=table: connection.exec_driver_sql(f"DELETE FROM inventory_{name}")
            )


def test_an_instance_that_moves_belongs_to_its_new_group(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("a-v000", "i-0"), group("a-v001")), seen(20, group("a-v000"), group("a-v001", "i-0")))
    found = inventory.instance("prod", "north", "i-0")
    assert found is not None
    assert found[0].name == "a-v001"


def test_load_balancers_of_an_application_are_its_own_and_those_with_its_groups(
    database: Database, inventory: SqlInventory
) -> None:
    def balancer(name: str, **groups: Any) -> LoadBalancer:
        return LoadBalancer(name=name, provider="tiny", account="prod", region="north", server_groups=groups)

    tell(database, seen(10, group("a-v000"), group("b-v000")))
    balancers = [balancer("a-front"), balancer("shared", **{"a-v000": {"i": "Up"}}), balancer("z", **{"b-v000": {}})]
    tell(database, seen(10, *balancers, kind="loadBalancers"))
    assert [one.name for one in inventory.load_balancers(Place(application="A"))] == ["a-front", "shared"]
    assert [one.name for one in inventory.load_balancers(Place())] == ["a-front", "shared", "z"]
    assert inventory.load_balancers(Place(application="a", region="south")) == []


def test_firewalls_are_found_by_name_and_by_id(database: Database, inventory: SqlInventory) -> None:
    wall = Firewall(
        id="sg-1", name="web", provider="tiny", account="prod", region="north", inbound=({"protocol": "tcp"},)
    )
    tell(database, seen(10, wall, kind="securityGroups"))
    assert inventory.firewalls(Place(name="web")) == inventory.firewalls(Place(name="sg-1")) == [wall]
    assert inventory.firewalls(Place(name="sg")) == []


def test_images_are_found_by_a_part_a_pattern_and_the_id(database: Database, inventory: SqlInventory) -> None:
    given = [
        Image(id=f"ami-{n}", name=name, provider="tiny") for n, name in enumerate(("shop_1.0", "shop-2.0", "other"))
    ]
    tell(database, seen(10, *given, kind="images"))

    def found(text: str) -> list[str]:
        return [one.id for one in inventory.images(Place(), text)]

    assert found("SHOP") == ["ami-1", "ami-0"]
    assert found("shop_") == ["ami-0"]
    assert found("shop*0") == ["ami-1", "ami-0"]
    assert found("hop*") == []
    assert found("ami-2") == ["ami-2"]


def test_a_search_takes_its_text_as_it_is(database: Database, inventory: SqlInventory) -> None:
    tell(database, seen(10, group("a_b-v000", "i-5%"), group("axb-v000", "i-52")))
    assert [one.name for one in inventory.search("A_B", "serverGroups", 9)] == ["a_b-v000"]
    assert [one.id for one in inventory.search("5%", "instances", 9)] == ["i-5%"]
    assert len(inventory.search("b-v", "serverGroups", 1)) == 1
    one = inventory.search("i-52", "instances", 9)[0]
    assert (one.server_group, one.application, one.cluster) == ("axb-v000", "axb", "axb")


PROD = Account(name="prod", provider="tiny", regions=("north", "south"))


def looked(error: str = "", **fields: Any) -> Looked:
    given = {"provider": "tiny", "account": "prod", "region": "north", "started": 1, "counts": {"serverGroups": 2}}
    return Looked(error=error, **{**given, **fields})


def ask(database: Database, now: int) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.region, one.kinds) for one in database.transact(lambda connection: areas.ask(connection, now))]


def announce(database: Database, now: int, *accounts: Account) -> None:
    fact = Areas(provider="tiny", poll_ms=10_000, accounts=accounts or (PROD,))
    database.transact(lambda connection: areas.announce(connection, fact, now))


def end(database: Database, now: int, fact: Looked) -> None:
    database.transact(lambda connection: areas.looked(connection, fact, now))


def test_a_new_area_is_looked_at_at_once_and_then_from_time_to_time(database: Database) -> None:
    announce(database, 1_000)
    assert [region for region, _ in ask(database, 1_000)] == ["north", "south"]
    assert ask(database, 1_000) == []
    end(database, 2_000, looked())
    announce(database, 3_000)
    assert ask(database, 9_000) == []
    assert ask(database, 12_001) == [("north", ("serverGroups", "loadBalancers", "securityGroups"))]


def test_a_request_without_an_answer_is_made_again_after_five_minutes(database: Database) -> None:
    announce(database, 1_000, Account(name="one", provider="tiny"))
    assert [region for region, kinds in ask(database, 1_000) if "images" in kinds] == [""]
    assert ask(database, 300_000) == []
    assert len(ask(database, 301_001)) == 1


def test_a_failing_area_waits_longer_each_time_and_says_why(database: Database, inventory: SqlInventory) -> None:
    now, waits = 1_000, []
    for _ in range(9):
        announce(database, now)
        assert "north" in [region for region, _ in ask(database, now)]
        end(database, now, looked("serverGroups: throttled"))
        shown = next(one for one in inventory.areas() if one["region"] == "north")
        waits.append(shown["next"] - now)
        now = shown["next"]
    assert waits[0] >= 18_000
    assert all(540_000 <= wait <= 660_000 for wait in waits[-2:])
    assert (shown["state"], shown["failures"], shown["error"]) == ("failing", 9, "serverGroups: throttled")
    end(database, now, looked())
    shown = next(one for one in inventory.areas() if one["region"] == "north")
    assert (shown["state"], shown["succeeded"], shown["error"]) == ("ok", now, "")
    assert shown["counts"] == {"serverGroups": 2}


def test_a_look_at_one_application_says_nothing_about_the_area(database: Database, inventory: SqlInventory) -> None:
    announce(database, 1_000)
    end(database, 1_000, looked("x", application="a"))
    assert {one["state"] for one in inventory.areas()} == {"waiting"}


def test_an_area_whose_worker_is_silent_is_not_asked_and_at_last_forgotten(database: Database) -> None:
    announce(database, 1_000)
    tell(database, seen(10, group("a-v000", "i-0")), seen(10, group("b-v000"), account="test"))
    late = SqlInventory(database, lambda: 1_000 + 600_001)
    assert ask(database, 1_000 + 600_000) == []
    assert {one["state"] for one in late.areas()} == {"silent"}
    assert "no worker" in late.areas()[0]["error"]
    assert [one.name for one in late.accounts()] == ["prod"]
    assert database.transact(lambda connection: areas.forget(connection, 86_401_000)) == 0
    assert database.transact(lambda connection: areas.forget(connection, 86_401_001)) == 2
    assert (late.areas(), late.accounts()) == ([], [])
    assert names(late) == ["b-v000"]
    assert late.search("i-0", "instances", 9) == []
