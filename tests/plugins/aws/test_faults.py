"""What AWS does when it is not well: the outcome is right, nothing is made twice for one key, and the error says what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_proxy import Proxy
from msgspec.structs import replace

from gennaker.core.cloud.model import Capacity, ServerGroup
from gennaker.core.cloud.provider import CloudError
from gennaker.core.errors import InvalidRequest
from gennaker.plugins.aws import templates
from gennaker.plugins.aws.cloud import AwsCloud
from gennaker.plugins.aws.settings import Settings

REGION = "us-east-1"
Make = Callable[..., Any]
STEPS = ("CreateLaunchTemplate", "CreateAutoScalingGroup", "SuspendProcesses", "UpdateAutoScalingGroup")


def made(cloud: AwsCloud, aws: Make) -> tuple[list[str], int]:
    """The names of all groups, and how many launch templates there are."""
    names = [one.name for one in cloud.server_groups("prod", REGION)]
    return names, len(aws("ec2").describe_launch_templates()["LaunchTemplates"])


@pytest.mark.parametrize("action", STEPS)
def test_an_answer_that_is_lost_makes_nothing_twice(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, aws: Make, action: str
) -> None:
    wanted = {**wanted, "startDisabled": True}
    proxy.lose(action)
    with pytest.raises(CloudError, match="no answer to") as error:
        cloud.create(wanted, operation("k"))
    assert error.value.retryable
    assert cloud.create(wanted, operation("k", again=True)) == "shop-web-v000"
    assert made(cloud, aws) == (["shop-web-v000"], 1)
    group = cloud.server_group("prod", REGION, "shop-web-v000")
    assert group is not None
    assert (group.disabled, group.capacity.desired) == (True, 4)


@pytest.mark.parametrize("action", STEPS)
@pytest.mark.parametrize("code", ["Throttling", "RequestLimitExceeded"])
def test_throttling_may_be_tried_again(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, aws: Make, action: str, code: str
) -> None:
    wanted = {**wanted, "startDisabled": True}
    proxy.fail(action, code, "Rate exceeded")
    with pytest.raises(
        CloudError, match=f"in prod/us-east-1: AWS says {code}, Rate exceeded.*made again later"
    ) as error:
        cloud.create(wanted, operation("k"))
    assert error.value.retryable
    assert cloud.create(wanted, operation("k", again=True)) == "shop-web-v000"
    assert made(cloud, aws) == (["shop-web-v000"], 1)


def test_the_sdk_tries_again_by_itself(
    settings: Settings, wanted: Any, operation: Make, proxy: Proxy, aws: Make
) -> None:
    cloud = AwsCloud(replace(settings, attempts=2))
    proxy.lose("CreateAutoScalingGroup")
    proxy.fail("CreateAutoScalingGroup", "AlreadyExists", "AutoScalingGroup by this name already exists")
    assert cloud.create(wanted, operation("k")) == "shop-web-v000"
    assert proxy.count("CreateAutoScalingGroup") == 2
    assert made(cloud, aws) == (["shop-web-v000"], 1)


def test_a_name_that_somebody_else_took_gives_the_next(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    cloud.create(wanted, operation("other"))
    # The other's group is not listed yet when the name is chosen.
    empty = (
        "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/>"
        "</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"
    )
    proxy.can("DescribeAutoScalingGroups", empty, times=2)
    proxy.fail("CreateAutoScalingGroup", "AlreadyExists")
    assert cloud.create(wanted, operation("k")) == "shop-web-v001"
    names = [fields["AutoScalingGroupName"] for action, fields in proxy.asked if action == "CreateAutoScalingGroup"]
    assert names == ["shop-web-v000", "shop-web-v000", "shop-web-v001"]
    proxy.fail("CreateAutoScalingGroup", "AlreadyExists")
    with pytest.raises(InvalidRequest, match=r"sequence: .+shop-web-v001 in prod/us-east-1 exists already"):
        cloud.create({**wanted, "sequence": 1}, operation())


def test_what_was_just_made_may_not_be_known_yet(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, aws: Make
) -> None:
    said = "The specified launch template, with template ID lt-1, does not exist."
    proxy.fail("CreateAutoScalingGroup", "ValidationError", said, times=2)
    assert cloud.create(wanted, operation()) == "shop-web-v000"
    assert made(cloud, aws) == (["shop-web-v000"], 1)


def test_a_quota_that_is_used_up_is_told(cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy) -> None:
    proxy.fail("CreateAutoScalingGroup", "LimitExceeded", "You have already used 500 of 500 groups")
    expected = "server group shop-web-v000 in prod/us-east-1: AWS says LimitExceeded, .*a quota.*Service Quotas"
    with pytest.raises(CloudError, match=expected) as error:
        cloud.create(wanted, operation())
    assert not error.value.retryable


def test_what_is_not_allowed_is_told_with_the_permission(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    proxy.fail("CreateLaunchTemplate", "UnauthorizedOperation", "You are not authorized", status=403)
    with pytest.raises(CloudError, match="expected the account's role to be allowed ec2:CreateLaunchTemplate"):
        cloud.create(wanted, operation())
    proxy.fail("DescribeLoadBalancers", "AccessDenied", status=403)
    with pytest.raises(CloudError, match="elasticloadbalancing:DescribeLoadBalancers"):
        cloud.load_balancers("prod", REGION)


def test_wrong_keys_and_a_wish_that_cannot_be_met_are_told(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    proxy.fail("DescribeAutoScalingGroups", "ExpiredToken", status=403)
    with pytest.raises(CloudError, match="expected valid keys"):
        cloud.server_groups("prod", REGION)
    proxy.fail("CreateAutoScalingGroup", "ValidationError", "Invalid termination policy")
    with pytest.raises(InvalidRequest, match="Invalid termination policy"):
        cloud.create(wanted, operation())


def test_no_call_begins_after_its_time(cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy) -> None:
    with pytest.raises(CloudError, match="time is over before") as error:
        cloud.create(wanted, operation("k", seconds=0.0))
    assert error.value.retryable
    assert proxy.count("CreateAutoScalingGroup") == 0


@pytest.mark.parametrize("action", ["DeleteAutoScalingGroup", "TerminateInstances", "DeleteLaunchTemplate"])
def test_a_removal_goes_on_where_it_stopped(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, aws: Make, action: str
) -> None:
    group = cloud.server_group("prod", REGION, cloud.create(wanted, operation()))
    assert group is not None
    proxy.lose(action)
    if action == "TerminateInstances":
        # AWS ends them some time after the group is gone; moto at once, and so they are told of as running here.
        proxy.rewrite("DescribeInstances", "<name>terminated</name>", "<name>running</name>")
    with pytest.raises(CloudError):
        cloud.destroy(group, operation("x"))
    cloud.destroy(group, operation("x", again=True))
    assert made(cloud, aws) == ([], 0)


def test_a_group_that_is_being_removed_is_not_removed_twice(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    name = cloud.create(wanted, operation())
    leaving = "<Status>Delete in progress</Status><MinSize>"
    proxy.rewrite("DescribeAutoScalingGroups", "<MinSize>", leaving, times=2)
    group = cloud.server_group("prod", REGION, name)
    assert group is not None
    assert group.disabled
    cloud.destroy(group, operation())
    assert proxy.count("DeleteAutoScalingGroup") == 0


def test_a_template_that_a_crash_left_goes_with_the_next_creation(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, aws: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = cloud.server_group("prod", REGION, cloud.create(wanted, operation()))
    assert group is not None
    proxy.fail("DeleteLaunchTemplate", "InternalError", status=500)
    with pytest.raises(CloudError, match="it may pass"):
        cloud.destroy(group, operation())
    assert made(cloud, aws) == ([], 1)
    cloud.create(wanted, operation())
    assert len(made(cloud, aws)[0]) == 1
    assert made(cloud, aws)[1] == 2
    monkeypatch.setattr(templates, "YOUNG_S", -60.0)
    cloud.create(wanted, operation())
    names, left = made(cloud, aws)
    assert len(names) == left == 2


def test_what_a_crash_left_of_a_group_goes_when_it_is_destroyed_again(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, aws: Make
) -> None:
    group = cloud.server_group("prod", REGION, cloud.create(wanted, operation()))
    assert group is not None
    proxy.fail("DeleteLaunchTemplate", "InternalError", status=500)
    with pytest.raises(CloudError, match="it may pass"):
        cloud.destroy(group, operation("d"))
    bare = ServerGroup(
        name=group.name,
        provider="aws",
        account="prod",
        region=REGION,
        created=0,
        capacity=Capacity(min=0, max=0, desired=0),
    )
    cloud.destroy(bare, operation("d", again=True))
    assert made(cloud, aws) == ([], 0)


def test_disabling_again_after_a_fault_in_the_middle_ends_it(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy
) -> None:
    group = cloud.server_group("prod", REGION, cloud.create(wanted, operation()))
    assert group is not None
    proxy.fail("DeregisterTargets", "ServiceUnavailable", status=503)
    with pytest.raises(CloudError):
        cloud.disable(group, operation("d"))
    cloud.disable(group, operation("d", again=True))
    now = cloud.server_group("prod", REGION, group.name)
    assert now is not None
    assert now.disabled
    assert all([one.type for one in instance.healths] == ["Amazon"] for instance in now.instances)


def test_an_instance_that_is_gone_does_not_keep_others(
    cloud: AwsCloud, wanted: Any, operation: Make, proxy: Proxy, aws: Make
) -> None:
    group = cloud.server_group("prod", REGION, cloud.create(wanted, operation()))
    assert group is not None
    ids = [one.id for one in group.instances]
    proxy.fail("TerminateInstances", "InvalidInstanceID.NotFound", times=2)
    cloud.terminate("prod", REGION, ids, operation())
    told = aws("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    states = sorted(one["State"]["Name"] for reservation in told for one in reservation["Instances"])
    assert states == ["running", "terminated", "terminated", "terminated"]
