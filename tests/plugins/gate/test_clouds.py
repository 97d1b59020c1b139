"""What clouds have, over HTTP, in the shapes that Spinnaker's clients read."""

from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tiny_cloud import TinyCloud, group, machine

from gennaker.core.cloud.model import Capacity, Firewall, Image, LoadBalancer, ServerGroup
from gennaker.core.inventory import areas, rows
from gennaker.core.inventory.facts import Areas, Looked, Seen
from gennaker.core.inventory.items import item_of

IMAGE = Image(id="img-1", name="shop-1.4.0", provider="tiny", extra={"buildInfo": {"jenkins": {"number": "22"}}})
WEB = "/applications/shop/clusters/prod/shop-web"


def tell(world: Any, kind: Any, *things: Any, region: str = "north") -> None:
    items = tuple(map(item_of, things))
    seen = Seen(provider="tiny", account="prod", region=region, kind=kind, started=1, part=0, parts=1, items=items)
    world.database.transact(lambda connection: rows.keep(connection, seen))


@pytest.fixture
def infrastructure(world: Any) -> list[ServerGroup]:
    """Two server groups of one cluster in the north and one in the south, behind a load balancer."""
    first = group("shop-web-v001", machine("i-1", "OutOfService"), created=10, disabled=True, tags={"a": "b"})
    second = group(
        "shop-web-v002",
        machine("i-2"),
        machine("i-3", "Down"),
        created=20,
        capacity=Capacity(min=2, max=2, desired=2),
        image=IMAGE,
        load_balancers=("shop-front",),
        target_groups=("tg",),
        firewalls=("sg-1",),
        extra={"vpcId": "vpc-1", "name": "never", "instanceType": "t3.small"},
    )
    south = group("shop-web-v001", machine("i-4"), region="south", created=5)
    states: dict[str, Any] = {"shop-web-v002": {"i-2": "Up"}, "other-v000": {}}
    front = LoadBalancer(
        name="shop-front", provider="tiny", account="prod", region="north", type="http", server_groups=states
    )
    wall = Firewall(
        id="sg-1",
        name="shop-web",
        provider="tiny",
        account="prod",
        region="north",
        inbound=({"protocol": "tcp", "portRanges": [{"startPort": 80, "endPort": 81}]},),
        extra={"vpcId": "vpc-1"},
    )
    old = Image(id="img-0", name="shop-1.3.0", provider="tiny", account="prod", region="north", created=1)
    new = replace(IMAGE, account="prod", region="north", created=2, tags={"stage": "prod"})
    tell(world, "serverGroups", first, second, group("shop--canary-v000"))
    tell(world, "serverGroups", south, region="south")
    tell(world, "loadBalancers", front)
    tell(world, "securityGroups", wall)
    tell(world, "images", old, new)
    announced = Areas(provider="tiny", poll_ms=30_000, accounts=tuple(TinyCloud().accounts()))
    world.database.transact(lambda connection: areas.announce(connection, announced, world.clock()))
    return [first, second, south]


@pytest.fixture
def get(client: httpx.Client, infrastructure: list[ServerGroup]) -> Any:
    assert infrastructure

    def asked(path: str, **query: Any) -> Any:
        answer = client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asked


def refused(client: httpx.Client, path: str, **query: Any) -> tuple[int, str]:
    answer = client.get(path, params=query)
    return answer.status_code, answer.json()["message"]


def test_a_server_group_has_spinnakers_shape(get: Any) -> None:
    found = get("/applications/shop/serverGroups/prod/north/shop-web-v002")
    assert found["moniker"] == {"app": "shop", "stack": "web", "detail": None, "cluster": "shop-web", "sequence": 2}
    assert found["capacity"] == {"min": 2, "max": 2, "desired": 2, "pinned": True}
    counts = found["instanceCounts"]
    assert {key: counts[key] for key in ("total", "up", "down", "unknown", "outOfService", "starting")} == {
        "total": 2,
        "up": 1,
        "down": 1,
        "unknown": 0,
        "outOfService": 0,
        "starting": 0,
    }
    assert found["instances"][0] == {
        "id": "i-2",
        "name": "i-2",
        "healthState": "Up",
        "launchTime": 5,
        "zone": "north-a",
        "availabilityZone": "north-a",
        "health": [
            {"type": "Tiny", "state": "Unknown", "healthClass": "platform"},
            {"type": "LoadBalancer", "state": "Up", "loadBalancers": [{"name": "shop-front"}]},
        ],
    }
    assert [one["healthState"] for one in found["instances"]] == ["Up", "Down"]
    expected = {
        "name": "shop-web-v002",
        "type": "tiny",
        "cloudProvider": "tiny",
        "account": "prod",
        "region": "north",
        "cluster": "shop-web",
        "application": "shop",
        "zones": ["north-a"],
        "vpcId": "vpc-1",
        "disabled": False,
        "isDisabled": False,
        "createdTime": 20,
        "loadBalancers": ["shop-front"],
        "targetGroups": ["tg"],
        "securityGroups": ["sg-1"],
        "instanceType": "t3.small",
        "buildInfo": {"jenkins": {"number": "22"}},
        "launchConfig": {},
    }
    assert {key: found[key] for key in expected} == expected
    assert (found["image"]["imageId"], found["image"]["name"]) == ("img-1", "shop-1.4.0")


def test_the_server_groups_of_an_application_are_listed_whole_and_narrowed_down(get: Any) -> None:
    def names(**query: Any) -> list[tuple[str, str]]:
        return [(one["region"], one["name"]) for one in get("/applications/SHOP/serverGroups", **query)]

    web = [("north", "shop-web-v001"), ("north", "shop-web-v002"), ("south", "shop-web-v001")]
    assert names() == [("north", "shop--canary-v000"), *web]
    assert names(clusters="prod:shop-web,test:shop--canary") == web
    assert names(cloudProvider="aws") == []


def test_server_groups_are_found_by_applications_or_by_ids(get: Any, client: httpx.Client) -> None:
    assert len(get("/serverGroups", applications="shop,other")) == 4
    found = get("/serverGroups", ids="prod:south:shop-web-v001,prod:north:none")
    assert [(one["region"], one["name"]) for one in found] == [("south", "shop-web-v001")]
    assert get("/serverGroups/prod/south/shop-web-v001")["createdTime"] == 5
    for given in ({}, {"applications": "a", "ids": "a:b:c"}):
        assert refused(client, "/serverGroups", **given) == (400, "query: give `applications` or `ids`, one of them")
    assert refused(client, "/serverGroups", ids="a:b")[1] == (
        "ids: 'a:b' is no id of a server group; expected `account:region:name`"
    )
    for path in ("/serverGroups/prod/north/x", "/applications/other/serverGroups/prod/north/shop-web-v001"):
        assert refused(client, path)[1].startswith("Server group not found (id: prod:north:")


def test_clusters_are_listed_by_account_and_shown_with_their_groups(get: Any, client: httpx.Client) -> None:
    assert get("/applications/shop/clusters") == {"prod": ["shop--canary", "shop-web"]}
    assert [one["name"] for one in get("/applications/shop/clusters/prod")] == ["shop--canary", "shop-web"]
    found = get(f"{WEB}/tiny")
    assert found["moniker"] == {"app": "shop", "stack": "web", "detail": None, "cluster": "shop-web"}
    assert (found["accountName"], found["application"], found["type"]) == ("prod", "shop", "tiny")
    assert found["loadBalancers"] == [{"name": "shop-front", "type": "tiny"}]
    assert [one["name"] for one in found["serverGroups"]] == ["shop-web-v001", "shop-web-v002", "shop-web-v001"]
    assert get(WEB, expand="false")[0]["serverGroups"] == ["shop-web-v001", "shop-web-v002", "shop-web-v001"]
    assert len(get(f"{WEB}/tiny/serverGroups", region="south")) == 1
    assert len(get(f"{WEB}/tiny/serverGroups/shop-web-v001")) == 2
    assert get(f"{WEB}/tiny/serverGroups/shop-web-v001", region="south")["createdTime"] == 5
    assert [one["name"] for one in get(f"{WEB}/tiny/loadBalancers")] == ["shop-front"]
    assert refused(client, f"{WEB}/aws") == (404, "Cluster not found (id: prod:shop-web)")
    assert refused(client, "/applications/shop/clusters/prod/none")[0] == 404
    assert refused(client, f"{WEB}/tiny/serverGroups/shop-web-v009")[0] == 404


@pytest.mark.parametrize(
    ("region", "target", "query", "expected"),
    [
        ("north", "current", {}, "shop-web-v002"),
        ("north", "newest", {}, "shop-web-v002"),
        ("north", "current_asg_dynamic", {}, "shop-web-v002"),
        ("north", "CURRENT_ASG", {}, "shop-web-v002"),
        ("north", "previous", {}, "shop-web-v001"),
        ("north", "ancestor_asg_dynamic", {}, "shop-web-v001"),
        ("north", "oldest", {}, "shop-web-v001"),
        ("north", "largest", {}, "shop-web-v002"),
        ("north", "oldest_asg_dynamic", {"onlyEnabled": "true", "validateOldest": "false"}, "shop-web-v002"),
        ("north", "fail", {"onlyEnabled": "true"}, "shop-web-v002"),
        ("south", "fail", {}, "shop-web-v001"),
        ("south", "current", {}, "shop-web-v001"),
    ],
)
def test_a_target_is_one_server_group(get: Any, region: str, target: str, query: Any, expected: str) -> None:
    assert get(f"{WEB}/tiny/{region}/serverGroups/target/{target}", **query)["name"] == expected


def test_of_two_that_are_equally_large_the_newest_is_meant(get: Any, world: Any) -> None:
    first, second = (group(f"a-v00{n}", machine(f"i-{n}"), created=n, region="west") for n in (0, 1))
    tell(world, "serverGroups", first, second, region="west")
    found = get("/applications/a/clusters/prod/a/tiny/west/serverGroups/target/largest")
    assert found["name"] == "a-v001"


@pytest.mark.usefixtures("infrastructure")
@pytest.mark.parametrize(
    ("region", "target", "message"),
    [
        ("south", "previous", "No previous server group in shop-web in prod/south: shop-web-v001 is the only one"),
        (
            "south",
            "oldest",
            "shop-web-v001 is the only server group in shop-web in prod/south, so it is not the oldest",
        ),
        (
            "north",
            "fail",
            "Exactly one server group is expected in shop-web in prod/north, and there are 2: shop-web-v002, shop-web-v001",
        ),
        ("west", "current", "No server group found in shop-web in prod/west"),
    ],
)
def test_the_four_ways_in_which_a_target_means_nothing(
    client: httpx.Client, region: str, target: str, message: str
) -> None:
    assert refused(client, f"{WEB}/tiny/{region}/serverGroups/target/{target}") == (404, message)


def test_a_target_can_be_asked_for_its_image(get: Any, client: httpx.Client) -> None:
    path = f"{WEB}/tiny/north/serverGroups/target/current"
    found = get(f"{path}/image")
    assert (found["serverGroupName"], found["imageId"], found["imageName"]) == ("shop-web-v002", "img-1", "shop-1.4.0")
    assert get(f"{path}/images") == {"summaries": [found]}
    assert refused(client, f"{path}/x") == (400, "summary: 'x' is no summary; expected image or images")
    assert refused(client, f"{WEB}/tiny/north/serverGroups/target/best")[0] == 400


def test_load_balancers_show_who_is_behind_them(get: Any) -> None:
    (found,) = get("/applications/shop/loadBalancers")
    assert (found["name"], found["loadBalancerType"], found["cloudProvider"]) == ("shop-front", "http", "tiny")
    other, behind = found["serverGroups"]
    assert (other["name"], other["instances"], other["isDisabled"]) == ("other-v000", [], False)
    assert behind["detachedInstances"] == ["i-3"]
    health = {"state": "InService", "reasonCode": None, "description": None}
    assert behind["instances"] == [{"id": "i-2", "zone": "north-a", "health": health}]
    assert get("/loadBalancers/prod/north/shop-front") == [found]
    assert get("/loadBalancers/prod/south/shop-front") == []
    (named,) = get("/loadBalancers", provider="tiny")
    assert named["accounts"][0]["regions"][0]["loadBalancers"][0]["name"] == "shop-front"
    assert get("/loadBalancers/shop-front") == named
    assert get("/loadBalancers/none") == {"name": "none", "accounts": []}


@pytest.mark.parametrize("word", ["securityGroups", "firewalls"])
def test_firewalls_are_found_under_both_words(get: Any, client: httpx.Client, word: str) -> None:
    short = {"name": "shop-web", "id": "sg-1", "vpcId": "vpc-1"}
    assert get(f"/{word}") == {"prod": {"tiny": {"north": [short]}}}
    assert get(f"/{word}", id="sg-2") == {}
    assert get(f"/{word}/prod", provider="tiny") == {"north": [short]}
    assert get(f"/{word}/prod", region="north") == [short]
    found = get(f"/{word}/prod/north/sg-1", vpcId="vpc-1")
    assert found == get(f"/{word}/prod/north/shop-web")
    assert found["inboundRules"] == [{"protocol": "tcp", "portRanges": [{"startPort": 80, "endPort": 81}]}]
    assert (found["accountName"], found["outboundRules"], found["summary"]) == ("prod", [], short)
    path = f"/{word}/prod/north/shop-web"
    assert refused(client, path, vpcId="x") == (404, "Security group not found (id: prod:north:shop-web)")


def test_an_instance_is_found_with_its_place(get: Any, client: httpx.Client) -> None:
    found = get("/instances/prod/north/i-1", provider="tiny")
    assert (found["healthState"], found["serverGroup"], found["cloudProvider"]) == (
        "OutOfService",
        "shop-web-v001",
        "tiny",
    )
    missing = (404, "Instance not found (id: prod:south:i-1)")
    assert refused(client, "/instances/prod/south/i-1") == missing
    assert refused(client, "/instances/prod/south/i-1/console") == missing


def test_an_instance_shows_what_it_has_written(get: Any) -> None:
    assert get("/instances/prod/north/i-1/console", provider="tiny") == {"output": "prod/north/i-1 says hello"}


def test_accounts_of_one_cloud(get: Any) -> None:
    assert [one["name"] for one in get("/credentials/type/tiny")] == ["prod"]
    assert get("/credentials/type/tiny", startingAccountName="q") == get("/credentials/type/other") == []


def test_images_are_found_newest_first(get: Any) -> None:
    found = get("/images/find", provider="tiny", q="shop")
    assert [one["imageName"] for one in found] == ["shop-1.4.0", "shop-1.3.0"]
    assert (found[0]["amis"], found[0]["accounts"]) == ({"north": ["img-1"]}, ["prod"])
    assert found[0]["tagsByImageId"] == {"img-1": {"stage": "prod"}}
    assert len(get("/images/find", count=1)) == 1
    assert get("/images/prod/north/img-0") == [found[1]]


def test_a_search_finds_every_kind(get: Any, world: Any) -> None:
    world.definitions.save_application({"name": "Shop", "email": "a@b.c"}, user="ann")
    (page,) = get("/search", q="SHOP")
    found = [
        (one["type"], one.get("serverGroup") or one.get("cluster") or one.get("application")) for one in page["results"]
    ]
    assert page["totalMatches"] == len(found)
    assert found[0] == ("applications", "shop")
    assert ("clusters", "shop-web") in found
    assert {kind for kind, _ in found} == {
        "applications", "clusters", "serverGroups", "loadBalancers", "securityGroups", "images",
    }  # fmt: skip
    (page,) = get("/search", q="i-2", type="instances")
    (one,) = page["results"]
    assert (one["instanceId"], one["serverGroup"], one["application"]) == ("i-2", "shop-web-v002", "shop")
    assert get("/search", q="sh") == []
    assert get("/search", q="sh", allowShortQuery="true")[0]["totalMatches"] > 5
    assert get("/search", q="shop", platform="aws", type="serverGroups")[0]["results"] == []
    (second,) = get("/search", q="shop-web", type="serverGroups", pageSize=2, page=2)
    assert (second["totalMatches"], len(second["results"]), second["pageNumber"]) == (3, 1, 2)


def test_accounts_are_those_that_workers_have_told_of(get: Any, client: httpx.Client) -> None:
    (found,) = get("/credentials")
    assert (found["name"], found["type"], found["environment"], found["authorized"]) == ("prod", "tiny", "live", True)
    assert "regions" not in found
    assert get("/credentials", expand="true")[0]["regions"] == [{"name": "north"}, {"name": "south"}]
    assert get("/credentials/prod")["regions"] == [{"name": "north"}, {"name": "south"}]
    assert refused(client, "/credentials/none") == (404, "Account not found (name: none)")


def test_how_looking_goes_is_shown(get: Any, world: Any) -> None:
    given = {"provider": "tiny", "account": "prod", "region": "north", "started": 1, "counts": {}}
    failed = Looked(error="serverGroups: throttled", **given)
    world.database.transact(lambda connection: areas.looked(connection, failed, world.clock()))
    north, south = get("/inventory/areas")
    assert (north["state"], north["error"], north["failures"]) == ("failing", "serverGroups: throttled", 1)
    assert (south["state"], south["succeeded"]) == ("waiting", None)


def test_an_application_shows_its_clusters_and_may_be_known_to_clouds_only(
    get: Any, client: httpx.Client, world: Any
) -> None:
    found = get("/applications/shop")
    assert found["attributes"] == {"name": "shop", "accounts": "prod", "cloudProviders": "tiny"}
    web = found["clusters"]["prod"][1]
    assert web == {
        "name": "shop-web",
        "account": "prod",
        "provider": "tiny",
        "loadBalancers": ["shop-front"],
        "serverGroups": ["shop-web-v001", "shop-web-v002", "shop-web-v001"],
    }
    world.definitions.save_application({"name": "Shop", "email": "a@b.c"}, user="ann")
    assert get("/applications/shop")["clusters"]["prod"][1] == web
    assert "clusters" not in get("/applications/shop", expand="false")
    assert refused(client, "/applications/none") == (404, "Application not found (id: none)")


def test_a_project_shows_what_runs_of_it(get: Any, world: Any) -> None:
    clusters = [{"account": "prod", "stack": "*", "detail": "*", "applications": ["shop"]}]
    config = {"applications": ["shop"], "clusters": clusters, "pipelineConfigs": []}
    world.definitions.save_project({"name": "retail", "email": "a@b.c", "config": config}, user="ann")
    (found,) = get("/projects/retail/clusters")
    assert (found["account"], found["stack"], found["instanceCounts"]["total"]) == ("prod", "*", 3)
    (application,) = found["applications"]
    assert application["lastPush"] == 20
    north = application["clusters"][0]
    assert (north["region"], north["instanceCounts"]["up"]) == ("north", 1)
    assert [one["buildNumber"] for one in north["builds"]] == ["0", "22"]


def test_a_process_without_an_inventory_says_so(serve: Any, world: Any) -> None:
    world.definitions.save_application({"name": "shop", "email": "a@b.c"}, user="ann")
    with serve(replace(world.services, inventory=None)) as client:
        assert refused(client, "/credentials") == (503, "this process offers no inventory")
        assert client.get("/applications/shop").json()["clusters"] == {}


def test_what_no_cloud_tells_is_empty(get: Any) -> None:
    for path in ("/subnets/aws", "/keyPairs", "/instanceTypes", "/certificates", "/networks/aws", "/vpcs"):
        assert get(path) == []
    assert get(f"{WEB}/tiny/serverGroups/shop-web-v001/scalingActivities") == []
    assert get("/networks") == {}
