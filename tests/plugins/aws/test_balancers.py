"""Load balancers of all kinds: made, made again, changed, read, removed."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_proxy import Proxy

from gennaker.core.cloud.model import LoadBalancer
from gennaker.core.cloud.provider import CloudError
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.cloud import AwsCloud

REGION = "us-east-1"
ZONES = {REGION: [f"{REGION}a", f"{REGION}b"]}
Make = Callable[..., Any]
CLASSIC: dict[str, Any] = {
    "name": "shop-old",
    "availabilityZones": ZONES,
    "listeners": [{"externalProtocol": "HTTP", "externalPort": 80, "internalProtocol": "HTTP", "internalPort": 7001}],
    "healthCheck": "HTTP:7001/health",
}
MODERN: dict[str, Any] = {
    "name": "shop-new",
    "loadBalancerType": "application",
    "availabilityZones": ZONES,
    "targetGroups": [
        {
            "name": "shop-tg",
            "protocol": "HTTP",
            "port": 7001,
            "healthCheckPath": "/health",
            "attributes": {"deregistrationDelay": 20},
        }
    ],
    "listeners": [
        {
            "protocol": "HTTP",
            "port": 80,
            "defaultActions": [{"type": "forward", "targetGroupName": "shop-tg"}],
            "rules": [
                {
                    "priority": 5,
                    "conditions": [{"field": "path-pattern", "values": ["/a/*"]}],
                    "actions": [{"type": "forward", "targetGroupName": "shop-tg"}],
                }
            ],
        }
    ],
}


def one(cloud: AwsCloud) -> LoadBalancer:
    """The only one."""
    (found,) = cloud.load_balancers("prod", REGION)
    return found


def sent(proxy: Proxy, action: str) -> int:
    """How many instances the last call of an action named."""
    fields = [fields for name, fields in proxy.asked if name == action][-1]
    return sum(key.endswith("InstanceId") for key in fields)


def test_a_classic_one(cloud: AwsCloud, operation: Make, aws: Make) -> None:
    for _ in range(2):
        assert cloud.upsert_load_balancer("prod", REGION, CLASSIC, operation("k")) == "shop-old"
    found = one(cloud)
    assert (found.type, found.account, found.region) == ("classic", "prod", REGION)
    assert found.extra["healthCheck"]["target"] == "HTTP:7001/health"
    changed = {**CLASSIC, "listeners": [{"externalPort": 81, "internalPort": 7002}], "idleTimeout": 30}
    cloud.upsert_load_balancer("prod", REGION, changed, operation())
    ports = [(each["loadBalancerPort"], each["instancePort"]) for each in one(cloud).extra["listeners"]]
    assert ports == [(81, 7002)]
    told = aws("elb").describe_load_balancer_attributes(LoadBalancerName="shop-old")["LoadBalancerAttributes"]
    assert told["ConnectionSettings"]["IdleTimeout"] == 30
    for _ in range(2):
        cloud.delete_load_balancer("prod", REGION, "shop-old", operation())
    assert cloud.load_balancers("prod", REGION) == []


def test_a_server_group_behind_a_classic_one(cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy) -> None:
    cloud.upsert_load_balancer("prod", REGION, CLASSIC, operation())
    small = {**wanted, "targetGroups": [], "loadBalancers": ["shop-old"]}
    name = cloud.create({**small, "capacity": {"min": 2, "max": 2, "desired": 2}}, operation())
    group = cloud.server_group("prod", REGION, name)
    assert group is not None
    assert [(each.type, each.state) for each in group.instances[0].healths] == [
        ("Amazon", "Unknown"),
        ("LoadBalancer", "Up"),
    ]
    assert one(cloud).server_groups == {name: {each.id: "Up" for each in group.instances}}
    # What moto's groups register themselves cannot be deregistered there; what is asked for counts.
    for percentage, members in ((50, 1), (100, 2)):
        cloud.disable(group, operation(), percentage)
        assert members == sent(proxy, "DeregisterInstancesFromLoadBalancer")
    cloud.enable(group, operation())
    assert sent(proxy, "RegisterInstancesWithLoadBalancer") == 2
    with pytest.raises(InvalidRequest, match="loadBalancers: no classic load balancer nobody in prod/us-east-1"):
        cloud.create({**small, "loadBalancers": ["nobody"]}, operation())


def test_an_application_one_with_rules(cloud: AwsCloud, wanted: Any, operation: Make, aws: Make) -> None:
    for _ in range(2):
        assert cloud.upsert_load_balancer("prod", REGION, MODERN, operation("k")) == "shop-new"
    found = one(cloud)
    assert found.type == "application"
    assert [each["targetGroupName"] for each in found.extra["targetGroups"]] == ["shop-tg"]
    listener = found.extra["listeners"][0]
    rules = aws("elbv2").describe_rules(ListenerArn=listener["listenerArn"])["Rules"]
    assert sorted(each["Priority"] for each in rules) == ["5", "default"]
    name = cloud.create({**wanted, "targetGroups": ["shop-tg"]}, operation())
    assert set(one(cloud).server_groups) == {name}
    first = MODERN["listeners"][0]
    redirect = {
        "type": "redirect",
        "redirectActionConfig": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"},
    }
    changed = [
        {**first, "rules": [{**first["rules"][0], "priority": 7}]},
        {"protocol": "HTTP", "port": 8080, "defaultActions": [redirect]},
    ]
    cloud.upsert_load_balancer("prod", REGION, {**MODERN, "listeners": changed}, operation())
    assert sorted(each["port"] for each in one(cloud).extra["listeners"]) == [80, 8080]
    rules = aws("elbv2").describe_rules(ListenerArn=listener["listenerArn"])["Rules"]
    assert sorted(each["Priority"] for each in rules) == ["7", "default"]
    cloud.upsert_load_balancer("prod", REGION, MODERN, operation())
    assert [each["port"] for each in one(cloud).extra["listeners"]] == [80]
    for _ in range(2):
        cloud.delete_load_balancer("prod", REGION, "shop-new", operation())
    assert cloud.load_balancers("prod", REGION) == []
    assert {each["TargetGroupName"] for each in aws("elbv2").describe_target_groups()["TargetGroups"]} == {"shop"}


def test_a_network_one(cloud: AwsCloud, operation: Make) -> None:
    group = {"name": "shop-tcp", "protocol": "TCP", "port": 7001, "healthCheckPort": 7002}
    listener = {"protocol": "TCP", "port": 443, "defaultActions": [{"targetGroupName": "shop-tcp"}]}
    wanted = {**MODERN, "loadBalancerType": "network", "targetGroups": [group], "listeners": [listener]}
    for _ in range(2):
        cloud.upsert_load_balancer("prod", REGION, wanted, operation())
    assert one(cloud).type == "network"
    assert one(cloud).extra["targetGroups"][0]["healthCheckPort"] == "7002"
    with pytest.raises(InvalidRequest, match=r"loadBalancerType: .*is of type network; AWS cannot change that"):
        cloud.upsert_load_balancer("prod", REGION, MODERN, operation())


def test_a_lost_answer_makes_no_second_one(cloud: AwsCloud, operation: Make, proxy: Proxy) -> None:
    for wanted, action in ((MODERN, "CreateTargetGroup"), (CLASSIC, "CreateLoadBalancer"), (MODERN, "CreateListener")):
        proxy.lose(action)
        with pytest.raises(CloudError):
            cloud.upsert_load_balancer("prod", REGION, wanted, operation("k"))
        cloud.upsert_load_balancer("prod", REGION, wanted, operation("k", again=True))
        cloud.delete_load_balancer("prod", REGION, wanted["name"], operation())
    assert cloud.load_balancers("prod", REGION) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "x" * 33}, "name: .*expected a name of 1 to 32 characters"),
        ({"listeners": []}, "listeners: is missing"),
        ({"loadBalancerType": "odd"}, "loadBalancerType: Invalid enum value 'odd'"),
        ({"listeners": [{"port": 0, "defaultActions": []}]}, r"listeners\[0\].port: 0 was given; expected 1 to 65535"),
        ({"listeners": [{"port": 1}]}, r"listeners\[0\].defaultActions: is missing"),
        (
            {"listeners": [{"port": 1, "protocol": "HTTPS", "defaultActions": [{"targetGroupName": "shop-tg"}]}]},
            "certificates: is missing",
        ),
        ({"targetGroups": [{"name": "t", "port": "x"}]}, r"targetGroups\[0\].port: 'x' was given"),
        ({"securityGroups": ["nobody"]}, "securityGroups: no security group nobody"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    cloud: AwsCloud, operation: Make, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidRequest, match=told):
        cloud.upsert_load_balancer("prod", REGION, {**MODERN, **change}, operation())
