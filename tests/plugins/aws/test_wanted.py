"""The fields of a `createServerGroup`: what is wrong with them is told with its place, and what is planned is said; nothing is made."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from aws_proxy import Proxy

from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.cloud import AwsCloud
from gennaker.plugins.aws.settings import Account, Settings

REGION = "us-east-1"
Make = Callable[..., Any]
CLOUD = AwsCloud(Settings(accounts=(Account(name="prod", regions=(REGION,)),)))
GOOD: dict[str, Any] = {
    "application": "shop",
    "credentials": "prod",
    "availabilityZones": {REGION: ["us-east-1a"]},
    "amiName": "shop-1.0",
    "instanceType": "t3.small",
    "capacity": {"min": "1", "max": 2, "desired": 1},
    "strategy": "redblack",
    "stack": None,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"spotPrice": 0.05, "tags": {"tier": 1}},
        {"clone": True, "source": {"asgName": "shop-v000"}, "amiName": None, "instanceType": "", "capacity": None},
        {
            "blockDevices": [
                {"deviceName": "/dev/sdb", "size": 8},
                {"deviceName": "/dev/sdc", "virtualName": "ephemeral0"},
            ]
        },
        {"base64UserData": base64.b64encode(b"x" * 16_384).decode()},
    ],
)
def test_nothing_is_wrong(change: dict[str, Any]) -> None:
    assert CLOUD.check({**GOOD, **change}) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"application": None}, "missing required field `application`"),
        ({"application": "a b"}, "application: 'a b' cannot be part of a name"),
        ({"credentials": None}, "credentials: is missing"),
        ({"credentials": "nobody"}, "account: 'nobody' is no account of cloud aws; expected one of prod"),
        ({"region": "eu-west-9"}, "region: 'eu-west-9' is not a region of account prod"),
        ({"availabilityZones": {}}, "availabilityZones: nothing was given; expected one region"),
        ({"availabilityZones": {REGION: [], "eu-west-1": []}}, "availabilityZones: us-east-1, eu-west-1 was given"),
        ({"amiName": ""}, "amiName: is missing"),
        ({"instanceType": None}, "instanceType: is missing"),
        ({"capacity": None}, "capacity: is missing"),
        ({"capacity": {"min": 3, "max": 2, "desired": 1}}, "capacity: min 3, desired 1, max 2 was given"),
        ({"capacity": {"min": "x", "max": 2, "desired": 1}}, "capacity.min: Expected `int`, got `str`"),
        ({"base64UserData": "no!"}, "base64UserData: is not base64"),
        ({"userData": "x" * 16_385}, "userData: has 16385 bytes; AWS takes at most 16384"),
        ({"userData": "x", "base64UserData": "eA=="}, "only one of userData and base64UserData"),
        ({"associatePublicIpAddress": True}, "associatePublicIpAddress: needs subnetType"),
        ({"suspendedProcesses": ["Lunch"]}, "suspendedProcesses: 'Lunch' is no process"),
        ({"unlimitedCpuCredits": True, "instanceType": "m5.large"}, "unlimitedCpuCredits: m5.large has no CPU credits"),
        ({"spotPrice": "cheap"}, "spotPrice: 'cheap' was given"),
        ({"spotInstancePools": 2, "spotAllocationStrategy": "diversified"}, "spotInstancePools: goes with"),
        ({"onDemandPercentageAboveBaseCapacity": 101}, "onDemandPercentageAboveBaseCapacity: 101 was given"),
        ({"healthCheckType": "PING"}, "healthCheckType: Invalid enum value 'PING'"),
        ({"blockDevices": [{"deviceName": "/dev/sdb"}]}, "blockDevices[0].size: is missing"),
        ({"blockDevices": [{"size": 8}]}, "blockDevices[0]: Object missing required field `deviceName`"),
        (
            {"blockDevices": [{"deviceName": "b", "size": 8, "volumeType": "gp2", "iops": 3000, "throughput": 200}]},
            "blockDevices[0].iops: goes with volumeType io1, io2 and gp3 only",
        ),
        (
            {"blockDevices": [{"deviceName": "b", "size": 8, "virtualName": "e0"}]},
            "virtualName is for the instance's own",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: dict[str, Any], told: str) -> None:
    assert any(told in problem for problem in CLOUD.check({**GOOD, **change})), CLOUD.check({**GOOD, **change})


def test_a_plan_says_what_would_be_made_and_makes_nothing(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    first = cloud.create(wanted, operation())
    asked = len(proxy.asked)
    said = cloud.plan({**wanted, "startDisabled": True, "source": {"asgName": first}})
    assert said[0].startswith(
        "create launch template shop-web-v001-… in prod/us-east-1: t3.small of image shop-1.0 (ami-"
    )
    assert said[1:] == [
        "create server group shop-web-v001 in prod/us-east-1: 4 instances (at least 2, at most 6) in zones us-east-1a",
        "register its instances with target group shop",
        "suspend AddToLoadBalancer of shop-web-v001",
        f"copy scaling policies and scheduled actions of {first} to shop-web-v001",
    ]
    assert all(action.startswith("Describe") for action, _ in proxy.asked[asked:])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"imageId": "ami-00000000"}, "amiName: there is no available image 'ami-00000000' in prod/us-east-1"),
        ({"imageId": "shop-*"}, "is a pattern; expected the id or the whole name"),
        ({"targetGroups": ["nobody"]}, "targetGroups: no target group nobody in prod/us-east-1"),
        ({"securityGroups": ["nobody"]}, "securityGroups: no security group nobody in network vpc-"),
        ({"subnetType": "internal"}, "subnetType: no subnet of purpose 'internal' in zones us-east-1a"),
        ({"subnetIds": ["subnet-00000000"]}, "subnetIds: no subnet subnet-00000000"),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_made(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidRequest) as planned:
        cloud.plan({**wanted, **change})
    with pytest.raises(InvalidRequest) as made:
        cloud.create({**wanted, **change}, operation())
    assert told in str(planned.value)
    assert str(made.value) == str(planned.value)
    assert proxy.count("CreateLaunchTemplate") == 0
