"""`gennaker cluster`, `server-group` and `load-balancer`."""

import json
from typing import Any

from tiny_cloud import group, machine

from gennaker.core.cloud.model import Image, LoadBalancer
from gennaker.core.cloud.view import load_balancer_json, server_group_json

OLD = group("shop-web-v001", machine("i-1"), machine("i-2", "Down"), created=1, disabled=True)
NEW = group("shop-web-v002", machine("i-3"), created=2, image=Image(id="a", name="shop-1.4", provider="tiny"))
FRONT = LoadBalancer(
    name="shop-front",
    provider="tiny",
    account="prod",
    region="north",
    type="http",
    server_groups={"shop-web-v002": {"i-3": "Up"}},
)
GROUPS = [server_group_json(OLD), server_group_json(NEW)]


def lines(result: Any) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.output.splitlines()]


def test_clusters_are_counted_from_their_server_groups(server: Any, gennaker: Any) -> None:
    server.on("GET", "/applications/shop/serverGroups", GROUPS)
    head, row = lines(gennaker("cluster", "list", "shop"))
    assert head[:4] == ["ACCOUNT", "CLUSTER", "CLOUD", "REGIONS"]
    assert row[:7] == ["prod", "shop-web", "tiny", "north", "2", "2/3", "shop-web-v002"]


def test_server_groups_are_listed(server: Any, gennaker: Any) -> None:
    server.on("GET", "/applications/shop/serverGroups", GROUPS)
    _, old, new = lines(gennaker("server-group", "list", "shop"))
    assert old[:6] == ["prod", "north", "shop-web-v001", "disabled", "1/2", "2"]
    assert new[3:7] == ["enabled", "1/1", "1", "shop-1.4"]


def test_a_server_group_is_shown_with_its_instances(server: Any, gennaker: Any) -> None:
    server.on("GET", "/serverGroups/prod/north/shop-web-v001", GROUPS[0])
    shown = gennaker("server-group", "get", "prod", "north", "shop-web-v001")
    assert ["capacity", "1", "to", "9,", "2", "wanted"] in lines(shown)
    assert ["i-2", "Down", "north-a"] in lines(shown)
    whole = gennaker("server-group", "get", "prod", "north", "shop-web-v001", "-o", "json")
    assert json.loads(whole.output) == GROUPS[0]


def test_a_server_group_that_is_not_there_is_told(server: Any, gennaker: Any) -> None:
    server.on("GET", "/serverGroups/prod/north/x", {"message": "no"}, status=404)
    result = gennaker("server-group", "get", "prod", "north", "x")
    assert result.exit_code == 4
    assert "there is no server group 'x' in prod/north" in result.output


def test_load_balancers_are_listed_with_who_is_behind_them(server: Any, gennaker: Any) -> None:
    server.on("GET", "/applications/shop/loadBalancers", [load_balancer_json(FRONT, {NEW.name: NEW})])
    _, row = lines(gennaker("load-balancer", "list", "shop"))
    assert row == ["prod", "north", "shop-front", "tiny", "http", "shop-web-v002(1)"]


def test_all_load_balancers_are_listed_by_name(server: Any, gennaker: Any) -> None:
    one = {
        "name": "shop-front",
        "account": "prod",
        "region": "north",
        "cloudProvider": "tiny",
        "loadBalancerType": "http",
    }
    regions = [{"name": "north", "loadBalancers": [one]}]
    server.on("GET", "/loadBalancers", [{"name": "shop-front", "accounts": [{"name": "prod", "regions": regions}]}])
    assert lines(gennaker("load-balancer", "list"))[1] == ["prod", "north", "shop-front", "tiny", "http"]
