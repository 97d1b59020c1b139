"""Server groups at AWS from the first to the last call, against moto."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_proxy import Proxy

from gennaker.core.cloud.health import is_down, is_up, state_of
from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.cloud import AwsCloud

REGION = "us-east-1"
Make = Callable[..., Any]


def seen(cloud: AwsCloud, name: str) -> ServerGroup:
    """A group that is there."""
    group = cloud.server_group("prod", REGION, name)
    assert group is not None
    return group


def test_a_group_is_created_and_read(cloud: AwsCloud, wanted: Any, operation: Make, image: str) -> None:
    name = cloud.create({**wanted, "tags": {"team": "x"}, "kato.tasks": [1]}, operation("k1"))
    assert name == "shop-web-v000"
    group = seen(cloud, name)
    assert group.capacity == Capacity(min=2, max=6, desired=4)
    assert (group.account, group.region, group.zones, group.disabled) == ("prod", REGION, (f"{REGION}a",), False)
    assert group.image is not None
    assert (group.image.id, group.image.name) == (image, "shop-1.0")
    assert group.target_groups == ("shop",)
    assert group.tags["team"] == "x"
    assert group.tags["gennaker:key"] == "k1"
    assert group.tags["gennaker:user"] == "ann"
    assert group.extra["instanceType"] == "t3.small"
    assert group.extra["asg"]["autoScalingGroupName"] == name
    assert group.extra["launchTemplate"]["launchTemplateName"].startswith(f"{name}-")
    assert group.created > 1_500_000_000_000
    assert len(group.instances) == 4
    first = group.instances[0]
    assert is_up(first)
    assert is_up(first, ["Amazon"])
    assert [(one.type, one.state) for one in first.healths] == [("Amazon", "Unknown"), ("TargetGroup", "Up")]
    assert first.healths[1].extra["targetGroups"][0]["targetGroupName"] == "shop"


def test_the_same_key_makes_one_group_and_another_key_the_next(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    names = [cloud.create(wanted, operation(key)) for key in ("k1", "k1", "k2", "k1")]
    assert names == ["shop-web-v000", "shop-web-v000", "shop-web-v001", "shop-web-v000"]
    assert proxy.count("CreateAutoScalingGroup") == 2
    assert proxy.count("CreateLaunchTemplate") == 2


def test_the_launch_template_has_what_was_wanted(
    cloud: AwsCloud, wanted: Any, operation: Make, aws: Make, image: str
) -> None:
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    own, named = (
        aws("ec2").create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
        for name in ("shop", "edge")
    )
    more = {
        "securityGroups": ["edge"],
        "keyPair": "k",
        "iamRole": "ShopRole",
        "userData": "#!/bin/sh\necho ü",
        "blockDevices": [{"deviceName": "/dev/sdb", "size": 20, "volumeType": "gp3", "encrypted": True}],
        "ebsOptimized": True,
        "spotPrice": "0.05",
        "unlimitedCpuCredits": True,
    }
    name = cloud.create({**wanted, **more}, operation())
    version = aws("ec2").describe_launch_template_versions(
        LaunchTemplateName=seen(cloud, name).extra["launchTemplate"]["launchTemplateName"]
    )["LaunchTemplateVersions"][0]
    data = version["LaunchTemplateData"]
    assert data["ImageId"] == image
    assert data["SecurityGroupIds"] == [named, own]
    assert data["KeyName"] == "k"
    assert data["IamInstanceProfile"] == {"Name": "ShopRole"}
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["InstanceMarketOptions"]["SpotOptions"]["MaxPrice"] == "0.05"
    assert data["BlockDeviceMappings"][0]["Ebs"] == {
        "VolumeSize": 20,
        "VolumeType": "gp3",
        "Encrypted": True,
        "DeleteOnTermination": True,
    }
    assert data["UserData"] == "IyEvYmluL3NoCmVjaG8gw7w="
    assert seen(cloud, name).firewalls == (named, own)


def test_imdsv2_may_be_left(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    name = cloud.create({**wanted, "requireIMDSv2": False}, operation())
    data = seen(cloud, name).extra["launchTemplate"]["launchTemplateData"]
    assert data["metadataOptions"]["httpTokens"] == "optional"


def test_mixed_instances_and_subnets(cloud: AwsCloud, wanted: Any, operation: Make, aws: Make) -> None:
    subnet = aws("ec2").describe_subnets()["Subnets"][0]
    aws("ec2").create_tags(
        Resources=[subnet["SubnetId"]],
        Tags=[{"Key": "immutable_metadata", "Value": '{"purpose": "internal", "target": "ec2"}'}],
    )
    zones = {"availabilityZones": {REGION: []}, "subnetType": "internal", "associatePublicIpAddress": False}
    mix = {
        "onDemandBaseCapacity": 1,
        "spotAllocationStrategy": "capacity-optimized",
        "spotPrice": "0.1",
        "launchTemplateOverridesForInstanceType": [
            {"instanceType": "t3.large", "weightedCapacity": 2, "priority": 2},
            {"instanceType": "t3.medium", "weightedCapacity": "1", "priority": 1},
        ],
    }
    name = cloud.create({**wanted, **zones, **mix}, operation())
    group = seen(cloud, name)
    assert group.extra["asg"]["vpczoneIdentifier"] == subnet["SubnetId"]
    assert (group.extra["vpcId"], group.extra["subnetType"]) == (subnet["VpcId"], "internal")
    policy = group.extra["asg"]["mixedInstancesPolicy"]
    assert [one["instanceType"] for one in policy["launchTemplate"]["overrides"]] == ["t3.medium", "t3.large"]
    assert policy["instancesDistribution"]["spotMaxPrice"] == "0.1"
    assert group.image is not None


def test_a_group_that_starts_disabled_is_told_so_before_it_has_instances(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    more = {"startDisabled": True, "suspendedProcesses": ["AZRebalance"], "enabledMetrics": ["GroupInServiceInstances"]}
    name = cloud.create({**wanted, **more}, operation())
    group = seen(cloud, name)
    assert group.disabled
    assert group.capacity == Capacity(min=2, max=6, desired=4)
    steps = [action for action, _ in proxy.asked if action.startswith(("Create", "Suspend", "Update", "Enable"))]
    assert steps == [
        "CreateLaunchTemplate",
        "CreateAutoScalingGroup",
        "SuspendProcesses",
        "EnableMetricsCollection",
        "UpdateAutoScalingGroup",
    ]


def test_a_group_is_resized(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    group = seen(cloud, cloud.create(wanted, operation()))
    for _ in range(2):
        cloud.resize(group, Capacity(min=1, max=9, desired=5), operation("r"))
    now = seen(cloud, group.name)
    assert now.capacity == Capacity(min=1, max=9, desired=5)
    assert len(now.instances) == 5
    with pytest.raises(InvalidRequest, match="expected 0 <= min <= desired <= max"):
        cloud.resize(group, Capacity(min=5, max=1, desired=5), operation())


def test_a_disabled_group_follows_when_it_is_resized(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    group = seen(cloud, cloud.create(wanted, operation()))
    cloud.disable(group, operation())
    # AWS ends nothing while that is suspended; moto would.
    proxy.can("UpdateAutoScalingGroup", "<UpdateAutoScalingGroupResponse/>")
    cloud.resize(group, Capacity(min=0, max=0, desired=0), operation())
    assert proxy.count("TerminateInstances") == 1
    assert proxy.count("ResumeProcesses") == 0
    cloud.resize(group, Capacity(min=6, max=6, desired=6), operation())
    now = seen(cloud, group.name)
    assert now.disabled
    assert {one["processName"] for one in now.extra["asg"]["suspendedProcesses"]} == {"Terminate", "AddToLoadBalancer"}


def test_traffic_is_taken_and_given_back(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    group = seen(cloud, cloud.create(wanted, operation()))
    for _ in range(2):
        cloud.disable(group, operation("d"))
        now = seen(cloud, group.name)
        assert now.disabled
        assert all(is_down(one) for one in now.instances)
        assert len(now.instances) == 4
    for _ in range(2):
        cloud.enable(group, operation("e"))
        now = seen(cloud, group.name)
        assert not now.disabled
        assert all(is_up(one) for one in now.instances)


def test_a_share_of_the_traffic_counts_what_is_out_already(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    group = seen(cloud, cloud.create(wanted, operation()))

    def up() -> int:
        now = seen(cloud, group.name)
        assert not now.disabled
        return sum(is_up(one) for one in now.instances)

    for percentage, left in ((25, 3), (25, 3), (30, 2), (50, 2), (51, 1), (10, 1)):
        cloud.disable(group, operation(), percentage)
        assert up() == left, percentage
    for percentage, left in ((25, 1), (50, 2), (50, 2), (75, 3)):
        cloud.enable(group, operation(), percentage)
        assert up() == left, percentage


def test_a_group_goes_with_all_that_was_made_for_it(cloud: AwsCloud, wanted: Any, operation: Make, aws: Make) -> None:
    group = seen(cloud, cloud.create(wanted, operation()))
    other = seen(cloud, cloud.create(wanted, operation()))
    alarm = {
        "metricName": "CPUUtilization",
        "namespace": "AWS/EC2",
        "threshold": 70,
        "comparisonOperator": "GreaterThanThreshold",
    }
    cloud.upsert_scaling_policy(group, {"simple": {"scalingAdjustment": 1}, "alarm": alarm}, operation())
    assert len(aws("cloudwatch").describe_alarms()["MetricAlarms"]) == 1
    for _ in range(2):
        cloud.destroy(group, operation("x"))
    assert cloud.server_group("prod", REGION, group.name) is None
    assert [one.name for one in cloud.server_groups("prod", REGION)] == [other.name]
    templates = aws("ec2").describe_launch_templates()["LaunchTemplates"]
    assert [one["LaunchTemplateName"] for one in templates] == [other.extra["launchTemplate"]["launchTemplateName"]]
    assert not aws("cloudwatch").describe_alarms()["MetricAlarms"]
    states = {
        instance["InstanceId"]: instance["State"]["Name"]
        for one in aws("ec2").describe_instances()["Reservations"]
        for instance in one["Instances"]
    }
    assert {states[one.id] for one in group.instances} == {"terminated"}
    assert {states[one.id] for one in other.instances} == {"running"}


def test_instances_are_ended_and_a_group_may_shrink_with_them(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    group = seen(cloud, cloud.create({**wanted, "capacity": {"min": 4, "max": 4, "desired": 4}}, operation()))
    first = group.instances[0].id
    for _ in range(2):
        cloud.terminate("prod", REGION, [first, "i-0123456789abcdef0"], operation("t"), shrink=True)
    now = seen(cloud, group.name)
    assert now.capacity == Capacity(min=3, max=4, desired=3)
    assert first not in {one.id for one in now.instances}
    cloud.terminate("prod", REGION, [now.instances[0].id], operation())
    assert seen(cloud, group.name).capacity.desired == 3


def test_only_one_applications_groups_are_read(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    small = {**wanted, "capacity": {"min": 0, "max": 1, "desired": 0}}
    for application in ("shop", "shopping"):
        cloud.create({**small, "application": application}, operation())
    assert [one.name for one in cloud.server_groups("prod", REGION, "shop")] == ["shop-web-v000"]
    assert len(cloud.server_groups("prod", REGION)) == 2
    assert cloud.server_groups("prod", "eu-west-1") == []


def test_instances_on_their_way_are_starting(cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy) -> None:
    name = cloud.create(wanted, operation())
    proxy.rewrite("DescribeInstances", "<name>running</name>", "<name>pending</name>", times=1)
    proxy.rewrite("DescribeTargetHealth", "<State>healthy</State>", "<State>initial</State>", times=2)
    assert {state_of(one) for one in seen(cloud, name).instances} == {"Starting"}
    assert {state_of(one) for one in seen(cloud, name).instances} == {"Starting"}
    assert {state_of(one) for one in seen(cloud, name).instances} == {"Up"}


def test_the_console_of_an_instance_is_shown(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    group = cloud.server_group("prod", REGION, cloud.create(wanted, operation()))
    assert group is not None
    assert cloud.console("prod", REGION, group.instances[0].id)
    assert cloud.console("prod", REGION, "i-00000000000000000") == ""
