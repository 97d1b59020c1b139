"""Security groups have exactly the rules that are wanted."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_proxy import Proxy

from gennaker.core.cloud.model import Firewall
from gennaker.core.cloud.provider import CloudError
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.cloud import AwsCloud

REGION = "us-east-1"
Make = Callable[..., Any]


def web(*cidrs: str, port: int = 443) -> dict[str, Any]:
    """A group that lets some ranges in."""
    rules = [{"cidr": cidr, "startPort": port, "endPort": port, "ipProtocol": "tcp"} for cidr in cidrs]
    return {"name": "shop-web", "description": "web", "ipIngress": rules}


def named(cloud: AwsCloud, name: str) -> Firewall | None:
    """A group, if it is there."""
    return next((one for one in cloud.firewalls("prod", REGION) if one.name == name), None)


def ranges(cloud: AwsCloud) -> list[str]:
    """The ranges that are let in."""
    found = named(cloud, "shop-web")
    assert found is not None
    return sorted(one["range"]["ip"] + one["range"]["cidr"] for one in found.inbound if "range" in one)


def test_rules_are_added_and_removed(cloud: AwsCloud, operation: Make, proxy: Proxy) -> None:
    ids = {cloud.upsert_firewall("prod", REGION, web("10.0.0.0/8", "192.168.0.0/16"), operation("k")) for _ in range(2)}
    assert len(ids) == 1
    assert ranges(cloud) == ["10.0.0.0/8", "192.168.0.0/16"]
    assert (proxy.count("CreateSecurityGroup"), proxy.count("AuthorizeSecurityGroupIngress")) == (1, 2)
    cloud.upsert_firewall("prod", REGION, {**web("172.16.0.0/12"), "ingressAppendOnly": True}, operation())
    assert ranges(cloud) == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
    cloud.upsert_firewall("prod", REGION, web("10.0.0.0/8", "::/0"), operation())
    assert ranges(cloud) == ["10.0.0.0/8", "::/0"]


def test_other_groups_and_itself_may_be_let_in(cloud: AwsCloud, operation: Make) -> None:
    edge = cloud.upsert_firewall("prod", REGION, {"name": "edge"}, operation())
    groups = [{"name": name, "startPort": 7001, "endPort": 7002, "ipProtocol": "tcp"} for name in ("edge", "shop-web")]
    own = cloud.upsert_firewall("prod", REGION, {"name": "shop-web", "securityGroupIngress": groups}, operation())
    found = named(cloud, "shop-web")
    assert found is not None
    assert {one["securityGroup"]["id"]: one["securityGroup"]["name"] for one in found.inbound} == {
        edge: "edge",
        own: "shop-web",
    }
    assert found.inbound[0]["portRanges"] == [{"startPort": 7001, "endPort": 7002}]


def test_a_lost_answer_makes_no_second_one(cloud: AwsCloud, operation: Make, proxy: Proxy) -> None:
    for action in ("CreateSecurityGroup", "AuthorizeSecurityGroupIngress"):
        proxy.lose(action)
        with pytest.raises(CloudError):
            cloud.upsert_firewall("prod", REGION, web("10.0.0.0/8"), operation("k"))
    cloud.upsert_firewall("prod", REGION, web("10.0.0.0/8"), operation("k", again=True))
    assert ranges(cloud) == ["10.0.0.0/8"]
    assert len([one for one in cloud.firewalls("prod", REGION) if one.name == "shop-web"]) == 1


def test_one_is_removed(cloud: AwsCloud, operation: Make, proxy: Proxy) -> None:
    cloud.upsert_firewall("prod", REGION, web("10.0.0.0/8"), operation())
    proxy.fail("DeleteSecurityGroup", "DependencyViolation", "resource sg has a dependent object")
    with pytest.raises(CloudError, match=r"security group shop-web .expected nothing to use it.*dependent object"):
        cloud.delete_firewall("prod", REGION, "shop-web", operation())
    for _ in range(2):
        cloud.delete_firewall("prod", REGION, "shop-web", operation())
    assert named(cloud, "shop-web") is None


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, "name: is missing"),
        (web("10.0.0.1"), r"ipIngress\[0\].cidr: '10.0.0.1' was given"),
        (web("10.0.0.0/8", port=70_000), r"ipIngress\[0\].startPort: 70000 to 70000 was given"),
        ({"name": "a", "securityGroupIngress": [{}]}, r"securityGroupIngress\[0\].name: is missing"),
        ({"name": "a", "securityGroupIngress": [{"name": "nobody", "startPort": 1}]}, "no security group nobody"),
        (
            {"name": "a", "securityGroupIngress": [{"name": "b", "accountName": "test", "startPort": 1}]},
            "is in account test; expected its id",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(cloud: AwsCloud, operation: Make, wanted: Any, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        cloud.upsert_firewall("prod", REGION, wanted, operation())
