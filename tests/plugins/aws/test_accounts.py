"""Accounts: their settings, keys and roles; and images, which each account sees its own of."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_proxy import Proxy
from msgspec.structs import replace

from gennaker.core.cloud.provider import CloudError, ImageQuery
from gennaker.core.errors import InvalidRequest
from gennaker.plugins import aws as plugin
from gennaker.plugins.aws.clients import role_arn
from gennaker.plugins.aws.cloud import AwsCloud
from gennaker.plugins.aws.settings import Account, Settings

REGION = "us-east-1"
ROLE = "arn:aws:iam::111122223333:role/deployer"
Make = Callable[..., Any]


def one(**more: Any) -> Account:
    """An account."""
    return Account(**{"name": "prod", "regions": (REGION,), **more})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"access_key": "k"}, "access_key and secret_key belong together"),
        ({"access_key": "k", "secret_key": "s", "profile": "p"}, "only one of access_key and profile"),
        ({"assume_role": "deployer"}, "expected arn:aws:iam"),
        ({"assume_role": "role/deployer"}, "expected account_id"),
        ({"endpoint": "https://host/path"}, "without a path"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        one(**wrong)


def test_names_of_accounts_are_unique_and_secrets_are_not_shown() -> None:
    with pytest.raises(ValueError, match="two accounts are named 'prod'"):
        Settings(accounts=(one(), one()))
    assert "hidden" not in repr(Settings(accounts=(one(access_key="k", secret_key="hidden"),)))


def test_there_is_no_cloud_without_an_account() -> None:
    assert plugin.gennaker_clouds(Settings()) == []
    assert [cloud.name for cloud in plugin.gennaker_clouds(Settings(accounts=(one(),)))] == ["aws"]


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("eu-west-1", "arn:aws:iam::111122223333:role/d"),
        ("cn-north-1", "arn:aws-cn:iam::111122223333:role/d"),
        ("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:role/d"),
    ],
)
def test_a_role_by_name_is_in_the_account_and_partition(region: str, arn: str) -> None:
    assert role_arn(one(regions=(region,), account_id="111122223333", assume_role="role/d")) == arn


def test_a_role_is_assumed_once_and_leads_to_another_account(settings: Settings, proxy: Proxy, image: str) -> None:
    own = settings.accounts[0]
    other = replace(own, name="other", assume_role=ROLE, external_id="x-1", session_name="ci")
    cloud = AwsCloud(replace(settings, accounts=(own, other)))
    assert [each.id for each in cloud.images("prod", REGION, ImageQuery(name="shop-*"))] == [image]
    assert cloud.images("other", REGION, ImageQuery(name="shop-*")) == []
    assert cloud.server_groups("other", REGION) == []
    (asked,) = [fields for action, fields in proxy.asked if action == "AssumeRole"]
    assert (asked["RoleArn"], asked["RoleSessionName"], asked["ExternalId"]) == (ROLE, "ci", "x-1")


def test_a_role_that_may_not_be_assumed_is_told(settings: Settings, proxy: Proxy) -> None:
    cloud = AwsCloud(replace(settings, accounts=(replace(settings.accounts[0], assume_role=ROLE),)))
    proxy.fail("AssumeRole", "AccessDenied", "not authorized to perform: sts:AssumeRole", status=403)
    with pytest.raises(CloudError, match="AccessDenied, not authorized to perform: sts:AssumeRole"):
        cloud.server_groups("prod", REGION)


def test_an_account_without_keys_is_told(settings: Settings) -> None:
    bare = replace(settings.accounts[0], access_key="", secret_key="")
    with pytest.raises(CloudError, match=r"the account has no keys .*expected access_key and secret_key"):
        AwsCloud(replace(settings, accounts=(bare,))).server_groups("prod", REGION)
    role = replace(bare, assume_role=ROLE)
    with pytest.raises(
        CloudError, match="account 'prod' has no keys to assume arn:aws:iam::111122223333:role/deployer"
    ):
        AwsCloud(replace(settings, accounts=(role,))).server_groups("prod", REGION)


def test_a_place_that_is_not_configured_is_told(cloud: AwsCloud) -> None:
    with pytest.raises(InvalidRequest, match="'test' is no account of cloud aws; expected one of prod"):
        cloud.server_groups("test", REGION)
    with pytest.raises(InvalidRequest, match="'mars-1' is not a region of account prod"):
        cloud.images("prod", "mars-1", ImageQuery())


def test_images_are_found_by_name_id_owner_and_tags(cloud: AwsCloud, aws: Make, image: str, operation: Make) -> None:
    newer = aws("ec2").register_image(Name="shop-1.1", Architecture="x86_64", RootDeviceName="/dev/sda1")["ImageId"]
    (tagged,) = cloud.tag_images("prod", REGION, ["shop-1.1"], {"stage": "tested"}, operation())
    assert (tagged.id, tagged.tags["stage"], tagged.tags["gennaker:user"]) == (newer, "tested", "ann")

    def found(**query: Any) -> set[str]:
        return {each.id for each in cloud.images("prod", REGION, ImageQuery(**query))}

    assert found(name="shop-*") == {image, newer}
    assert found(name="shop-*", tags={"stage": "tested"}) == {newer}
    assert found(name=image) == {image}
    assert found(name="shop-1.0") == {image}
    assert found(name="shop-*", owners=("amazon",)) == set()
    times = [each.created for each in cloud.images("prod", REGION, ImageQuery(name="shop-*"))]
    assert times == sorted(times, reverse=True)
    with pytest.raises(InvalidRequest, match="imageNames: there is no available image 'nobody'"):
        cloud.tag_images("prod", REGION, ["nobody"], {"a": "b"}, operation())


def test_every_page_is_read(cloud: AwsCloud, aws: Make, wanted: Any, operation: Make) -> None:
    small = {**wanted, "capacity": {"min": 0, "max": 1, "desired": 0}}
    template = cloud.server_group("prod", REGION, cloud.create(small, operation()))
    assert template is not None
    launch = template.extra["launchTemplate"]["launchTemplateId"]
    for number in range(1, 60):
        aws("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=f"many-v{number:03d}",
            LaunchTemplate={"LaunchTemplateId": launch, "Version": "1"},
            MinSize=0,
            MaxSize=0,
            AvailabilityZones=[f"{REGION}a"],
        )
    assert len(cloud.server_groups("prod", REGION, "many")) == 59
    assert cloud.create({**small, "application": "many", "stack": None}, operation()) == "many-v060"
