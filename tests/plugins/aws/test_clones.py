"""What a server group takes from the one that it stands beside."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_proxy import Proxy

from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.provider import CloudError
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws.cloud import AwsCloud

REGION = "us-east-1"
Make = Callable[..., Any]
FULL: dict[str, Any] = {
    "userData": "hello",
    "iamRole": "ShopRole",
    "keyPair": "k",
    "tags": {"team": "x"},
    "healthCheckType": "ELB",
    "healthCheckGracePeriod": 33,
    "cooldown": 44,
    "terminationPolicies": ["OldestInstance"],
    "suspendedProcesses": ["AZRebalance"],
    "requireIMDSv2": False,
    "blockDevices": [{"deviceName": "/dev/sdb", "size": 20, "volumeType": "gp2"}],
    "lifecycleHooks": [{"name": "drain", "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}],
}
ALARM = {
    "name": "shop-web-v000-busy",
    "metricName": "CPUUtilization",
    "namespace": "AWS/EC2",
    "threshold": 70,
    "period": 120,
    "comparisonOperator": "GreaterThanThreshold",
}


def seen(cloud: AwsCloud, name: str) -> ServerGroup:
    """A group that is there."""
    group = cloud.server_group("prod", REGION, name)
    assert group is not None
    return group


def like(name: str, **more: Any) -> dict[str, Any]:
    """A source."""
    return {"account": "prod", "region": REGION, "asgName": name, **more}


def test_a_clone_takes_everything_that_is_not_given(
    cloud: AwsCloud, wanted: Any, operation: Make, aws: Make, image: str
) -> None:
    first = seen(cloud, cloud.create({**wanted, **FULL}, operation()))
    cloud.disable(first, operation())
    given = {"application": "shop", "stack": "web", "account": "prod", "region": REGION, "cooldown": 55}
    name = cloud.create({**given, "clone": True, "source": like(first.name)}, operation())
    second = seen(cloud, name)
    assert name == "shop-web-v001"
    assert not second.disabled
    assert second.capacity == Capacity(min=2, max=6, desired=4)
    assert second.target_groups == ("shop",)
    assert second.tags["team"] == "x"
    assert second.tags["gennaker:key"] != first.tags["gennaker:key"]
    asg = second.extra["asg"]
    assert (asg["healthCheckType"], asg["healthCheckGracePeriod"], asg["defaultCooldown"]) == ("ELB", 33, 55)
    assert asg["terminationPolicies"] == ["OldestInstance"]
    assert [one["processName"] for one in asg["suspendedProcesses"]] == ["AZRebalance"]
    data = second.extra["launchTemplate"]["launchTemplateData"]
    assert (data["imageId"], data["instanceType"], data["keyName"]) == (image, "t3.small", "k")
    assert data["iamInstanceProfile"] == {"name": "ShopRole"}
    assert data["metadataOptions"]["httpTokens"] == "optional"
    assert data["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 20
    hooks = aws("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    assert [(one["LifecycleHookName"], one["LifecycleTransition"]) for one in hooks] == [
        ("drain", "autoscaling:EC2_INSTANCE_TERMINATING")
    ]


def test_a_new_group_takes_size_policies_and_volumes_only(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    first = seen(cloud, cloud.create({**wanted, **FULL}, operation()))
    cloud.resize(first, Capacity(min=1, max=3, desired=1), operation())
    name = cloud.create({**wanted, "source": like(first.name, useSourceCapacity=True)}, operation())
    second = seen(cloud, name)
    assert second.capacity == Capacity(min=1, max=3, desired=1)
    assert "team" not in second.tags
    data = second.extra["launchTemplate"]["launchTemplateData"]
    assert "keyName" not in data
    assert data["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 20


def test_scaling_policies_go_along_with_alarms_of_their_own(
    cloud: AwsCloud, wanted: Any, operation: Make, aws: Make
) -> None:
    first = seen(cloud, cloud.create(wanted, operation()))
    step = {"stepAdjustments": [{"scalingAdjustment": 2, "metricIntervalLowerBound": 0}]}
    policy = {"name": "shop-web-v000-up", "step": step, "alarm": ALARM}
    for _ in range(2):
        assert cloud.upsert_scaling_policy(first, policy, operation("p")) == "shop-web-v000-up"
    metric = {"targetValue": 50, "predefinedMetricSpecification": {"predefinedMetricType": "ASGAverageCPUUtilization"}}
    cloud.upsert_scaling_policy(first, {"name": "track", "targetTrackingConfiguration": metric}, operation())
    aws("autoscaling").put_scheduled_update_group_action(
        AutoScalingGroupName=first.name,
        ScheduledActionName="night",
        Recurrence="0 22 * * *",
        MinSize=0,
        MaxSize=6,
        DesiredCapacity=1,
    )
    name = cloud.create({**wanted, "source": like(first.name)}, operation("k"))
    assert cloud.create({**wanted, "source": like(first.name)}, operation("k", again=True)) == name
    second = seen(cloud, name)
    assert {one["policyName"] for one in second.extra["scalingPolicies"]} == {"shop-web-v001-up", "track"}
    assert [one["recurrence"] for one in second.extra["scheduledActions"]] == ["0 22 * * *"]
    alarms = {one["AlarmName"]: one for one in aws("cloudwatch").describe_alarms()["MetricAlarms"]}
    copied = alarms["shop-web-v001-busy"]
    assert copied["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": name}]
    assert (copied["Threshold"], copied["Period"]) == (70.0, 120)
    assert copied["AlarmActions"] != alarms["shop-web-v000-busy"]["AlarmActions"]
    for _ in range(2):
        cloud.delete_scaling_policy(second, "shop-web-v001-up", operation())
    assert {one["policyName"] for one in seen(cloud, name).extra["scalingPolicies"]} == {"track"}
    left = aws("cloudwatch").describe_alarms()["MetricAlarms"]
    assert "shop-web-v001-busy" not in {one["AlarmName"] for one in left}
    assert "shop-web-v000-busy" in {one["AlarmName"] for one in left}


def test_a_policy_is_of_one_kind(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    group = seen(cloud, cloud.create(wanted, operation()))
    with pytest.raises(InvalidRequest, match="none was given; expected one of simple, step"):
        cloud.upsert_scaling_policy(group, {}, operation())


def test_a_source_that_is_gone_is_told_to_a_clone_only(cloud: AwsCloud, wanted: Any, operation: Make) -> None:
    assert cloud.create({**wanted, "source": like("shop-web-v007")}, operation()) == "shop-web-v000"
    with pytest.raises(InvalidRequest, match="source: there is no server group 'shop-web-v007' in prod/us-east-1"):
        cloud.create({**wanted, "clone": True, "source": like("shop-web-v007")}, operation())


def test_an_answer_that_is_lost_while_policies_are_copied_makes_no_second_group(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    first = seen(cloud, cloud.create(wanted, operation()))
    cloud.upsert_scaling_policy(first, {"name": "up", "simple": {"scalingAdjustment": 1}}, operation())
    proxy.lose("PutScalingPolicy")
    with pytest.raises(CloudError):
        cloud.create({**wanted, "source": like(first.name)}, operation("k"))
    name = cloud.create({**wanted, "source": like(first.name)}, operation("k", again=True))
    assert {one.name for one in cloud.server_groups("prod", REGION)} == {first.name, name}
    assert [one["policyName"] for one in seen(cloud, name).extra["scalingPolicies"]] == ["up"]
